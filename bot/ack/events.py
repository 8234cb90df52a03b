"""Events: a mention of the bot, and somebody opening its home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.ack.message import without_mention
from bot.ack.payload import first, items_at, text_at
from bot.commands import HomeCommand, MessageCommand


def mention_of(body: Mapping[str, Any], *, asked_at: float, signed: str) -> MessageCommand | None:
    """Return the command of a mention, or None when a bot wrote it: two bots must not talk to each other for ever.

    Source: https://docs.slack.dev/reference/events/app_mention
    """
    if text_at(body, "event", "bot_id") or not text_at(body, "event", "user"):
        return None
    bot_user_id = next((text_at(one, "user_id") for one in items_at(body, "authorizations") if one.get("is_bot")), "")
    return MessageCommand(
        request_id=_identity(body, signed),
        text=without_mention(text_at(body, "event", "text"), bot_user_id),
        user_id=text_at(body, "event", "user"),
        channel_id=text_at(body, "event", "channel"),
        message_ts=text_at(body, "event", "ts"),
        thread_ts=text_at(body, "event", "thread_ts"),
        team_id=first(text_at(body, "team_id"), text_at(body, "event", "team")),
        asked_at=asked_at,
    )


def home_of(body: Mapping[str, Any], *, asked_at: float, signed: str) -> HomeCommand | None:
    """Return the command of somebody opening the home, or None for another tab.

    Source: https://docs.slack.dev/reference/events/app_home_opened
    """
    user_id = text_at(body, "event", "user")
    if text_at(body, "event", "tab") != "home" or not user_id:
        return None
    return HomeCommand(request_id=_identity(body, signed), user_id=user_id, team_id=text_at(body, "team_id"), asked_at=asked_at)


def _identity(body: Mapping[str, Any], signed: str) -> str:
    """Return the event's id, which Slack keeps when it sends the event again."""
    return first(text_at(body, "event_id"), signed)
