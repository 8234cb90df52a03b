"""Changes that end by themselves, and reminders of those that a deployment would take back; AWS on moto."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models.change import Change
from bot.remediations.offers import REMEDIATIONS
from tests.declared import change_reads
from tests.remediations.account import success
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import NEW, OLD, events, killing, state_of
from tests.workflow.changes.world import APPROVER, ASKER, STRANGER, THREAD, World

UPDATE = "lambda:UpdateFunctionConfiguration"
DAY = 24 * 3600.0
NOTE_TS = "1779800099.000001"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"


def made(world: World, queue: Queue, account: LiveAccount, minutes: int | None = None) -> Change:
    """Return a change that stands, for some minutes or for good."""
    queue.deliver(world.form(values={"minutes": str(minutes)} if minutes else {}))
    queue.deliver(world.button("approve", APPROVER))
    queue.run()
    assert account.timeout == NEW
    account.calls.clear()
    return world.change


def sweep_until(world: World, queue: Queue, seconds: float) -> None:
    """Let time pass with a sweep every quarter of an hour, or every three hours where it is days."""
    every_s = 900.0 if seconds < DAY else 10800.0
    end = world.clock.now() + timedelta(seconds=seconds)
    while world.clock.now() < end:
        queue.later(min(every_s, (end - world.clock.now()).total_seconds()))
        queue.sweep()


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


class TestReminders:
    @pytest.fixture
    def owned(self, world: World, queue: Queue, account: LiveAccount) -> Change:
        """A change that stands, of a function that CloudFormation made."""
        tags = {"aws:cloudformation:stack-name": "shop", "aws:cloudformation:logical-id": "Orders"}
        account.client("lambda").tag_resource(Resource=ARN, Tags=tags)
        return made(world, queue, account)

    def test_nothing_is_asked_that_no_module_declares(self, world: World, queue: Queue, owned: Change, account: LiveAccount) -> None:
        """The role is made of what is declared: checks, reminders and their end take no more."""
        account.put_alarm()
        account.calls.clear()
        sweep_until(world, queue, DAY + 3600)
        queue.deliver(world.button("undo", ASKER))

        assert account.operations <= REMEDIATIONS["raise-timeout"].iam_actions | change_reads()
        assert {"cloudformation:DescribeStackResource", "cloudwatch:DescribeAlarms"} <= account.operations

    def test_come_once_a_day(self, world: World, queue: Queue, owned: Change) -> None:
        """With the patch; the change stays on the sweep's list."""
        sweep_until(world, queue, 3 * DAY + 3600)

        assert world.messenger.notes.count((owned.id, "drift")) == 3
        assert owned.id in world.changes.open_changes()

    def test_end_when_a_deployment_left_the_value(self, world: World, queue: Queue, owned: Change, account: LiveAccount) -> None:
        """Template and function agree."""
        world.clock.move(3600)
        account.deployed_at = world.clock.now()

        sweep_until(world, queue, 2 * DAY)

        assert world.change.quiet_by == "agreed"
        assert (owned.id, "drift") not in world.messenger.notes
        assert world.audit.events[-1] == ("reminders-ended", "lambda-medic")
        assert owned.id not in world.changes.open_changes()

    def test_end_when_a_deployment_took_the_change_back(self, world: World, queue: Queue, owned: Change, account: LiveAccount) -> None:
        """It is said, with the time of the deployment."""
        world.clock.move(3600)
        account.deployed_at = world.clock.now()
        account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=OLD)

        sweep_until(world, queue, 2 * DAY)

        assert world.change.quiet_by == "taken-back"
        assert world.change.problem == "the deployment of 2026-05-14 04:12 UTC took the change back: it is timeout_s 3 now"
        assert world.messenger.notes.count((owned.id, "drift")) == 1

    def test_a_deployment_that_is_rolled_back_says_nothing(self, world: World, queue: Queue, owned: Change, account: LiveAccount) -> None:
        """The template from before stands again: the reminders go on."""
        detail = {"ResourceStatus": "UPDATE_ROLLBACK_COMPLETE", "LastUpdatedTimestamp": world.clock.now() + timedelta(hours=1)}
        account.faults["cloudformation:DescribeStackResource"] = lambda: success(StackResourceDetail=detail)

        sweep_until(world, queue, DAY + 3600)

        assert world.messenger.notes.count((owned.id, "drift")) == 1
        assert world.change.quiet_by == ""

    def test_end_when_somebody_says_stop(self, world: World, queue: Queue, owned: Change) -> None:
        """Whoever reads the channel may, by the reminder's own button."""
        sweep_until(world, queue, DAY + 3600)

        queue.deliver(world.button("stop", STRANGER, message_ts=NOTE_TS))
        sweep_until(world, queue, 2 * DAY)

        assert world.messenger.notes.count((owned.id, "drift")) == 1
        assert world.audit.events[-1] == ("reminders-ended", STRANGER)

    def test_a_stop_from_another_thread_is_refused(self, world: World, queue: Queue, owned: Change) -> None:
        """The button was copied."""
        queue.deliver(world.button("stop", ASKER, message_ts=NOTE_TS, thread_ts=f"{THREAD}9"))

        assert world.change.quiet_by == ""
        assert world.audit.events[-1] == ("refused", ASKER)

    def test_terraform_is_reminded_of_a_fortnight(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """AWS does not tell what Terraform's files hold."""
        account.client("lambda").tag_resource(Resource=ARN, Tags={"managed-by": "terraform"})
        change = made(world, queue, account)

        sweep_until(world, queue, 16 * DAY)

        assert world.messenger.notes.count((change.id, "drift")) == 14
        assert world.change.quiet_by == "enough"
        assert change.id not in world.changes.open_changes()


class TestSweep:
    def test_ends_what_nobody_decided(self, world: World, queue: Queue, pending: Change) -> None:
        """The message says so too."""
        sweep_until(world, queue, 1800)

        assert state_of(world) == "expired"
        assert world.messenger.messages[pending.message_ts][-1].state == "expired"
        assert world.changes.open_changes() == ()

    def test_one_bad_change_does_not_stop_the_others(self, world: World, queue: Queue, pending: Change) -> None:
        """Its item is gone, or cannot be read."""
        world.changes.still_open = {"chg-gone": None, **world.changes.still_open, "chg-zzz": None}
        world.clock.move(1000)

        queue.sweep()

        assert state_of(world) == "expired"

    def test_lost_checks_are_made_up_for(self, world: World, queue: Queue, applied: Change) -> None:
        """Their messages are gone; then nothing is left to look at."""
        world.queue.waiting.clear()

        sweep_until(world, queue, 3600)

        assert sorted(check.number for check in world.change.checks) == [1, 2, 3]
        assert world.changes.open_changes() == ()

    def test_an_undo_of_a_change_at_rest_is_looked_after_again(
        self, world: World, queue: Queue, applied: Change, account: LiveAccount
    ) -> None:
        """It was off the list; the worker dies at each delivery of the click."""
        sweep_until(world, queue, 3600)
        assert world.changes.open_changes() == ()
        account.faults[UPDATE] = killing
        queue.deliver(world.button("undo", ASKER))
        account.faults.clear()

        sweep_until(world, queue, 900)

        assert account.timeout == OLD
        assert state_of(world) == "undone"
