"""Changes that end by themselves; AWS on moto."""

from __future__ import annotations

from dataclasses import replace

from bot.commands import TickCommand
from tests.remediations.account import failure
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import NEW, OLD, UPDATE, events, state_of
from tests.workflow.changes.steps import made, sweep_until
from tests.workflow.changes.world import APPROVER, ASKER, STRANGER, World

NOTE_TS = "1779800099.000001"


class TestTemporary:
    def test_an_hour_ends_by_itself_with_a_warning_before(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """Further away than a queue's delay, so that sweeps schedule it; the old value stands again."""
        change = made(world, queue, account, minutes=60)

        sweep_until(world, queue, 3600 - 60)
        warned = list(world.messenger.notes)
        still = account.timeout
        sweep_until(world, queue, 120)

        assert (change.id, "ending") in warned
        assert still == NEW
        assert account.timeout == OLD
        assert account.updates == [OLD]
        assert state_of(world) == "undone"
        assert world.audit.events[-2:] == [("undoing", "lambda-medic"), ("undone", "lambda-medic")]
        assert [note for _, note in world.messenger.notes].count("ending") == 1

    def test_a_short_one_needs_no_sweep(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """Within the queue's delay."""
        made(world, queue, account, minutes=10)

        queue.later(301)
        assert world.change.warned_at is not None
        queue.later(300)

        assert account.timeout == OLD

    def test_kept_it_stays(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """A click on the warning's own button, which stands in the thread."""
        change = made(world, queue, account, minutes=10)
        queue.later(301)

        click = world.button("keep", APPROVER, message_ts=NOTE_TS)
        queue.deliver(click)
        queue.deliver(replace(click, request_id="click-again"))
        queue.later(1000)

        assert account.timeout == NEW
        assert world.change.kept_by == APPROVER
        assert events(world).count("kept") == 1
        assert (change.id, "undone") not in world.messenger.notes

    def test_a_stranger_keeps_nothing(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """It ends as it was approved."""
        made(world, queue, account, minutes=10)

        queue.deliver(world.button("keep", STRANGER))
        queue.later(601)

        assert account.timeout == OLD
        assert ("refused", STRANGER) in world.audit.events

    def test_a_third_persons_change_is_not_taken_back_and_not_tried_again(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """Both states are told, once."""
        change = made(world, queue, account, minutes=10)
        account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=25)

        sweep_until(world, queue, 7200)

        assert account.timeout == 25
        assert world.change.revert_at is None
        assert world.messenger.notes.count((change.id, "undo-refused")) == 1
        assert change.id not in world.changes.open_changes()

    def test_one_whose_end_was_lost_is_ended_by_the_sweep(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """Its messages are gone."""
        made(world, queue, account, minutes=10)
        world.queue.waiting.clear()

        sweep_until(world, queue, 1000)

        assert account.timeout == OLD


class TestMeanwhile:
    def test_keep_and_the_end_at_the_same_moment_leave_it_kept(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """The worker that ends it has looked already when somebody keeps it."""
        change = made(world, queue, account, minutes=30)
        world.clock.move(30 * 60 + 1)
        world.queue.take_due()
        kept: list[bool] = []

        def meanwhile(name: str) -> None:
            if name == "changes.lock" and not kept:
                kept.append(True)
                queue.once(world.button("keep", ASKER, change))

        queue.deliver(TickCommand("end", "revert", change.id), world.watched(meanwhile))

        assert kept
        assert account.timeout == NEW
        assert world.change.kept_by == ASKER
        assert world.change.state == "applied"

    def test_a_click_on_undo_that_aws_refused_does_not_make_it_permanent(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """AWS was busy for a moment at minute five; at minute thirty the change ends all the same."""
        change = made(world, queue, account, minutes=30)
        account.faults[UPDATE] = lambda: failure(429, "TooManyRequestsException")
        queue.deliver(world.button("undo", ASKER, change))
        assert account.timeout == NEW
        account.faults.clear()

        world.clock.move(30 * 60 + 1)
        queue.deliver(TickCommand("end", "revert", change.id))

        assert account.timeout == OLD
        assert world.change.state == "undone"

    def test_a_manual_undo_and_the_end_at_the_same_moment_undo_once(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """Whoever is first does it; the other finds it done."""
        change = made(world, queue, account, minutes=30)
        account.calls.clear()
        world.clock.move(30 * 60 + 1)

        def meanwhile(name: str) -> None:
            if name == "changes.lock" and not account.updates:
                queue.once(TickCommand("end", "revert", change.id))

        queue.deliver(world.button("undo", ASKER, change), world.watched(meanwhile))

        assert account.updates == [OLD]
        assert world.change.state == "undone"
