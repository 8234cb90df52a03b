"""What people press, choose and fill in. All text in it is plain: nothing in a button or a dialog is read as markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from bot.slack.escape import plain, shortened
from bot.slack.limits import (
    MAX_BUTTON_CHARS,
    MAX_CONFIRM_BUTTON_CHARS,
    MAX_CONFIRM_CHARS,
    MAX_CONFIRM_TITLE_CHARS,
    MAX_INPUT_CHARS,
    MAX_LABEL_CHARS,
    MAX_OPTION_CHARS,
    MAX_OPTIONS,
    MAX_OVERFLOW_OPTIONS,
    MAX_PLACEHOLDER_CHARS,
)

Block = dict[str, Any]
Style = Literal["primary", "danger"]


def plain_text(text: str, limit: int) -> Block:
    """Return a plain text object within a limit; Slack refuses an empty one."""
    short, _ = shortened(plain(text), limit)
    return {"type": "plain_text", "text": short or "(empty)", "emoji": True}


def button(
    text: str, action_id: str, value: str = "", *, style: Style | None = None, confirm: Block | None = None, url: str = "", label: str = ""
) -> Block:
    """Return a button. `value` is an opaque id, never state; `label` is for screen readers, where the text says too little."""
    optional = {"value": value, "style": style, "confirm": confirm, "url": url, "accessibility_label": plain(label)[:MAX_BUTTON_CHARS]}
    shown = {"type": "button", "action_id": action_id, "text": plain_text(text, MAX_BUTTON_CHARS)}
    return shown | {name: member for name, member in optional.items() if member}


def confirm(title: str, text: str, *, yes: str, no: str = "Cancel", style: Style | None = None) -> Block:
    """Return the dialog that asks again before a button acts."""
    dialog = {
        "title": plain_text(title, MAX_CONFIRM_TITLE_CHARS),
        "text": plain_text(text, MAX_CONFIRM_CHARS),
        "confirm": plain_text(yes, MAX_CONFIRM_BUTTON_CHARS),
        "deny": plain_text(no, MAX_CONFIRM_BUTTON_CHARS),
    }
    return dialog | ({"style": style} if style else {})


def select(action_id: str, placeholder: str, options: Sequence[tuple[str, str]], *, chosen: str | None = None) -> Block:
    """Return a menu of texts with their values; `chosen` is the value that stands in it."""
    rows = [_option(text, value) for text, value in options[:MAX_OPTIONS]]
    initial = next((row for row in rows if row["value"] == chosen), None)
    menu = {"type": "static_select", "action_id": action_id, "placeholder": plain_text(placeholder, MAX_PLACEHOLDER_CHARS), "options": rows}
    return menu | ({"initial_option": initial} if initial else {})


def overflow(action_id: str, options: Sequence[tuple[str, str]], *, confirm: Block | None = None) -> Block:
    """Return the menu behind three dots."""
    rows = [_option(text, value) for text, value in options[:MAX_OVERFLOW_OPTIONS]]
    return {"type": "overflow", "action_id": action_id, "options": rows} | ({"confirm": confirm} if confirm else {})


def number_input(action_id: str, value: float | None, *, least: float | None = None, most: float | None = None) -> Block:
    """Return a field for a whole number; Slack itself refuses what is out of bounds."""
    bounds = {"initial_value": value, "min_value": least, "max_value": most}
    field: Block = {"type": "number_input", "action_id": action_id, "is_decimal_allowed": False}
    return field | {name: _number(bound) for name, bound in bounds.items() if bound is not None}


def text_input(action_id: str, value: str = "", *, is_multiline: bool = False, placeholder: str = "") -> Block:
    """Return a field for text. What stands in it is plain text as it is, so that it comes back unchanged."""
    field: Block = {"type": "plain_text_input", "action_id": action_id, "multiline": is_multiline, "max_length": MAX_INPUT_CHARS}
    field |= {"initial_value": shortened(value, MAX_INPUT_CHARS)[0]} if value else {}
    return field | ({"placeholder": plain_text(placeholder, MAX_PLACEHOLDER_CHARS)} if placeholder else {})


def labelled(block_id: str, label: str, element: Block, *, hint: str = "", is_optional: bool = False) -> Block:
    """Return a form's block with its label."""
    block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, MAX_LABEL_CHARS),
        "element": element,
        "optional": is_optional,
    }
    return block | ({"hint": plain_text(hint, MAX_LABEL_CHARS)} if hint else {})


def _option(text: str, value: str) -> Block:
    return {"text": plain_text(text, MAX_OPTION_CHARS), "value": value}


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else str(value)
