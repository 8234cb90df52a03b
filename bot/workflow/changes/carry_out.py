"""An approved change is made: exactly that one, once, whenever the worker dies.

The state `applying` is written before the call to AWS, and what came of it after. A message that finds `applying` at its start
follows an attempt whose end is not known: it goes on from what stands in AWS.
"""

from __future__ import annotations

import logging
from typing import Any

from bot.commands import TickCommand
from bot.errors import BotError, OutcomeUnknownError, PlanStaleError, RefusedError, RemediationError, TargetNotFoundError, as_words
from bot.models.change import Change
from bot.models.plan import AppliedChange, RemediationPlan
from bot.remediations.reads import Reads
from bot.workflow.changes import decide, states
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.schedule import schedule_checks, schedule_end
from bot.workflow.changes.telling import note_once, show
from bot.workflow.changes.trail import SELF, reason_of, record
from bot.workflow.changes.turn import turn

logger = logging.getLogger(__name__)

CAUSE = "apply"
"""A change is made once, so that what happens on the way has one cause."""


def carry_out(desk: ChangeDesk, command: TickCommand) -> None:
    """Make an approved change, or go on where an earlier attempt broke off.

    Raises:
        OutcomeUnknownError: A call was sent and what stands could not be read; the next delivery goes on from there.
        StateError: Another change of the function is being made.
    """
    with turn(desk, command.change_id) as change:
        if change.state == "approved":
            _make(desk, change)
        elif change.state == "applying":
            _go_on(desk, change)
        else:
            announce(desk, change)


def settle(desk: ChangeDesk, change: Change, *, is_final: bool, why: str = "") -> None:
    """End an attempt that broke off and that no message follows any more: by what stands, and without a write.

    Unless it is final, a state that cannot be read is left for the next time.
    """
    gone = f"{change.plan.function_name} is gone"
    try:
        seen = _observed(desk, change)
    except TargetNotFoundError:
        _fail(desk, change, f"it broke off, and {gone}")
        return
    except BotError as exc:
        if is_final:
            _fail(desk, change, f"it broke off, and what stands is not known: {exc}; check {where(change.plan)}")
        return
    if desk.remedies(change.plan.action).reached(seen, change.plan.after):
        plan = change.plan
        result = AppliedChange(
            plan=plan, plan_fingerprint=change.fingerprint, before=plan.before, after=plan.after, outcome="resumed", is_settled=True
        )
        _applied(desk, change, result)
    elif seen == change.plan.before:
        _fail(desk, change, f"it broke off before anything was changed{why}")
    else:
        _fail(desk, change, f"it broke off; what stands is {told(seen)}{why}")


def announce(desk: ChangeDesk, change: Change) -> None:
    """Say what came of it. All of it may be said again: by a retry of a worker that died here."""
    if change.state == "applied" and change.applied is not None:
        result = change.applied
        sent = [f"{call.service}:{call.operation}" for call in result.calls]
        details: dict[str, Any] = {"outcome": result.outcome, "calls": sent, "is_settled": result.is_settled, "notes": result.notes}
        record(desk, change, "applied", SELF, cause=CAUSE, **details)
        schedule_checks(desk, change)
        schedule_end(desk, change)
    elif change.state == "rehearsed":
        calls = [call.model_dump(mode="json") for call in change.plan.calls]
        record(desk, change, "rehearsed", SELF, cause=CAUSE, calls=calls)
    elif change.state == "failed":
        record(desk, change, "failed", SELF, cause=CAUSE, reason=change.problem)
    elif change.state == "expired":
        record(desk, change, "expired", SELF, cause="expire")
    else:
        return
    show(desk, change)
    if change.state == "failed":
        note_once(desk, change, "failed", cause=CAUSE)


def where(plan: RemediationPlan) -> str:
    """Return where a person looks for what stands."""
    return f"{', '.join(field.name for field in plan.fields)} of {plan.function_name} in {plan.account_id}, {plan.region}"


def told(values: dict[str, Any]) -> str:
    """Return a state in words."""
    return ", ".join(f"{name} {as_words(value)}" for name, value in values.items())


