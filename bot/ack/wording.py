"""What the endpoint says itself, to one person: short answers to the slash command, and that something could not be done."""

from __future__ import annotations

from typing import Final

SHOWN_CHARS: Final = 120

HELP: Final = (
    "*Lambda Medic* finds why a Lambda-backed API fails.\n"
    "• `{command} why`: a form with the account's functions to choose from\n"
    "• `{command} why my-function`: investigate a function; the answer comes as a thread in this channel\n"
    "• `{command} why my-function 502`: the same, for callers who see this status\n"
    "• `{command} why my-function --since 2h`: look further back than the last 30 minutes\n"
    "• `{command} why arn:aws:lambda:eu-west-1:123456789012:function:my-function:live`: by ARN, with an alias or version\n"
    "• `{command} status`: what is open now, and what waits for approval\n"
    "• `{command} history my-function`: its last incidents\n"
    "• `{command} playbooks`: what I can recognise\n"
    "• `{command} mute my-function 1h`: keep its incidents quiet for a time; `{command} unmute my-function` ends that\n"
    "• `{command} audit my-function`: who changed what through me\n"
    "• `{command} help`: this text, with what you may do"
)

USAGE: Final = (
    "Which function? `{command} why my-function [status] [--since 30m]`\n"
    "A function is given by its name, `name:alias` or ARN. `{command} help` shows examples."
)

USAGES: Final = {
    "history": "`{command} history my-function` shows its last incidents.",
    "audit": "`{command} audit my-function` shows who changed what.",
    "mute": "`{command} mute my-function 1h` keeps its incidents quiet for an hour.",
    "unmute": "`{command} unmute my-function` ends a mute.",
    "playbooks": "`{command} playbooks` lists all, `{command} playbooks function-timeout` shows one.",
    "status": "`{command} status` shows what is open.",
}

NOT_QUEUED: Final = (
    "I could not take this on: the work queue did not answer, so *nothing was started and nothing will follow*. "
    "Please try again in a minute. If it stays like this, the deployment's AckFunction log says why."
)

NOT_QUEUED_PLAIN: Final = "The queue did not answer, so nothing was started. Please submit again in a minute."
"""For a form's field, where there is no markup."""


def not_opened(code: str) -> str:
    """Say that a window could not be opened."""
    reasons = {
        "ratelimited": "Slack takes no more windows from me for the moment",
        "expired_trigger_id": "Slack had waited too long for it",
        "exchanged_trigger_id": "Slack had opened it before",
        "no_connection": "Slack did not answer in time",
    }
    reason = reasons.get(code, f"Slack answered `{shown(code)}`" if code else "my access to Slack could not be read")
    return f"The window could not be opened: {reason}. *Nothing was started.* Please try again."


def on_it(text: str) -> str:
    """Say that the work is queued."""
    return f"Investigating `{shown(text)}`. The answer comes as a thread in this channel."


def unknown_subcommand(subcommand: str, near: str = "", rest: str = "") -> str:
    """Say that a subcommand is not known, and which one may be meant."""
    said = f"I don't know `{shown(subcommand)}`."
    return f"{said} Did you mean `{shown(f'{near} {rest}'.strip())}`?" if near else said


def not_understood(reason: str) -> str:
    """Say that the words after a subcommand are not understood."""
    return f"I did not understand that. {escaped(reason)}"


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
