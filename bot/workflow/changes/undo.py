"""What was there before a change is put back, "none" included, unless somebody changed it since."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from bot.commands import ClickCommand
from bot.errors import BotError, OutcomeUnknownError, PlanStaleError, RefusedError, RemediationError, TargetNotFoundError
from bot.models.change import Change, Decision
from bot.models.plan import AppliedChange
from bot.remediations.reads import Reads
from bot.workflow.changes import states
from bot.workflow.changes.carry_out import told, where
from bot.workflow.changes.clicks import addressed, may_take_back, refuse
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.telling import note_once, show
from bot.workflow.changes.trail import SELF, reason_of, record
from bot.workflow.changes.turn import turn

logger = logging.getLogger(__name__)

REHEARSAL: Final = "this deployment makes no changes, so that it takes none back either"


def undo(desk: ChangeDesk, command: ClickCommand) -> None:
    """Take a change back because a person clicked."""
    change: Change | None = None
    try:
        change = addressed(desk, command)
        decision = Decision(user_id=command.user_id, at=desk.clock.now().timestamp(), request_id=command.request_id)
        if change.undo_by is None or change.undo_by.request_id != command.request_id:
            may_take_back(desk, change, command.user_id)
            _check_can_begin(change, decision)
    except RefusedError as exc:
        refuse(desk, command, change, str(exc))
        return
    take_back(desk, change.id, decision)


def take_back(desk: ChangeDesk, change_id: str, decision: Decision, *, only_if: Callable[[Change], bool] = lambda change: True) -> None:
    """Undo a change, or go on where an earlier attempt broke off.

    Args:
        desk: The ports.
        change_id: The change.
        decision: Whose undoing it is.
        only_if: Whether it still is to be begun, asked once nobody else can come in between.

    Raises:
        OutcomeUnknownError: A call was sent and what stands could not be read; the next delivery goes on from there.
        StateError: Another change of the function is being made.
    """
    with turn(desk, change_id) as change:
        is_resuming = change.state == "undoing"
        if change.state == "undone":
            announce(desk, change)
            return
        if not is_resuming and not only_if(change):
            return
        if not is_resuming:
            change = desk.changes.swap(states.begin_undo(change, decision))
        _undo(desk, change, is_resuming=is_resuming)


def settle(desk: ChangeDesk, change: Change, *, is_final: bool) -> None:
    """End an undoing that broke off and that no message follows any more: by what stands, and without a write."""
    plan, remedy = change.plan, desk.remedies(change.plan.action)
    reads = Reads(desk.aws.for_incident(change.incident_id), plan.region)
    try:
        seen = remedy.observe(plan, reads).values
    except TargetNotFoundError:
        _refused(desk, change, f"taking it back broke off, and {plan.function_name} is gone")
        return
    except BotError as exc:
        if is_final:
            _refused(desk, change, f"taking it back broke off, and what stands is not known: {exc}; check {where(plan)}")
        return
    if remedy.reached(seen, plan.before):
        result = AppliedChange(
            plan=plan, plan_fingerprint=change.fingerprint, is_undo=True, before=plan.after, after=plan.before, outcome="resumed"
        )
        _undone(desk, change, result)
    elif remedy.reached(seen, plan.after):
        _refused(desk, change, "taking it back broke off before anything was changed; the change stands")
    else:
        _refused(desk, change, f"taking it back broke off; what stands is {told(seen)}")


def announce(desk: ChangeDesk, change: Change) -> None:
    """Say that the old state stands again; a retry of a worker that died here says it again."""
    if change.undone is None:
        return
    by = change.undo_by or Decision(user_id=SELF, at=0.0, request_id="")
    sent = [f"{call.service}:{call.operation}" for call in change.undone.calls]
    record(desk, change, "undone", by.user_id, cause="undone", outcome=change.undone.outcome, calls=sent)
    show(desk, change)
    note_once(desk, change, "undone", cause="undone")


def _check_can_begin(change: Change, decision: Decision) -> None:
    if change.state == "undoing":
        raise RefusedError(f"this change {states.WORDS['undoing']}")
    states.begin_undo(change, decision)


def _undo(desk: ChangeDesk, change: Change, *, is_resuming: bool) -> None:
    by, remedy = change.undo_by, desk.remedies(change.plan.action)
    if by is None or change.applied is None:
        _refused(desk, change, "nothing is known of what was applied")
        return
    record(desk, change, "undoing", by.user_id, cause=by.request_id)
    if desk.is_rehearsal:
        if is_resuming:
            # The attempt may be one from before this deployment became a rehearsal.
            settle(desk, change, is_final=False)
        else:
            _refused(desk, change, REHEARSAL)
        return
    try:
        aws = desk.aws.for_incident(change.incident_id)
        result = remedy.undo(change.applied, aws, resuming=is_resuming or change.is_undo_begun)
    except OutcomeUnknownError:
        raise
    except (RefusedError, PlanStaleError) as exc:
        _refused(desk, change, str(exc))
    except RemediationError as exc:
        plan = change.plan
        steps = [*plan.calls, *remedy.steps(plan, plan.after, plan.before)]
        if exc.operation and exc.operation not in {f"{call.service}:{call.operation}" for call in steps}:
            # It was a question that AWS did not answer, before the write or after it. The next delivery asks again.
            raise
        logger.warning("undo was refused by AWS", extra={"change_id": change.id, **reason_of(exc)})
        _refused(desk, change.model_copy(update={"is_undo_begun": True}), str(exc))
    else:
        _undone(desk, change, result)


def _undone(desk: ChangeDesk, change: Change, result: AppliedChange) -> None:
    announce(desk, desk.changes.swap(states.undone(change, result, desk.clock.now().timestamp())))


def _refused(desk: ChangeDesk, change: Change, problem: str) -> None:
    """Note that the change stands, or whatever is there; the problem names both states where somebody changed it."""
    by = change.undo_by or Decision(user_id=SELF, at=0.0, request_id="none")
    change = desk.changes.swap(states.undo_refused(change, problem, is_end=by.user_id == SELF))
    record(desk, change, "undo-refused", by.user_id, cause=by.request_id, reason=problem)
    show(desk, change)
    note_once(desk, change, "undo-refused", cause=by.request_id)
