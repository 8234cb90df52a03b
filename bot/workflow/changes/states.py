"""What may follow what in a change's life. Pure: each function returns the change as it is then, or says why not.

requested → pending → approved → applying → applied → verified | ineffective → undoing → undone
                    ↘ rejected | expired | withdrawn     ↘ failed | rehearsed
"""

from __future__ import annotations

from typing import Any, Final

from bot.errors import RefusedError
from bot.models.change import STANDING, Change, ChangeState, Check, Decision
from bot.models.plan import AppliedChange

WORDS: Final[dict[ChangeState, str]] = {
    "pending": "waits for approval",
    "approved": "is approved already",
    "applying": "is being made at this moment",
    "applied": "is made already",
    "verified": "is made already, and helped",
    "ineffective": "is made already, and did not help",
    "failed": "has failed",
    "undoing": "is being taken back at this moment",
    "undone": "was made and taken back",
    "rejected": "was rejected",
    "expired": "has expired",
    "withdrawn": "was withdrawn",
    "rehearsed": "was rehearsed: this deployment makes no changes",
}


def approve(change: Change, decision: Decision) -> Change:
    """Return the change with one more approval; the same person's second one adds nothing."""
    if any(given.request_id == decision.request_id for given in change.approvals):
        return change
    _expect(change, "pending", at=decision.at)
    if any(given.user_id == decision.user_id for given in change.approvals):
        raise RefusedError("you have approved this already; another person must approve it too")
    approvals = (*change.approvals, decision)
    return _with(change, approvals=approvals, state="approved" if len(approvals) >= change.needed else "pending")


def reject(change: Change, decision: Decision) -> Change:
    """Return the change, rejected."""
    return _ended(change, decision, "rejected")


def withdraw(change: Change, decision: Decision) -> Change:
    """Return the change, taken back by whoever asked for it."""
    if decision.user_id != change.requested_by:
        raise RefusedError("only the person who asked for it can withdraw it")
    return _ended(change, decision, "withdrawn")


def expire(change: Change, now: float) -> Change:
    """Return the change, expired if it was not begun within its lifetime; else as it is."""
    is_late = change.state in {"pending", "approved"} and now >= change.expires_at
    return _with(change, state="expired") if is_late else change


def begin(change: Change, now: float) -> Change:
    """Return the change as its write begins; one that has begun goes on, whatever the time."""
    if change.state == "applying":
        return change
    _expect(change, "approved", at=now)
    return _with(change, state="applying", began_at=now, problem="")


def applied(change: Change, result: AppliedChange, now: float) -> Change:
    """Return the change as it stands in AWS."""
    _expect(change, "applying")
    revert_at = now + change.minutes * 60 if change.minutes else None
    return _with(change, state="applied", applied=result, applied_at=now, revert_at=revert_at, problem="")


def rehearsed(change: Change, now: float) -> Change:
    """Return the change after all but the write was done."""
    _expect(change, "applying")
    return _with(change, state="rehearsed", applied_at=now)


def failed(change: Change, problem: str) -> Change:
    """Return the change, failed before or while it was made; before anybody could decide when its message cannot be posted."""
    _expect(change, "pending", "approved", "applying")
    return _with(change, state="failed", problem=problem)


def checked(change: Change, check: Check, *, is_last: bool) -> Change:
    """Return the change after a look at it; each number counts once, and a recovery that was seen stays seen."""
    if change.state not in STANDING or any(done.number == check.number for done in change.checks):
        return change
    state: ChangeState = change.state
    if check.recovered_at is not None and check.stands:
        state = "verified"
    elif is_last and state == "applied":
        state = "ineffective"
    return _with(change, checks=(*change.checks, check), state=state)


def begin_undo(change: Change, decision: Decision) -> Change:
    """Return the change as its way back begins; one that has begun goes on."""
    if change.state == "undoing":
        return change
    _expect(change, *STANDING)
    return _with(change, state="undoing", undo_by=decision, undo_from=change.state, problem="")


def undone(change: Change, result: AppliedChange, now: float) -> Change:
    """Return the change after what was there before stands again."""
    _expect(change, "undoing")
    return _with(change, state="undone", undone=result, undone_at=now, revert_at=None, problem="")


def undo_refused(change: Change, problem: str, *, is_end: bool) -> Change:
    """Return the change as it stood before its undoing was refused; a temporary one whose end that was does not try again by itself."""
    _expect(change, "undoing")
    recovered = any(check.recovered_at is not None and check.stands for check in change.checks)
    state: ChangeState = change.undo_from or ("verified" if recovered else "applied")
    return _with(change, state=state, undo_by=None, undo_from=None, revert_at=None if is_end else change.revert_at, problem=problem)


def kept(change: Change, user_id: str) -> Change:
    """Return a temporary change, made permanent."""
    _expect(change, *STANDING)
    if change.revert_at is None:
        raise RefusedError("this change does not end by itself" if not change.kept_by else "it is kept already")
    return _with(change, revert_at=None, kept_by=user_id)


def _ended(change: Change, decision: Decision, state: ChangeState) -> Change:
    if change.state == state and change.ended_by is not None and change.ended_by.request_id == decision.request_id:
        return change
    _expect(change, "pending", at=decision.at)
    return _with(change, state=state, ended_by=decision)


def _expect(change: Change, *states: ChangeState, at: float | None = None) -> None:
    if change.state not in states:
        raise RefusedError(f"this change {WORDS[change.state]}")
    if at is not None and at >= change.expires_at:
        raise RefusedError(f"this change {WORDS['expired']}")


def _with(change: Change, **fields: Any) -> Change:
    return change.model_copy(update=fields)
