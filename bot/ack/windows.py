"""The windows that the endpoint opens itself: the form for a question, an empty one for the worker to fill, and a short notice.

Limits: title and buttons 24 characters, private metadata 3,000, labels of options 75.
Source: https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

from typing import Any, Final

from bot.commands import ID_PREFIX

ASK: Final = f"{ID_PREFIX}ask"
FUNCTION_ACTION: Final = f"{ID_PREFIX}function"
"""The type-ahead asks for its options under this action id."""

FUNCTION, STATUS, SINCE = "function", "status", "since"
"""Block ids of the form; a fault is shown at its block."""

ANY_STATUS: Final = "any"

STATUSES: Final = (
    (ANY_STATUS, "any"),
    ("502", "502 Bad Gateway"),
    ("503", "503 Service Unavailable"),
    ("504", "504 Gateway Timeout"),
    ("500", "500 Internal Server Error"),
    ("429", "429 Too Many Requests"),
    ("403", "403 Forbidden"),
)
TIMES: Final = (("30m", "the last 30 minutes"), ("1h", "the last hour"), ("3h", "the last 3 hours"), ("24h", "the last 24 hours"))

LOADING: Final = {
    "plan": ("Fix", "Reading the live configuration and working out the plan. This takes a few seconds."),
    "partly": ("What was it really?", "Looking up the incident. This takes a few seconds."),
    "wrong": ("What was it really?", "Looking up the incident. This takes a few seconds."),
}

View = dict[str, Any]


def ask_window(metadata: str) -> View:
    """Return the form for a question: which function, what callers see, how far back."""
    function = {
        "type": "external_select",
        "action_id": FUNCTION_ACTION,
        "min_query_length": 0,
        "placeholder": _plain("Type a part of its name"),
    }
    return {
        "type": "modal",
        "callback_id": ASK,
        "private_metadata": metadata,
        "title": _plain("Why does it fail?"),
        "submit": _plain("Investigate"),
        "close": _plain("Cancel"),
        "blocks": [
            _input(FUNCTION, "Which function?", function),
            _input(STATUS, "What do callers see?", _select(STATUS, STATUSES)),
            _input(SINCE, "How far back?", _select(SINCE, TIMES)),
        ],
    }


def loading_window(verb: str, subject: str) -> View:
    """Return the window that the worker fills. It has nothing to submit."""
    title, text = LOADING[verb]
    return {
        "type": "modal",
        "callback_id": f"{ID_PREFIX}loading",
        "private_metadata": subject,
        "title": _plain(title),
        "close": _plain("Cancel"),
        "blocks": [_section(f":hourglass_flowing_sand: {text}")],
    }


def notice_window(text: str) -> View:
    """Return a window that only says something."""
    return {"type": "modal", "title": _plain("Lambda Medic"), "close": _plain("Close"), "blocks": [_section(text)]}


def _select(action_id: str, options: tuple[tuple[str, str], ...]) -> View:
    choices = [{"text": _plain(label), "value": value} for value, label in options]
    return {"type": "static_select", "action_id": action_id, "options": choices, "initial_option": choices[0]}


def _input(block_id: str, label: str, element: View) -> View:
    return {"type": "input", "block_id": block_id, "label": _plain(label), "element": element}


def _section(text: str) -> View:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _plain(text: str) -> View:
    return {"type": "plain_text", "text": text}
