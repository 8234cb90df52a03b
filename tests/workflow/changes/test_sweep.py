"""Every quarter of an hour: what is late, what a crash left, and what a message that died was to do; AWS on moto."""

from __future__ import annotations

from bot.commands import TickCommand
from bot.models.change import Change
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import NEW, OLD, UPDATE, killing, state_of, watching
from tests.workflow.changes.steps import sweep_until
from tests.workflow.changes.world import ASKER, World


def test_ends_what_nobody_decided(world: World, queue: Queue, pending: Change) -> None:
    """The message says so too."""
    sweep_until(world, queue, 1800)

    assert state_of(world) == "expired"
    assert world.messenger.messages[pending.message_ts][-1].state == "expired"
    assert world.changes.open_changes() == ()


def test_one_bad_change_does_not_stop_the_others(world: World, queue: Queue, pending: Change) -> None:
    """Its item is gone, or cannot be read."""
    world.changes.still_open = {"chg-gone": None, **world.changes.still_open, "chg-zzz": None}
    world.clock.move(1000)

    queue.sweep()

    assert state_of(world) == "expired"


def test_lost_checks_are_made_up_for(world: World, queue: Queue, applied: Change) -> None:
    """Their messages are gone; then nothing is left to look at."""
    world.queue.waiting.clear()

    sweep_until(world, queue, 3600)

    assert sorted(check.number for check in world.change.checks) == [1, 2, 3]
    assert world.changes.open_changes() == ()


def test_an_undo_of_a_change_at_rest_is_looked_after_again(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """It was off the list; the worker dies at each delivery of the click."""
    sweep_until(world, queue, 3600)
    assert world.changes.open_changes() == ()
    account.faults[UPDATE] = killing
    queue.deliver(world.button("undo", ASKER))
    account.faults.clear()

    sweep_until(world, queue, 900)

    assert account.timeout == OLD
    assert state_of(world) == "undone"


def test_a_sweep_beside_a_living_worker_neither_ends_nor_repeats_it(
    world: World, queue: Queue, approved: Change, account: LiveAccount
) -> None:
    """The attempt is old enough to be settled, and its worker is at the very call."""
    met: list[str] = []

    def meanwhile(name: str) -> None:
        if name == "lambda:UpdateFunctionConfiguration" and not met:
            stored = world.change
            aged = stored.model_copy(update={"began_at": (stored.began_at or 0.0) - 3600})
            world.changes.rows[stored.id] = aged.model_dump_json()
            queue.once(TickCommand("now", "sweep"))
            met.append(world.change.state)

    watching(account, meanwhile)
    queue.run()

    assert met == ["applying"]
    assert account.updates == [NEW]
    assert account.timeout == NEW
