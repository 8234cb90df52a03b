"""A change that was made is looked at again: whether it stands, and whether it helped."""

from __future__ import annotations

from bot.commands import TickCommand
from bot.models.change import STANDING, Change, Check
from bot.workflow.changes import states
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.recovery import READS, look
from bot.workflow.changes.telling import note_once, show
from bot.workflow.changes.trail import SELF, record
from bot.workflow.changes.turn import known

__all__ = ["READS", "verify"]


def verify(desk: ChangeDesk, command: TickCommand) -> None:
    """Take one look at a change, and say what came of it.

    Raises:
        RemediationError: The configuration could not be read back; the next delivery looks again.
        ChangeRacedError: Somebody is at the change at this moment.
    """
    change = known(desk, command.change_id)
    if change.state not in STANDING:
        return
    if all(done.number != command.number for done in change.checks):
        check = _look(desk, change, command.number)
        change = desk.changes.swap(states.checked(change, check, is_last=command.number >= len(desk.verify_after_s)))
    _announce(desk, change, command.number)


def _look(desk: ChangeDesk, change: Change, number: int) -> Check:
    aws, now = desk.aws.for_incident(change.incident_id), desk.clock.now().timestamp()
    stands = desk.remedies(change.plan.action).stands(change.plan, aws)
    seen = look(change, aws, now)
    said = seen.said if stands else f"the change no longer stands, somebody changed it since; {seen.said}"
    return Check(number=number, at=now, stands=stands, alarm_state=seen.alarm_state, recovered_at=seen.recovered_at, said=said)


def _announce(desk: ChangeDesk, change: Change, number: int) -> None:
    """Say what a check found. A retry says the same again, and what is said once is not."""
    check = next(done for done in change.checks if done.number == number)
    helped = next((done for done in change.checks if done.recovered_at is not None and done.stands), None)
    note = ""
    if change.state == "verified" and helped == check:
        after_s = max(0.0, (check.recovered_at or check.at) - (change.applied_at or check.at))
        record(desk, change, "verified", SELF, cause="verify", recovered_after_s=round(after_s), said=check.said)
        note = "verified"
    elif change.state == "ineffective" and number >= len(desk.verify_after_s):
        record(desk, change, "ineffective", SELF, cause="verify", said=check.said, stands=check.stands)
        note = "ineffective"
    show(desk, change)
    if note:
        note_once(desk, change, note, cause="verify")
