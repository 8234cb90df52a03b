"""What travels on the two queues from the public endpoint to the workers. Standard library only: the ack path loads it.

A message on the work queue is one of: an SNS notification of an alarm (raw or in its envelope), an EventBridge alarm event,
or one of these commands as JSON with its `kind`. The change queue holds nothing but commands.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from bot.errors import CommandError

MAX_TEXT_CHARS: Final = 4000
"""No command text that Slack delivers is longer than a message may be. Source: docs.slack.dev, slash commands."""

QueueName = Literal["work", "change"]

CHANGE_VERBS: Final = frozenset({"plan", "request", "approve", "reject", "withdraw", "undo", "keep", "stop"})
"""What a person does about a change: see its plan, ask for it, decide, take it back, keep a temporary one, end the reminders."""

WORK_VERBS: Final = frozenset({"mute", "unmute", "again", "right", "partly", "wrong", "ask"})
"""What a person does about an incident: silence or not, investigate again, grade the diagnosis, and `ask`: the form for a question."""

MODAL_VERBS: Final = frozenset({"plan", "partly", "wrong"})
"""Clicks that open a window: the endpoint opens it empty while Slack's trigger lasts (3 s), the worker fills it."""

ID_PREFIX: Final = "medic."
"""Every action and callback id is this, a verb, and for several of one kind in one message a dot and a number: `medic.plan.0`."""


def verb_of(action_id: str) -> str:
    """Return the verb in an action or callback id, or an empty text when it is none of ours."""
    verb = action_id.removeprefix(ID_PREFIX).partition(".")[0] if action_id.startswith(ID_PREFIX) else ""
    return verb if verb in CHANGE_VERBS | WORK_VERBS else ""


class _ForInvestigator:
    @property
    def queue(self) -> QueueName:
        """Return the queue that takes it."""
        return "work"


@dataclass(frozen=True)
class WhyCommand(_ForInvestigator):
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


@dataclass(frozen=True)
class AskCommand(_ForInvestigator):
    """Any other subcommand that needs the table or AWS: status, history, playbooks, mute, unmute, audit, help."""

    kind: ClassVar[str] = "ask"

    request_id: str
    topic: str
    text: str
    user_id: str
    channel_id: str
    team_id: str = ""
    response_url: str = ""
    asked_at: float = 0.0


@dataclass(frozen=True)
class MessageCommand(_ForInvestigator):
    """The shortcut "Why?" on a message, or a mention of the bot: `text` is all that the message says.

    `thread_ts` is the thread that the message stands in, empty for none.
    """

    kind: ClassVar[str] = "message"

    request_id: str
    text: str
    user_id: str
    channel_id: str
    message_ts: str
    thread_ts: str = ""
    team_id: str = ""
    response_url: str = ""
    asked_at: float = 0.0


@dataclass(frozen=True)
class HomeCommand(_ForInvestigator):
    """Somebody opened the app's home: it is drawn for them."""

    kind: ClassVar[str] = "home"

    request_id: str
    user_id: str
    team_id: str = ""
    asked_at: float = 0.0


@dataclass(frozen=True)
class ClickCommand:
    """A button, menu or form of ours, used by a person: the verb is what it asks for, the subject what it is about.

    `subject` is the button's value or the form's private metadata: an opaque id, never state. `values` is JSON text: the form's
    inputs by their block ids, empty for a button. `channel_id` and `message_ts` are where the button stood, empty for a form.
    """

    kind: ClassVar[str] = "click"

    request_id: str
    verb: str
    subject: str
    user_id: str
    channel_id: str = ""
    message_ts: str = ""
    thread_ts: str = ""
    team_id: str = ""
    response_url: str = ""
    view_id: str = ""
    values: str = ""
    asked_at: float = 0.0

    @property
    def queue(self) -> QueueName:
        """Return the queue that takes it."""
        return "change" if self.verb in CHANGE_VERBS else "work"


@dataclass(frozen=True)
class TickCommand:
    """A worker's note to itself, delivered later: the next step of a change is due.

    Steps: `apply` (go on with an approved change), `verify`, `warn` and `revert` (a temporary change ends), `sweep` (all that is open).
    """

    kind: ClassVar[str] = "tick"

    request_id: str
    step: str
    change_id: str = ""
    number: int = 0
    due_at: float = 0.0

    @property
    def queue(self) -> QueueName:
        """Return the queue that takes it."""
        return "change"


Command = WhyCommand | AskCommand | MessageCommand | HomeCommand | ClickCommand | TickCommand

COMMANDS: Final[dict[str, type[Command]]] = {
    cls.kind: cls for cls in (WhyCommand, AskCommand, MessageCommand, HomeCommand, ClickCommand, TickCommand)
}

_NUMBERS: Final = {"float": (int, float), "int": (int,)}


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
    known = {f.name: str(f.type) for f in dataclasses.fields(cls)}
    for name, value in fields.items():
        if name not in known:
            raise CommandError(f"{name}: no field of {kind}; known: {', '.join(known)}")
        numbers = _NUMBERS.get(known[name])
        if not isinstance(value, numbers or str) or isinstance(value, bool):
            raise CommandError(f"{name}: expected {'a number' if numbers else 'text'}, found {type(value).__name__}")
    try:
        return cls(**fields)
    except TypeError as exc:
        raise CommandError(f"{kind}: {exc}") from exc
