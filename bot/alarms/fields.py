"""Readers of single fields in an alarm's JSON: each takes what AWS has been seen to send, and names the field it cannot read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args

from bot.errors import AlarmError
from bot.models.alarm import AlarmMetric, AlarmState

STATES: Final[tuple[AlarmState, ...]] = get_args(AlarmState)

FIRST_YEAR: Final = 2009
"""CloudWatch began; an earlier time is a default value or junk."""

LAST_YEAR: Final = 2999

MAX_PERIOD_S: Final = 604_800


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[dict[str, Any]]:
    """Return the objects of a JSON list, leaving out whatever else it holds."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Return a text that says something, else None."""
    return value if isinstance(value, str) and value.strip() else None


def required_state(value: object, field: str) -> AlarmState:
    """Return an alarm's state.

    Raises:
        AlarmError: The value is none of the three.
    """
    found = state(value)
    if found is None:
        raise AlarmError(f"{field}: expected {', '.join(STATES)}; found {short(value)}")
    return found


def state(value: object) -> AlarmState | None:
    """Return an alarm's state, or None for any other value."""
    return next((known for known in STATES if known == value), None)


def required_time(*candidates: tuple[str, object]) -> datetime:
    """Return the first of the named values that is a time.

    Raises:
        AlarmError: None of them is; the first one's field is named.
    """
    for _, value in candidates:
        found = time(value)
        if found is not None:
            return found
    field, value = candidates[0]
    raise AlarmError(f"{field}: expected a time such as 2026-09-25T04:12:07.086+0000; found {short(value)}")


def time(value: object) -> datetime | None:
    """Return an aware time in UTC; offsets come with and without a colon, or as Z, and a missing one means UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def number(value: object) -> float | None:
    """Return a finite number; JSON from outside may hold NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def seconds(value: object) -> int | None:
    """Return a period that an alarm can have."""
    found = number(value)
    return int(found) if found is not None and 1 <= found <= MAX_PERIOD_S else None


def dimensions(value: object) -> dict[str, str]:
    """Return dimensions from a list of pairs (`name` in SNS, `Name` in the API) or from a map (EventBridge)."""
    if isinstance(value, Mapping):
        return {name: held for name, held in value.items() if isinstance(name, str) and isinstance(held, str)}
    found = {}
    for pair in items(value):
        name, held = pair.get("name", pair.get("Name")), pair.get("value", pair.get("Value"))
        if isinstance(name, str) and isinstance(held, str):
            found[name] = held
    return found


def metric(held: Mapping[str, Any], *, stat: object = None, period: object = None) -> AlarmMetric | None:
    """Return a metric from an object with MetricName (or name), Namespace and dimensions in any spelling."""
    name = text(held.get("MetricName")) or text(held.get("name")) or text(held.get("metricName"))
    namespace = text(held.get("Namespace")) or text(held.get("namespace"))
    if name is None or namespace is None:
        return None
    where = dimensions(held.get("Dimensions", held.get("dimensions")))
    return AlarmMetric(namespace=namespace, name=name, dimensions=where, stat=text(stat), period_s=seconds(period))


def short(value: object) -> str:
    """Return a value as a message may quote it: cut, and without what would break a log line."""
    if value is None:
        return "nothing"
    shown = re.sub(r"\s+", " ", repr(value))
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
