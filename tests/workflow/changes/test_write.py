"""A step is written on the version that it was made from, however many workers write."""

from __future__ import annotations

import pytest

from bot.errors import ChangeRacedError, StateError
from bot.models.change import Change, ChangeState
from bot.workflow.changes import states
from bot.workflow.changes.trail import SELF
from bot.workflow.changes.write import ATTEMPTS, expire_if_late, step
from tests.slack.changes.factories import STATES, a_change
from tests.workflow.changes.world import CHANNEL, INCIDENT, THREAD, World, a_world

MESSAGE = "1779800000.000001"


def with_change(state: ChangeState = "pending") -> World:
    """Return a world with one change, whose lifetime is a minute."""
    world = a_world()
    expires_at = world.clock.now().timestamp() + 60
    place = {"incident_id": INCIDENT, "channel": CHANNEL, "thread_ts": THREAD, "message_ts": MESSAGE}
    change = a_change(None, **place, state=state, expires_at=expires_at)
    world.messenger.messages[MESSAGE] = [world.changes.add_change(change)]
    return world


def failed(change: Change) -> Change:
    """Let a change fail."""
    return states.failed(change, "AWS said no")


def overtaken(world: World, times: int) -> None:
    """Let another worker write the change before each of the next writes."""

    def before_swap(change: Change) -> None:
        stored = world.changes.stored(change.id)
        # The store forgets the hook when it calls it, so that this write is none of those that are overtaken.
        world.changes.swap(stored.model_copy(update={"reminders": stored.reminders + 1}))
        overtaken(world, times - 1)

    if times:
        world.changes.before_swap = before_swap


class TestStep:
    def test_is_written_and_returned_as_it_stands(self) -> None:
        """With the version that a following write is made on."""
        world = with_change()
        after = step(world.desk, world.change.id, failed)

        assert (after.state, after.version) == ("failed", 1)
        assert after == world.change

    def test_that_changes_nothing_is_not_written(self) -> None:
        """Others need not read it again."""
        world = with_change()

        assert step(world.desk, world.change.id, lambda change: change).version == 0
        assert world.change.version == 0

    @pytest.mark.parametrize("times", range(1, ATTEMPTS))
    def test_that_was_overtaken_is_made_from_what_stands_now(self, times: int) -> None:
        """Neither of the two is lost."""
        world = with_change()
        overtaken(world, times)

        after = step(world.desk, world.change.id, failed)

        assert (after.state, after.reminders, after.version) == ("failed", times, times + 1)

    def test_that_is_overtaken_every_time_comes_again(self) -> None:
        """By the queue, and nothing was written meanwhile."""
        world = with_change()
        overtaken(world, ATTEMPTS)

        with pytest.raises(ChangeRacedError):
            step(world.desk, world.change.id, failed)

        assert (world.change.state, world.change.reminders) == ("pending", ATTEMPTS)

    def test_of_no_change_is_said_so(self) -> None:
        """The table has lost it, or never had it."""
        with pytest.raises(StateError, match="chg-gone"):
            step(with_change().desk, "chg-gone", failed)


class TestExpiry:
    @pytest.mark.parametrize("state", ["pending", "approved"])
    def test_is_recorded_shown_and_closed(self, state: ChangeState) -> None:
        """Nobody clicked: it happens by itself."""
        world = with_change(state)
        world.clock.move(60)

        assert expire_if_late(world.desk, world.change).state == "expired"
        assert expire_if_late(world.desk, world.change).state == "expired"

        assert world.audit.events == [("expired", SELF)]
        assert [version.state for version in world.messenger.messages[MESSAGE]] == [state, "expired"]
        assert world.changes.open_changes() == ()

    def test_does_not_come_a_moment_early(self) -> None:
        """Its last second is a good one."""
        world = with_change()
        world.clock.move(59)

        assert expire_if_late(world.desk, world.change) == world.change
        assert world.audit.events == []

    @pytest.mark.parametrize("state", [state for state in STATES if state not in {"pending", "approved", "expired"}])
    def test_is_none_of_what_was_begun_or_decided(self, state: ChangeState) -> None:
        """However late."""
        world = with_change(state)
        world.clock.move(3600)

        assert expire_if_late(world.desk, world.change).state == state
        assert world.audit.events == []

    def test_that_meets_a_beginning_is_none(self) -> None:
        """The write began in time, on the version that was read before."""
        world = with_change("approved")
        read = world.change
        began_at = world.clock.now().timestamp()
        world.changes.swap(states.begin(read, began_at))
        world.clock.move(60)

        assert expire_if_late(world.desk, read).state == "applying"
        assert world.audit.events == []
        assert world.changes.open_changes() == (read.id,)
