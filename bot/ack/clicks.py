"""Buttons and menus, in messages, windows and the app's home: which command a click is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.ack.payload import first, items_at, text_at
from bot.commands import ClickCommand, MessageCommand, verb_of

MODAL: Final = "modal"


def click_of(body: Mapping[str, Any], *, asked_at: float, signed: str) -> ClickCommand | None:
    """Return the command of a click, or None when the button is none of ours.

    Source: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    action = next(iter(items_at(body, "actions")), {})
    verb = verb_of(text_at(action, "action_id"))
    if not verb:
        return None
    return ClickCommand(
        request_id=_identity(body, action, signed),
        verb=verb,
        subject=_subject(action),
        user_id=text_at(body, "user", "id"),
        channel_id=channel_of(body),
        message_ts=first(text_at(body, "container", "message_ts"), text_at(body, "message", "ts")),
        thread_ts=first(text_at(body, "container", "thread_ts"), text_at(body, "message", "thread_ts")),
        team_id=team_of(body),
        response_url=text_at(body, "response_url"),
        view_id=text_at(body, "view", "id") if is_in_window(body) else "",
        asked_at=asked_at,
    )


def message_of(body: Mapping[str, Any], text: str, *, asked_at: float, signed: str) -> MessageCommand:
    """Return the command of the shortcut on a message.

    Source: https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
    """
    ts = first(text_at(body, "message", "ts"), text_at(body, "message_ts"))
    return MessageCommand(
        request_id=first(text_at(body, "trigger_id"), text_at(body, "action_ts"), signed),
        text=text,
        user_id=text_at(body, "user", "id"),
        channel_id=channel_of(body),
        message_ts=ts,
        thread_ts=text_at(body, "message", "thread_ts"),
        team_id=team_of(body),
        response_url=text_at(body, "response_url"),
        asked_at=asked_at,
    )


def is_in_window(body: Mapping[str, Any]) -> bool:
    """Tell whether the click was made in a window; the app's home is a view too, but none that lies on top."""
    return text_at(body, "view", "type") == MODAL


def channel_of(body: Mapping[str, Any]) -> str:
    """Return the channel of an interaction, empty for one in a window or in the app's home."""
    return first(text_at(body, "container", "channel_id"), text_at(body, "channel", "id"))


def team_of(body: Mapping[str, Any]) -> str:
    """Return the workspace of an interaction; in an organisation's install the person carries it."""
    return first(text_at(body, "team", "id"), text_at(body, "user", "team_id"))


def _identity(body: Mapping[str, Any], action: Mapping[str, Any], signed: str) -> str:
    """Return what this click is and no other: the same when the request is replayed."""
    if trigger := text_at(body, "trigger_id"):
        return trigger
    stamp = text_at(action, "action_ts")
    return "|".join([text_at(body, "user", "id"), stamp, text_at(action, "action_id")]) if stamp else signed


def _subject(action: Mapping[str, Any]) -> str:
    """Return what a click is about: the button's value, or what was chosen in a menu."""
    return first(
        text_at(action, "value"),
        text_at(action, "selected_option", "value"),
        text_at(action, "selected_user"),
        text_at(action, "selected_channel"),
        text_at(action, "selected_conversation"),
    )
