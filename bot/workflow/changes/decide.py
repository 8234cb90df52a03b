"""A decision about a change: approve, reject, withdraw. Everything is judged as it is at the moment of the click.

In this order: the button is ours, stands where it was put, the person may decide by the rules of now, did not ask for it themselves,
and the change still waits.
"""

from __future__ import annotations

from typing import Final

from bot.commands import ClickCommand
from bot.errors import DeliveryError, RefusedError
from bot.models.audit import AuditEvent
from bot.models.change import Change, Decision
from bot.workflow.changes import states
from bot.workflow.changes.authority import approvals_of, authority_over, check_may_approve, is_forbidden_self
from bot.workflow.changes.clicks import addressed, refuse
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.schedule import tick
from bot.workflow.changes.telling import answer, show
from bot.workflow.changes.trail import SELF, record
from bot.workflow.changes.write import expire_if_late, step

EVENTS: Final[dict[str, AuditEvent]] = {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn"}

OTHER_PLAN: Final = "the plan is not the one that was asked for"


def decide(desk: ChangeDesk, command: ClickCommand) -> None:
    """Note one person's decision, or refuse it; a second delivery of the same click says again what came of the first.

    Raises:
        ChangeRacedError: Others were faster every time; the click must come again.
        DeliveryError: Slack does not answer at this moment. The decision stands, if there was one.
        StateError: The table failed.
    """
    change: Change | None = None
    try:
        change = addressed(desk, command)
        if not _is_counted(change, command):
            change = _decided(desk, change, command)
    except RefusedError as exc:
        refuse(desk, command, change, str(exc))
        return
    _announce(desk, change, command)


def still_allowed(desk: ChangeDesk, change: Change) -> str:
    """Return why an approved change must not be made now, or an empty text; one that was begun has no lifetime any more.

    Raises:
        DeliveryError: A user group cannot be read at this moment. Nothing is made on a guess: it comes again, until the lifetime ends.
    """
    if change.plan.fingerprint() != change.fingerprint:
        return OTHER_PLAN
    if change.state == "approved" and desk.clock.now().timestamp() >= change.expires_at:
        return "its lifetime ended before it was begun"
    authority = authority_over(desk, change.plan, change.incident_id)
    if authority.rule is None:
        return authority.why_not
    approvals = approvals_of(desk, authority.rule, change)
    if approvals.are_enough:
        return ""
    lost = f"; no longer counted, by the rules of now: {', '.join(approvals.gone)}" if approvals.gone else ""
    return f"{len(approvals.standing)} of {approvals.needed} approvals stand{lost}"


def _is_counted(change: Change, command: ClickCommand) -> bool:
    """Tell whether this very click was noted before, by a worker that died after it."""
    given = [*change.approvals, *([change.ended_by] if change.ended_by else [])]
    return any(one.request_id == command.request_id for one in given)


def _decided(desk: ChangeDesk, change: Change, command: ClickCommand) -> Change:
    lost: list[str] = []

    def following(stored: Change) -> Change:
        after, gone = _after(desk, stored, command)
        lost[:] = gone
        return after

    try:
        decided = step(desk, change.id, following)
    except RefusedError:
        expire_if_late(desk, change)
        raise
    if lost:
        told = ", ".join(lost)
        record(desk, decided, "refused", SELF, cause=f"{command.request_id}|lost", why=f"no longer counted by the rules of now: {told}")
        answer(desk, command, f"Your approval counts. No longer counted, by the rules as they are now: {told}.")
    return decided


def _after(desk: ChangeDesk, change: Change, command: ClickCommand) -> tuple[Change, tuple[str, ...]]:
    """Return the change after the decision, and whose earlier approval no longer counts.

    Raises:
        RefusedError: It is not this person's to decide, or not now.
    """
    decision = Decision(user_id=command.user_id, at=desk.clock.now().timestamp(), request_id=command.request_id)
    if command.verb == "withdraw":
        return states.withdraw(change, decision), ()
    rule = authority_over(desk, change.plan, change.incident_id).required()
    check_may_approve(desk, rule, command.user_id)
    if command.verb == "reject":
        return states.reject(change, decision), ()
    if is_forbidden_self(rule, change, command.user_id):
        raise RefusedError("you asked for this change, so another person must approve it")
    if change.plan.fingerprint() != change.fingerprint:
        raise RefusedError(OTHER_PLAN)
    try:
        approvals = approvals_of(desk, rule, change)
    except DeliveryError as exc:
        raise RefusedError(f"the approvals given so far cannot be checked at this moment ({exc}); try again later") from exc
    judged = change.model_copy(update={"approvals": approvals.standing, "needed": approvals.needed})
    return states.approve(judged, decision), approvals.gone


def _announce(desk: ChangeDesk, change: Change, command: ClickCommand) -> None:
    """Record, go on and show. All of it may be done again by a retry of a worker that died here."""
    given = f"{len(change.approvals)} of {change.needed}" if command.verb == "approve" else None
    record(desk, change, EVENTS[command.verb], command.user_id, cause=command.request_id, approvals=given, message=change.message_ts)
    if change.state == "approved":
        tick(desk, "apply", change, due_at=desk.clock.now().timestamp())
    elif change.is_over:
        desk.changes.close_change(change.id)
    show(desk, change)
