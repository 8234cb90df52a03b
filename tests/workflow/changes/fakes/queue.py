"""The queue that the work on changes sends itself notes by, in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from bot.commands import Command, decode, encode
from tests.clock import SetClock


@dataclass
class FakeQueue:
    """Fills the port CommandQueue; what is sent waits until somebody takes it, at its time or later."""

    clock: SetClock
    waiting: list[tuple[float, Command]] = field(default_factory=list)
    sent: list[Command] = field(default_factory=list)

    def send(self, command: Command, *, delay_s: int = 0) -> None:
        """Take a command."""
        assert 0 <= delay_s <= 900, "SQS delays a message by 900 s at most"
        decoded = decode(json.loads(encode(command)))
        self.sent.append(decoded)
        self.waiting.append((self.clock.now().timestamp() + delay_s, decoded))

    def take_due(self) -> list[Command]:
        """Return and remove what is due by now."""
        now = self.clock.now().timestamp()
        due = [command for at, command in self.waiting if at <= now]
        self.waiting = [(at, command) for at, command in self.waiting if at > now]
        return due
