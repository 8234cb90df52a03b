"""A change in words: what, where, from which value to which, by whom."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from bot.models.change import Offered
from bot.models.plan import FieldChange, RemediationPlan
from bot.models.wording import steps_of, value_words
from bot.remediations.offers import REMEDIATIONS
from bot.slack.escape import Mrkdwn, clean, code, shortened, user

BY_ITSELF: Final = "lambda-medic"
"""Who did what nobody clicked, as the audit trail names it."""

MAX_VALUE_CHARS: Final = 60
"""Our own: a longer value does not stand beside another one on a phone."""


MAX_NAME_CHARS: Final = 280
"""A function (140) with its alias (128), as Slack counts it. Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html"""

MAX_STEPS_CHARS: Final = 500
"""Our own: in one line of a notification."""


def short(text: str, limit: int = MAX_VALUE_CHARS) -> str:
    """Return text on one line within a limit, counted as Slack counts it after escaping."""
    return shortened(" ".join(clean(text).split()), limit, escaped=True)[0]


def named(text: str, limit: int = MAX_NAME_CHARS) -> Mrkdwn:
    """Return a name in a code span, short by construction."""
    return code(short(text, limit))


def target_words(plan: RemediationPlan) -> str:
    """Return the function, with the alias or version that is meant."""
    return short(f"{plan.function_name}:{plan.qualifier}" if plan.qualifier else plan.function_name, MAX_NAME_CHARS)


def steps_words(plan: RemediationPlan) -> str:
    """Return what changes in one line: `timeout 3 s → 30 s`."""
    return short(", ".join(f"{short(name)} {short(old)} → {short(new)}" for name, old, new in steps_of(plan)), MAX_STEPS_CHARS)


def old_words(plan: RemediationPlan) -> str:
    """Return what was there before, in one line."""
    return short(", ".join(f"{short(name)} {short(old)}" for name, old, _ in steps_of(plan)), MAX_STEPS_CHARS)


def whole_value(field: FieldChange, value: Any) -> str:
    """Return a value as it is, documents over several lines."""
    return json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict | list) else value_words(field.name, value)


def can_be_undone(plan: RemediationPlan | Offered) -> bool:
    """Tell whether AWS has a way back."""
    return REMEDIATIONS[plan.action].undo_refusal is None


def person(slack_id: str) -> Mrkdwn:
    """Return the mention of a user or user group whose id this is, or that it happened by itself; anything else is shown as text.

    Source: https://docs.slack.dev/messaging/formatting-message-text#mentioning-groups
    """
    if slack_id == BY_ITSELF:
        return Mrkdwn("itself")
    if re.fullmatch(r"S[A-Z0-9]{2,20}", slack_id):
        return Mrkdwn(f"<!subteam^{slack_id}>")
    return user(slack_id) if re.fullmatch(r"[UW][A-Z0-9]{2,20}", slack_id) else named(slack_id, MAX_VALUE_CHARS)


def duration_words(seconds: float) -> str:
    """Return a time span as people say it: the two largest units."""
    whole = max(0, round(seconds))
    spans = ((whole // 3600, "h"), (whole % 3600 // 60, "min"), (whole % 60, "s"))
    parts = [f"{number} {unit}" for number, unit in spans if number]
    return " ".join(parts[:2]) or "0 s"
