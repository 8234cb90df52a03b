"""People who click in Slack, the real endpoint that takes it, and the real worker behind its queue."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from bot.ack.answers import Answers
from bot.ack.app import build_app
from bot.ack.handler import Endpoint
from bot.aws.table import Table
from bot.commands import Command, encode
from bot.entrypoints.remediate import Parts, handle_record
from bot.models.change import Change
from bot.workflow.changes.desk import ChangeDesk
from tests.ack.factories import SECRET, a_click, a_form, an_interaction
from tests.workflow.changes.delivery import LiveAccount
from tests.workflow.changes.world import World, an_incident

TABLE = "medic-state"
OTHER_INCIDENT, OTHER_CHANNEL = "inc-ffffffffffff", "C0SECRET"


@dataclass
class Windows:
    """Slack as the endpoint needs it."""

    def __getattr__(self, name: str) -> Any:
        """Open any window and take any answer."""
        return lambda *args: "V0OPENED"


@dataclass
class Slack:
    """People who click in Slack, the endpoint that takes it, and the worker behind its queue."""

    world: World
    desk: ChangeDesk
    table: Table
    waiting: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    clicks: int = 0

    def __post_init__(self) -> None:
        answers = Answers(queue=self, slack=Windows(), names=tuple, clock=lambda: self.world.clock.now().timestamp())
        self.endpoint = Endpoint(app=build_app(answers), secret=lambda: SECRET)
        self.parts = Parts(self.desk, queue=None, copy_audit=lambda: None)  # type: ignore[arg-type]

    def send(self, command: Command) -> str:
        """Take a command onto the queue, as text."""
        self.waiting.append(encode(command))
        return "m"

    def asks(self, event: dict[str, Any]) -> int:
        """Hand a request to the endpoint and return its status."""
        return int(self.endpoint.handle(event)["statusCode"])

    def click(self, verb: str, user_id: str, change: Change, **more: Any) -> dict[str, Any]:
        """Return the signed request of a click on a change's message."""
        self.clicks += 1
        place = {"message_ts": change.message_ts, "channel_id": change.channel, "thread_ts": change.thread_ts}
        given: dict[str, Any] = {
            "user": {"id": user_id},
            "trigger_id": f"t{self.clicks}",
            "container": {"type": "message", **place},
            "channel": {"id": change.channel},
            "message": {"ts": change.message_ts},
        }
        return an_interaction(a_click(f"medic.{verb}", change.token, **{**given, **more}))

    def form(self, user_id: str, offer_id: str, values: dict[str, str] | None = None) -> dict[str, Any]:
        """Return the signed request of a window that was sent."""
        self.clicks += 1
        state = {name: {"type": "number_input", "value": value} for name, value in (values or {}).items()}
        return an_interaction(a_form("medic.request", state, metadata=offer_id, user={"id": user_id}, trigger_id=f"t{self.clicks}"))

    def work(self) -> None:
        """Let the worker take all that is on the queue, each message up to three times, and what is due of its own notes."""
        while self.waiting or (due := self.world.queue.take_due()):
            bodies, self.waiting = [*self.waiting, *([] if self.waiting else map(encode, due))], []
            for body in bodies:
                self._deliver(body)

    def _deliver(self, body: str) -> None:
        for _ in range(3):
            try:
                handle_record("m", body, self.parts, lambda: 110.0)
            except Exception:
                self.world.clock.move(130)
            else:
                return
        self.dead.append(body)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return the changes of both incidents."""
        store = self.desk.changes
        return (*store.changes_of(an_incident(self.world.clock).id), *store.changes_of(OTHER_INCIDENT))

    @property
    def change(self) -> Change:
        """Return the last change."""
        return self.changes[-1]

    @property
    def events(self) -> list[str]:
        """Return what the audit trail of the function says, oldest first."""
        return [entry.event for entry in reversed(self.desk.audit.about("orders", 100))]


def written(account: LiveAccount) -> list[str]:
    """Return what was changed in AWS, the bot's own table aside."""
    return [name for name in account.writes if not name.startswith("dynamodb:")]


def edited(event: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return a signed request whose payload was changed after it was signed."""
    payload = json.loads(parse_qs(base64.b64decode(event["body"]).decode())["payload"][0])
    change(payload)
    return {**event, "body": base64.b64encode(urlencode({"payload": json.dumps(payload)}).encode()).decode()}
