"""What travels on the work queue from the public endpoint to the workers. Standard library only: the ack path loads it.

A message on the work queue is one of: an SNS notification of an alarm (raw or in its envelope), an EventBridge alarm event,
or one of these commands as JSON with its `kind`.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from bot.errors import CommandError

MAX_TEXT_CHARS: Final = 4000
"""No command text that Slack delivers is longer than a message may be. Source: docs.slack.dev, slash commands."""


@dataclass(frozen=True)
class WhyCommand:
    """`/lambda why my-fn [status]`: investigate a function because a person asked.

    `request_id` identifies the request for deduplication: Slack's trigger id. `response_url` takes up to five answers
    within 30 minutes, also where the bot is no member.
    """

    kind: ClassVar[str] = "why"

    request_id: str
    text: str
    user_id: str
    channel_id: str
    team_id: str = ""
    response_url: str = ""
    asked_at: float = 0.0


COMMANDS: Final = {WhyCommand.kind: WhyCommand}

Command = WhyCommand


def encode(command: Command) -> str:
    """Return the command as a queue message."""
    return json.dumps({"kind": command.kind, **dataclasses.asdict(command)}, separators=(",", ":"))


def decode(message: dict[str, Any]) -> Command:
    """Return the command in a queue message.

    Raises:
        CommandError: The kind is unknown, a field is missing, unknown or of a wrong type; the field is named.
    """
    fields = dict(message)
    kind = fields.pop("kind", None)
    cls = COMMANDS.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise CommandError(f"kind: {kind!r} is no command; known: {', '.join(sorted(COMMANDS))}")
    known = {f.name: f for f in dataclasses.fields(cls)}
    for name, value in fields.items():
        if name not in known:
            raise CommandError(f"{name}: no field of {kind}; known: {', '.join(known)}")
        wanted = (int, float) if name == "asked_at" else str
        if not isinstance(value, wanted):
            raise CommandError(f"{name}: expected {'a number' if name == 'asked_at' else 'text'}, found {type(value).__name__}")
    try:
        return cls(**fields)
    except TypeError as exc:
        raise CommandError(f"{kind}: {exc}") from exc
