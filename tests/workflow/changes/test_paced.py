"""Messages about changes keep the pace that all workers keep together."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.errors import DeliveryError, NotYetError, StateError
from bot.models.change import Change
from bot.models.incident import EditTurn
from bot.workflow.changes.paced import PacedChangeMessenger
from bot.workflow.pace import file_turns
from tests.workflow.changes.fakes.chat import FakeChangeMessenger


@dataclass
class SetPace:
    """Fills the port Pace with waits that a test sets."""

    waits: list[float | None]
    held: list[tuple[str, float]] = field(default_factory=list)

    def reserve(self, channel: str, *, patience_s: float) -> float | None:
        """Return the next wait."""
        return self.waits.pop(0)

    def hold(self, channel: str, seconds: float) -> None:
        """Note it."""
        self.held.append((channel, seconds))

    def ask_edit(self, incident_id: str, owner: str) -> EditTurn | None:
        """Nobody asks."""
        return None

    def end_edit(self, turn: EditTurn) -> EditTurn | None:
        """Nobody asks."""
        return None

    def drop_edit(self, turn: EditTurn) -> None:
        """Nobody asks."""


def test_message_waits_for_its_turn(pending: Change) -> None:
    """The second that was reserved for it."""
    slept: list[float] = []
    inner = FakeChangeMessenger()
    paced = PacedChangeMessenger(inner, SetPace([0.0, 1.5]), slept.append)

    paced.post_change(pending)
    paced.note(pending, "verified")

    assert slept == [1.5]
    assert inner.notes == [(pending.id, "verified")]


def test_message_that_would_wait_too_long_comes_again(pending: Change) -> None:
    """Nothing is posted, and nothing lost: the queue brings it back."""
    inner = FakeChangeMessenger()
    with pytest.raises(NotYetError):
        PacedChangeMessenger(inner, SetPace([None])).note(pending, "verified")

    assert inner.notes == []


def test_refusal_for_the_rate_holds_everybody_back(pending: Change) -> None:
    """Also the workers that investigate."""
    pace, inner = SetPace([0.0]), FakeChangeMessenger(refuse={"note": ["ratelimited"]})
    with pytest.raises(DeliveryError):
        PacedChangeMessenger(inner, pace).note(pending, "verified")

    assert [channel for channel, _ in pace.held] == [pending.channel]


def test_file_waits_for_a_turn_of_its_own() -> None:
    """It is one message more in the channel."""
    slept: list[float] = []

    file_turns(SetPace([1.0]), slept.append)("C0ALARMS")

    assert slept == [1.0]


def test_file_of_a_message_that_stands_is_posted_in_any_case() -> None:
    """Without a turn when none is free soon, or the table fails."""

    class NoTable(SetPace):
        def reserve(self, channel: str, *, patience_s: float) -> float | None:
            raise StateError("the table does not answer")

    slept: list[float] = []
    file_turns(SetPace([None]), slept.append)("C0ALARMS")
    file_turns(NoTable([]), slept.append)("C0ALARMS")

    assert slept == []
