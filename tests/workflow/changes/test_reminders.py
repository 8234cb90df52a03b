"""Reminders of a change that a deployment would take back, until template and function agree; AWS on moto."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.models.change import Change
from bot.remediations.offers import REMEDIATIONS
from tests.declared import change_reads
from tests.remediations.account import success
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import OLD, events
from tests.workflow.changes.steps import DAY, made, sweep_until
from tests.workflow.changes.world import ASKER, STRANGER, THREAD, World

NOTE_TS = "1779800099.000001"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"


@pytest.fixture
def owned(world: World, queue: Queue, account: LiveAccount) -> Change:
    """A change that stands, of a function that CloudFormation made."""
    tags = {"aws:cloudformation:stack-name": "shop", "aws:cloudformation:logical-id": "Orders"}
    account.client("lambda").tag_resource(Resource=ARN, Tags=tags)
    return made(world, queue, account)


def test_nothing_is_asked_that_no_module_declares(world: World, queue: Queue, owned: Change, account: LiveAccount) -> None:
    """The role is made of what is declared: checks, reminders and their end take no more."""
    account.put_alarm()
    account.calls.clear()
    sweep_until(world, queue, DAY + 3600)
    queue.deliver(world.button("undo", ASKER))

    assert account.operations <= REMEDIATIONS["raise-timeout"].iam_actions | change_reads()
    assert {"cloudformation:DescribeStackResource", "cloudwatch:DescribeAlarms"} <= account.operations


def test_come_once_a_day(world: World, queue: Queue, owned: Change) -> None:
    """With the patch; the change stays on the sweep's list."""
    sweep_until(world, queue, 3 * DAY + 3600)

    assert world.messenger.notes.count((owned.id, "drift")) == 3
    assert owned.id in world.changes.open_changes()


def test_end_when_a_deployment_left_the_value(world: World, queue: Queue, owned: Change, account: LiveAccount) -> None:
    """Template and function agree."""
    world.clock.move(3600)
    account.deployed_at = world.clock.now()

    sweep_until(world, queue, 2 * DAY)

    assert world.change.quiet_by == "agreed"
    assert (owned.id, "drift") not in world.messenger.notes
    assert world.audit.events[-1] == ("reminders-ended", "lambda-medic")
    assert owned.id not in world.changes.open_changes()


def test_end_when_a_deployment_took_the_change_back(world: World, queue: Queue, owned: Change, account: LiveAccount) -> None:
    """It is said, with the time of the deployment."""
    world.clock.move(3600)
    account.deployed_at = world.clock.now()
    account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=OLD)

    sweep_until(world, queue, 2 * DAY)

    assert world.change.quiet_by == "taken-back"
    assert world.change.problem == "the deployment of 2026-05-14 04:12 UTC took the change back: it is timeout_s 3 now"
    assert world.messenger.notes.count((owned.id, "drift")) == 1


def test_a_deployment_that_is_rolled_back_says_nothing(world: World, queue: Queue, owned: Change, account: LiveAccount) -> None:
    """The template from before stands again: the reminders go on."""
    detail = {"ResourceStatus": "UPDATE_ROLLBACK_COMPLETE", "LastUpdatedTimestamp": world.clock.now() + timedelta(hours=1)}
    account.faults["cloudformation:DescribeStackResource"] = lambda: success(StackResourceDetail=detail)

    sweep_until(world, queue, DAY + 3600)

    assert world.messenger.notes.count((owned.id, "drift")) == 1
    assert world.change.quiet_by == ""


def test_end_when_somebody_says_stop(world: World, queue: Queue, owned: Change) -> None:
    """Whoever reads the channel may, by the reminder's own button."""
    sweep_until(world, queue, DAY + 3600)

    queue.deliver(world.button("stop", STRANGER, message_ts=NOTE_TS))
    sweep_until(world, queue, 2 * DAY)

    assert world.messenger.notes.count((owned.id, "drift")) == 1
    assert world.audit.events[-1] == ("reminders-ended", STRANGER)


def test_a_stop_from_another_thread_is_refused(world: World, queue: Queue, owned: Change) -> None:
    """The button was copied."""
    queue.deliver(world.button("stop", ASKER, message_ts=NOTE_TS, thread_ts=f"{THREAD}9"))

    assert world.change.quiet_by == ""
    assert world.audit.events[-1] == ("refused", ASKER)


def test_terraform_is_reminded_of_a_fortnight(world: World, queue: Queue, account: LiveAccount) -> None:
    """AWS does not tell what Terraform's files hold."""
    account.client("lambda").tag_resource(Resource=ARN, Tags={"managed-by": "terraform"})
    change = made(world, queue, account)

    sweep_until(world, queue, 16 * DAY)

    assert world.messenger.notes.count((change.id, "drift")) == 14
    assert world.change.quiet_by == "enough"
    assert change.id not in world.changes.open_changes()


def test_stop_is_refused_once_the_change_does_not_stand(world: World, queue: Queue, applied: Change) -> None:
    """A click on an old note."""
    queue.deliver(world.button("undo", ASKER))
    assert world.change.state == "undone"

    queue.deliver(world.button("stop", ASKER))

    assert world.change.quiet_by == ""
    assert events(world)[-1] == "refused"