def _make(desk: ChangeDesk, change: Change) -> None:
    now = desk.clock.now().timestamp()
    expired = states.expire(change, now)
    if expired.state == "expired":
        announce(desk, desk.changes.swap(expired))
        return
    reason = decide.still_allowed(desk, change)
    if reason:
        _fail(desk, change, reason)
        return
    _apply(desk, desk.changes.swap(states.begin(change, now)), is_resuming=False)


def _go_on(desk: ChangeDesk, change: Change) -> None:
    """Go on with an attempt that broke off, unless it may no longer be made: then it ends with what stands."""
    reason = decide.still_allowed(desk, change)
    if reason:
        settle(desk, change, is_final=False, why=f"; it is not gone on with: {reason}")
    else:
        _apply(desk, change, is_resuming=True)


def _apply(desk: ChangeDesk, change: Change, *, is_resuming: bool) -> None:
    plan, remedy = change.plan, desk.remedies(change.plan.action)
    # Before the write: without an entry in the audit trail nothing is changed.
    approvers = [given.user_id for given in change.approvals]
    record(desk, change, "applying", SELF, cause=CAUSE, requested_by=change.requested_by, approved_by=approvers)
    if desk.is_rehearsal:
        _rehearse(desk, change, is_resuming=is_resuming)
        return
    try:
        result = remedy.apply(plan, desk.aws.for_incident(change.incident_id), resuming=is_resuming)
    except OutcomeUnknownError:
        raise
    except (RefusedError, PlanStaleError) as exc:
        # Of several calls the first may have been made before somebody else's value was met.
        _fail(desk, change, f"{exc}{_standing(desk, change)}" if len(plan.calls) > 1 else str(exc))
    except RemediationError as exc:
        if _is_unread(plan, exc):
            # It was a question that AWS did not answer, before the write or after it. The next delivery asks again.
            raise
        logger.warning("change was refused by AWS", extra={"change_id": change.id, **reason_of(exc)})
        _fail(desk, change, str(exc) if exc.operation else f"{exc}{_standing(desk, change)}")
    else:
        _applied(desk, change, result)


def _standing(desk: ChangeDesk, change: Change) -> str:
    """Return what stands, for a failure that does not say it itself."""
    try:
        return f"; what stands is {told(_observed(desk, change))}"
    except BotError as exc:
        return f"; what stands is not known: {exc}; check {where(change.plan)}"


def _is_unread(plan: RemediationPlan, error: RemediationError) -> bool:
    """Tell whether AWS failed at a question; the failure of a write names what was read back."""
    writes = {f"{call.service}:{call.operation}" for call in plan.calls}
    return bool(error.operation) and error.operation not in writes


def _rehearse(desk: ChangeDesk, change: Change, *, is_resuming: bool) -> None:
    """Do everything but the write."""
    if is_resuming and change.began_at is not None:
        try:
            seen = _observed(desk, change)
        except TargetNotFoundError:
            seen = {}
        if seen != change.plan.before:
            # The attempt may be one from before this deployment became a rehearsal.
            settle(desk, change, is_final=False)
            return
    try:
        seen = _observed(desk, change)
    except TargetNotFoundError as exc:
        _fail(desk, change, f"changed since: {exc}")
        return
    for name, planned in change.plan.before.items():
        if seen.get(name) != planned:
            _fail(desk, change, str(PlanStaleError(name, planned, seen.get(name))))
            return
    announce(desk, desk.changes.swap(states.rehearsed(change, desk.clock.now().timestamp())))


def _observed(desk: ChangeDesk, change: Change) -> dict[str, Any]:
    reads = Reads(desk.aws.for_incident(change.incident_id), change.plan.region)
    return desk.remedies(change.plan.action).observe(change.plan, reads).values


def _applied(desk: ChangeDesk, change: Change, result: AppliedChange) -> None:
    announce(desk, desk.changes.swap(states.applied(change, result, desk.clock.now().timestamp())))


def _fail(desk: ChangeDesk, change: Change, problem: str) -> None:
    announce(desk, desk.changes.swap(states.failed(change, problem)))
