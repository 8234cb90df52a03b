"""Words for a person, the same in Slack and in the terminal: how sure, which verdict, which change."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.models.diagnosis import RemediationOffer, Verdict
from bot.models.plan import RemediationPlan

VERDICT_HEADLINES: Final[dict[Verdict, str]] = {
    "diagnosed": "the cause was found",
    "no-fault": "no fault found: the evidence shows a healthy function",
    "undetermined": "I can't tell: the evidence supports no conclusion",
}

CONFIDENCE_WORDS: Final = ((0.9, "almost certain"), (0.75, "very likely"), (0.6, "likely"), (0.0, "possible"))
"""Lower bounds of confidence and their words, highest first."""

_UNITS: Final = (("_seconds", " s"), ("_ms", " ms"), ("_mb", " MB"), ("_s", " s"))
"""Endings of a field's name, and the unit that they mean."""


def confidence_words(confidence: float) -> str:
    """Return how sure a diagnosis is, in words."""
    return next(words for bound, words in CONFIDENCE_WORDS if confidence >= bound)


def offer_words(offer: RemediationOffer) -> str:
    """Return a change as a person would say it: `raise timeout 3 s → 10 s`."""
    name = offer.action.replace("-", " ")
    before = {key.removeprefix("from_"): value for key, value in offer.params.items() if key.startswith("from_")}
    after = {key.removeprefix("to_"): value for key, value in offer.params.items() if key.startswith("to_")}
    if after:
        return f"{name} {', '.join(_step(key, before.get(key), value) for key, value in after.items())}"
    shown = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in offer.params.items() if isinstance(value, str | int | float))
    return f"{name}: {shown}" if shown else name


def _step(key: str, before: Any, after: Any) -> str:
    return f"to {_value(key, after)}" if before is None else f"{_value(key, before)} → {_value(key, after)}"


def _value(key: str, value: Any) -> str:
    unit = next((unit for suffix, unit in _UNITS if f"_{key}".endswith(suffix)), "")
    return f"{value}{unit}"


def action_words(plan: RemediationPlan) -> str:
    """Return the action as people say it."""
    return plan.action.replace("-", " ")


def field_words(name: str) -> str:
    """Return a field's name for people: `timeout_s` is the timeout, and its unit stands at the value."""
    ending = next((ending for ending, _ in _UNITS if name.endswith(ending)), "")
    return name.removesuffix(ending).replace("_", " ")


def value_words(name: str, value: Any) -> str:
    """Return a value for people; None is "none"."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"
        return number + next((unit for ending, unit in _UNITS if name.endswith(ending)), "")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def steps_of(plan: RemediationPlan) -> list[tuple[str, str, str]]:
    """Return each field that changes: its name, its old and its new value."""
    return [(field_words(f.name), value_words(f.name, f.old), value_words(f.name, f.new)) for f in plan.fields]


def change_words(plan: RemediationPlan) -> str:
    """Return a change as a person would say it: `raise timeout: timeout 3 s → 10 s`."""
    steps = [f"{name} {old} → {new}" for name, old, new in steps_of(plan)]
    return f"{action_words(plan)}: {', '.join(steps)}" if steps else action_words(plan)
