"""What tells one alarm, and one change of its state, from every other."""

from __future__ import annotations

from bot.models.alarm import Alarm


def alarm_identity(alarm: Alarm) -> str:
    """Return what all changes of one alarm have in common; each contributor of an alarm is one of its own."""
    where = alarm.arn or f"{alarm.account_id}:{alarm.region}:{alarm.name}"
    return f"{where}#{alarm.contributor_id}" if alarm.contributor_id else where


def alarm_key(alarm: Alarm) -> str:
    """Return the key of one change of state: taken from the event itself, never from generated text."""
    return f"alarm|{alarm.dedup_key}|{alarm.state}"
