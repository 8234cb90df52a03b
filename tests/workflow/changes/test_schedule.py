"""The steps ahead of a change: when the queue brings them, and under which names."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import TickCommand
from bot.models.change import STANDING, Change, ChangeState
from bot.workflow.changes.schedule import MAX_DELAY_S, WARN_BEFORE_S, schedule_checks, schedule_end, tick
from tests.slack.changes.factories import STATES, a_change
from tests.workflow.changes.world import World, a_world

MINUTE = 60.0


@pytest.fixture
def world() -> World:
    """A world with nothing in its queue."""
    return a_world()


def now(world: World) -> float:
    """Return the present."""
    return world.clock.now().timestamp()


def delays(world: World) -> list[float]:
    """Return how long the queue holds each message back, in the order of sending."""
    return [at - now(world) for at, _ in world.queue.waiting]


def steps(world: World) -> list[tuple[str, str]]:
    """Return the steps that were sent, each with its message's id."""
    return [(sent.step, sent.request_id) for sent in world.queue.sent if isinstance(sent, TickCommand)]


def temporary(world: World, minutes: int = 10, **fields: Any) -> Change:
    """Return a change that stands since now, for some minutes."""
    given = {"state": "applied", "applied_at": now(world), "minutes": minutes, "revert_at": now(world) + minutes * MINUTE}
    return a_change(**{**given, **fields})


class TestTick:
    @pytest.mark.parametrize(
        ("ahead_s", "delay_s"),
        [(-3600, 0), (0, 0), (0.2, 1), (60, 60), (60.5, 61), (MAX_DELAY_S - 0.5, MAX_DELAY_S), (MAX_DELAY_S, MAX_DELAY_S)],
    )
    def test_comes_when_it_is_due_and_never_before(self, world: World, ahead_s: float, delay_s: int) -> None:
        """Whole seconds, rounded up; what is late comes at once."""
        assert tick(world.desk, "verify", a_change(), due_at=now(world) + ahead_s)

        assert delays(world) == [delay_s]

    def test_is_not_sent_when_no_queue_can_hold_it_so_long(self, world: World) -> None:
        """A sweep sends it."""
        assert not tick(world.desk, "revert", a_change(), due_at=now(world) + MAX_DELAY_S + 0.5)

        assert world.queue.sent == []

    def test_holds_all_that_the_step_needs(self, world: World) -> None:
        """When it was due is known also to a worker that gets it late."""
        change = a_change()
        tick(world.desk, "verify", change, due_at=now(world) + 60, number=2)

        assert world.queue.sent == [TickCommand(f"verify|{change.id}|2", "verify", change.id, number=2, due_at=now(world) + 60)]

    def test_is_the_same_message_until_it_is_known_to_be_lost(self, world: World) -> None:
        """A worker that died after sending sends it again, and it is worked on once."""
        for again in ("", "", "1779790900"):
            tick(world.desk, "apply", a_change(), due_at=now(world), again=again)

        first, same, other = (name for _, name in steps(world))
        assert first == same
        assert other == f"{first}|1779790900"


class TestChecks:
    def test_are_counted_from_when_the_change_stood(self, world: World) -> None:
        """A worker that sends them late does not put them off; each has a number of its own."""
        change = a_change(state="applied", applied_at=now(world) - 20)
        schedule_checks(world.desk, change)

        assert delays(world) == [40, 280, 880]
        assert steps(world) == [("verify", f"verify|{change.id}|{number}") for number in (1, 2, 3)]


class TestEnd:
    def test_is_told_of_before_it_comes(self, world: World) -> None:
        """Five minutes, in which people may keep the change."""
        schedule_end(world.desk, temporary(world, 10))

        assert [step for step, _ in steps(world)] == ["warn", "revert"]
        assert delays(world) == [10 * MINUTE - WARN_BEFORE_S, 10 * MINUTE]

    @pytest.mark.parametrize(("minutes", "sent"), [(1, ["revert"]), (5, ["revert"]), (6, ["warn", "revert"])])
    def test_of_a_short_change_comes_without_a_warning(self, world: World, minutes: int, sent: list[str]) -> None:
        """It would come with the change itself."""
        schedule_end(world.desk, temporary(world, minutes))

        assert [step for step, _ in steps(world)] == sent

    def test_is_told_of_once(self, world: World) -> None:
        """A sweep after the warning sends the end alone."""
        schedule_end(world.desk, temporary(world, warned_at=now(world)), again="sweep-1")

        assert [step for step, _ in steps(world)] == ["revert"]
        assert steps(world)[0][1].endswith("|sweep-1")

    @pytest.mark.parametrize(("minutes", "sent"), [(16, ["warn"]), (20, ["warn"]), (21, []), (24 * 60, [])])
    def test_that_is_far_away_is_sent_as_far_as_the_queue_can_hold_it(self, world: World, minutes: int, sent: list[str]) -> None:
        """The rest is a sweep's."""
        schedule_end(world.desk, temporary(world, minutes))

        assert [step for step, _ in steps(world)] == sent

    @pytest.mark.parametrize("state", [state for state in STATES if state not in STANDING])
    def test_is_none_of_a_change_that_does_not_stand(self, world: World, state: ChangeState) -> None:
        """Taken back already, or on its way there."""
        schedule_end(world.desk, temporary(world, state=state))

        assert world.queue.sent == []

    def test_is_none_of_a_change_for_good(self, world: World) -> None:
        """Never meant to end, or kept."""
        schedule_end(world.desk, temporary(world, revert_at=None, kept_by="U0ASKER"))

        assert world.queue.sent == []
