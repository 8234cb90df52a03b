"""What a person means by a name that is no function's: an alarm, or an API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final

from bot.alarms.apis import behind_api, behind_rest_api, of_rest_api
from bot.alarms.candidates import Candidate, distinct
from bot.alarms.clues import Clue
from bot.alarms.notification import alarm_of_notification
from bot.alarms.questions import NotThere, Questions
from bot.errors import AlarmError
from bot.models.alarm import Alarm
from bot.models.incident_file import Target
from bot.ports import AwsClients

SUGGESTIONS: Final = 3
ALIKE: Final = 0.6


def alarm_named(name: str, aws: AwsClients, *, region: str | None, now: datetime) -> Alarm | None:
    """Return an alarm as it stands now, as if it had just told; None when there is none, or AWS does not say."""
    ask = Questions(aws, region)
    try:
        answer = ask.ask("alarm", "cloudwatch", "describe_alarms", AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    except NotThere:
        return None
    found = [*((answer or {}).get("MetricAlarms") or []), *((answer or {}).get("CompositeAlarms") or [])]
    return _alarm(found[0], now) if found else None


def targets_behind_api(name: str, aws: AwsClients, *, region: str | None, account_id: str | None) -> tuple[Target, ...]:
    """Return the functions behind an API of this name or id, authorizers last; empty when there is no such API."""
    ask, notes = Questions(aws, region), list[str]()
    clue = Clue("api", name)
    ways: tuple[Callable[[], list[Candidate]], ...] = (
        lambda: behind_rest_api(clue, ask, notes),
        lambda: of_rest_api(name, clue, ask),
        lambda: behind_api(clue, ask, notes),
    )
    for way in ways:
        try:
            found = distinct(way())
        except NotThere:
            continue
        if found:
            ordered = sorted(found, key=lambda candidate: candidate.is_authorizer)
            return tuple(_target(candidate, region, account_id) for candidate in ordered)
    return ()


def near_misses(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the known names that are most like a mistyped one, the most alike first."""
    lowered = {one.lower(): one for one in known}
    held = [one for one in known if name.lower() in one.lower() or one.lower() in name.lower()]
    alike = [lowered[one] for one in get_close_matches(name.lower(), lowered, n=SUGGESTIONS, cutoff=ALIKE)]
    return tuple(dict.fromkeys([*alike, *sorted(held, key=len)]))[:SUGGESTIONS]


def _alarm(described: dict[str, Any], now: datetime) -> Alarm | None:
    changed = described.get("StateTransitionedTimestamp") or described.get("StateUpdatedTimestamp")
    at = changed if isinstance(changed, datetime) else now
    message = {
        "AlarmName": described.get("AlarmName"),
        "AlarmArn": described.get("AlarmArn"),
        "AlarmDescription": described.get("AlarmDescription"),
        "AlarmRule": described.get("AlarmRule"),
        "NewStateValue": described.get("StateValue"),
        "NewStateReason": described.get("StateReason"),
        "StateChangeTime": at.astimezone(UTC).isoformat(),
        "Trigger": {name: value for name, value in described.items() if not isinstance(value, datetime)},
    }
    try:
        return alarm_of_notification(message)
    except AlarmError:
        return None


def _target(candidate: Candidate, region: str | None, account_id: str | None) -> Target:
    return Target(
        function_name=candidate.function_name,
        qualifier=candidate.qualifier,
        region=region,
        account_id=account_id,
        front_door=candidate.front_door,
    )
