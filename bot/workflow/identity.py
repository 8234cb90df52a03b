"""What tells one alarm, one change of its state, and what it is about, from every other."""

from __future__ import annotations

from typing import Final

from bot.models.alarm import Alarm, AlarmState
from bot.models.incident import AlarmNote
from bot.models.incident_file import Target

REASON_CHARS: Final = 300
"""An incident may have hundreds of alarms, and has to fit into one item of the table."""


def alarm_identity(alarm: Alarm) -> str:
    """Return what all changes of one alarm have in common; each contributor of an alarm is one of its own."""
    where = alarm.arn or f"{alarm.account_id}:{alarm.region}:{alarm.name}"
    return f"{where}#{alarm.contributor_id}" if alarm.contributor_id else where


def alarm_key(alarm: Alarm) -> str:
    """Return the key of one change of state: taken from the event itself, never from generated text."""
    return f"alarm|{alarm.dedup_key}|{alarm.state}"


def group_of(alarm: Alarm, target: Target | None) -> str:
    """Return what the alarms of one incident have in common: the function, whatever the alias; the alarm itself where none was found."""
    if target is None or not target.function_name:
        return f"alarm|{alarm_identity(alarm)}"
    return f"function|{target.account_id or alarm.account_id}|{target.region or alarm.region}|{target.function_name}"


def note_of(alarm: Alarm, state: AlarmState | None = None, at: float | None = None) -> AlarmNote:
    """Return what is noted of an alarm in its incident."""
    return AlarmNote(
        identity=alarm_identity(alarm),
        name=alarm.name,
        state=state or alarm.state,
        reason=alarm.reason[:REASON_CHARS] if state is None else "",
        changed_at=alarm.changed_at.timestamp() if at is None else at,
    )
