"""Submitted windows: what was filled in, what is wrong with it, and which command it is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from bot import question
from bot.ack.clicks import team_of
from bot.ack.payload import at, first, items_at, text_at
from bot.ack.windows import ANY_STATUS, ASK, FUNCTION, SINCE, STATUS
from bot.commands import ClickCommand, Command, WhyCommand, verb_of
from bot.errors import CommandError

_NUMBER: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?")

_FIELD_OF_FAULT: Final = {"--since": SINCE, "--region": FUNCTION}

Errors = dict[str, str]
"""What is wrong, by the id of the block that is to be mended."""

Value = str | list[str]


def submission_of(body: Mapping[str, Any], *, asked_at: float, signed: str) -> Command | Errors | None:
    """Return the command of a submitted window, what is wrong with it, or None when the window is none of ours.

    What can be judged without AWS is judged here, for only this answer can name the field; the worker judges all of it again.
    Source: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
    """
    callback_id = text_at(body, "view", "callback_id")
    verb = verb_of(callback_id)
    values = values_of(body)
    if callback_id == ASK:
        return _question(body, values, asked_at, signed)
    if not verb:
        return None
    if errors := _no_numbers(body):
        return errors
    return ClickCommand(
        request_id=_identity(body, signed),
        verb=verb,
        subject=text_at(body, "view", "private_metadata"),
        user_id=text_at(body, "user", "id"),
        team_id=team_of(body),
        values=json.dumps(values, separators=(",", ":")),
        asked_at=asked_at,
    )


def values_of(body: Mapping[str, Any]) -> dict[str, Value]:
    """Return the inputs by their block ids; what was left empty is left out.

    Source: https://docs.slack.dev/reference/views#view-state-values
    """
    found: dict[str, Value] = {}
    for block_id, elements in _states(body):
        for element in elements:
            value = _value(element)
            if value:
                found.setdefault(block_id, value)
    return found


def input_blocks(body: Mapping[str, Any]) -> list[str]:
    """Return the ids of the blocks that may carry a fault."""
    return [text_at(block, "block_id") for block in items_at(body, "view", "blocks") if block.get("type") == "input"]


def _question(body: Mapping[str, Any], values: Mapping[str, Value], asked_at: float, signed: str) -> WhyCommand | Errors:
    function, status, since = (str(values.get(name) or "") for name in (FUNCTION, STATUS, SINCE))
    if not function:
        return {FUNCTION: "Choose a function, or type its name."}
    words = [function, "" if status == ANY_STATUS else status, f"--since {since}" if since else ""]
    text = " ".join(word for word in words if word)
    try:
        question.parse(text)
    except CommandError as exc:
        return {_FIELD_OF_FAULT.get(str(exc).partition(":")[0], FUNCTION): str(exc)[:150]}
    remembered = _metadata(text_at(body, "view", "private_metadata"))
    user_id = text_at(body, "user", "id")
    return WhyCommand(
        request_id=_identity(body, signed),
        text=text,
        user_id=user_id,
        # Opened from the search bar or the home there is no channel: the answer goes to the person's own talk with the bot.
        channel_id=first(text_at(remembered, "channel"), user_id),
        team_id=team_of(body),
        response_url=text_at(remembered, "response_url"),
        asked_at=asked_at,
    )


def _metadata(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _no_numbers(body: Mapping[str, Any]) -> Errors:
    """Return the number fields that hold none."""
    return {
        block_id: "Enter a number, such as 10."
        for block_id, elements in _states(body)
        for element in elements
        if element.get("type") == "number_input" and (value := text_at(element, "value")) and not _NUMBER.fullmatch(value.strip())
    }


def _states(body: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    blocks = at(body, "view", "state", "values")
    if not isinstance(blocks, Mapping):
        return []
    return [
        (str(block_id), [element for element in elements.values() if isinstance(element, Mapping)])
        for block_id, elements in blocks.items()
        if isinstance(elements, Mapping)
    ]


def _value(element: Mapping[str, Any]) -> Value:
    """Return what one input holds, whatever its kind."""
    chosen = first(
        text_at(element, "value").strip(),
        text_at(element, "selected_option", "value"),
        *(text_at(element, f"selected_{kind}") for kind in ("user", "channel", "conversation", "date", "time")),
    )
    if chosen:
        return chosen
    many = [text_at(option, "value") for option in items_at(element, "selected_options")]
    for kind in ("users", "channels", "conversations"):
        listed = element.get(f"selected_{kind}")
        many += [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    return [one for one in many if one]


def _identity(body: Mapping[str, Any], signed: str) -> str:
    """Return what this submission is and no other: Slack does not send a trigger with every one.

    A window that came back with a fault is submitted again with other values, and with the same id and state of the view.
    """
    if trigger := text_at(body, "trigger_id"):
        return trigger
    view_id = text_at(body, "view", "id")
    if not view_id:
        return signed
    filled = json.dumps([text_at(body, "view", "hash"), values_of(body), text_at(body, "user", "id")], sort_keys=True)
    return f"{view_id}|{hashlib.sha256(filled.encode()).hexdigest()[:16]}"
