"""What the slash command says at once, to the person who typed it."""

from __future__ import annotations

from typing import Final

SHOWN_CHARS: Final = 120

HELP: Final = (
    "*Lambda Medic* finds why a Lambda-backed API fails.\n"
    "• `{command} why my-function`: investigate a function; the answer comes as a thread in this channel\n"
    "• `{command} why my-function 502`: the same, for callers who see this status\n"
    "• `{command} why my-function --since 2h`: look further back than the last 30 minutes\n"
    "• `{command} why arn:aws:lambda:eu-west-1:123456789012:function:my-function:live`: by ARN, with an alias or version\n"
    "• `{command} help`: this text"
)

USAGE: Final = (
    "Which function? `{command} why my-function [status] [--since 30m]`\n"
    "A function is given by its name, `name:alias` or ARN. `{command} help` shows examples."
)

NOT_QUEUED: Final = (
    "I could not take this on: the work queue did not answer, so *nothing was started and nothing will follow*. "
    "Please try again in a minute. If it stays like this, the deployment's AckFunction log says why."
)


def on_it(text: str) -> str:
    """Say that the work is queued."""
    return f"Investigating `{shown(text)}`. The answer comes as a thread in this channel."


def unknown_subcommand(subcommand: str) -> str:
    """Say that a subcommand is not known."""
    return f"I don't know `{shown(subcommand)}`."


def shown(text: str) -> str:
    """Return a person's own text for a code span: cut, and nothing in it ends the span."""
    flat = text.replace("`", "'")
    return escaped(flat if len(flat) <= SHOWN_CHARS else flat[:SHOWN_CHARS] + "…")


def escaped(text: str) -> str:
    """Return text in which nothing is a mention or a link, and no letter turns the line around.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
