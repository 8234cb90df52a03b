"""The slash command: what each subcommand is answered with at once, and what it puts on the queue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal

from bot import question
from bot.ack.payload import text_at
from bot.ack.wording import HELP, USAGE, USAGES, not_understood, on_it, unknown_subcommand
from bot.commands import MAX_TEXT_CHARS, AskCommand, Command, WhyCommand
from bot.errors import CommandError

WHY: Final = "why"


def _anything(_text: str) -> None:
    """Take any words: the worker knows the names that may stand here."""


TOPICS: Final[dict[str, Callable[[str], object]]] = {
    "status": _anything,
    "history": question.parse_name,
    "playbooks": _anything,
    "mute": question.parse_mute,
    "unmute": question.parse_name,
    "audit": question.parse_name,
    "help": _anything,
}
"""Subcommands that a worker answers, each with what checks its words beforehand."""

NEAR: Final = 0.6
"""As difflib advises: `statsu` and `hist` are near enough, `deploy` is near nothing."""


@dataclass(frozen=True)
class Reply:
    """What only the person who asked sees."""

    text: str
    """Empty when the worker alone answers."""
    command: Command | None = None
    """What has to be on the queue before this text is said."""
    instead: str = ""
    """What is said when the queue did not take the command; that nothing was started, if empty."""
    window: Literal["", "ask"] = ""
    """A window to open; the text is said only where that fails."""


def reply_to(body: Mapping[str, Any], *, asked_at: float, signed: str) -> Reply:
    """Return what a slash command is answered with, and the command that it asks for.

    Source: https://docs.slack.dev/interactivity/implementing-slash-commands
    """
    asker = _asker(body, asked_at, signed)
    name = text_at(body, "command") or "/lambda"
    text = text_at(body, "text").strip()
    typed, rest = [*text.split(None, 1), "", ""][:2]
    subcommand = typed.lower() or "help"
    if subcommand == WHY:
        return _why(name, rest, asker)
    if subcommand in TOPICS:
        return _topic(name, subcommand, rest, asker)
    near = get_close_matches(subcommand[:40], [WHY, *TOPICS], n=1, cutoff=NEAR)
    meant = f"{name} {near[0]}" if near else ""
    return Reply(f"{unknown_subcommand(typed, meant, rest)}\n{HELP.format(command=name)}")


def ask_metadata(body: Mapping[str, Any], channel_id: str) -> str:
    """Return what the form for a question remembers: where to answer, and privately how."""
    return json.dumps({"channel": channel_id, "response_url": text_at(body, "response_url")}, separators=(",", ":"))


def _why(name: str, rest: str, asker: Mapping[str, Any]) -> Reply:
    usage = USAGE.format(command=name)
    if not rest:
        return Reply(usage, window="ask")
    if len(rest) > MAX_TEXT_CHARS:
        return Reply(usage)
    try:
        question.parse(rest)
    except CommandError as exc:
        return Reply(f"{not_understood(str(exc))}\n{usage}")
    return Reply(on_it(rest), WhyCommand(text=rest, **asker))


def _topic(name: str, topic: str, rest: str, asker: Mapping[str, Any]) -> Reply:
    usage = USAGES.get(topic, "").format(command=name)
    if len(rest) > MAX_TEXT_CHARS:
        return Reply(usage or HELP.format(command=name))
    try:
        TOPICS[topic](rest)
    except CommandError as exc:
        return Reply(f"{not_understood(str(exc))}\n{usage}")
    instead = HELP.format(command=name) if topic == "help" else ""
    return Reply("", AskCommand(topic=topic, text=rest, **asker), instead)


def _asker(body: Mapping[str, Any], asked_at: float, signed: str) -> dict[str, Any]:
    """Return the fields of a command that say who asks, and where."""
    return {
        "request_id": text_at(body, "trigger_id") or signed,
        "user_id": text_at(body, "user_id"),
        "channel_id": text_at(body, "channel_id"),
        "team_id": text_at(body, "team_id"),
        "response_url": text_at(body, "response_url"),
        "asked_at": asked_at,
    }
