"""Whether a change helped, look by look: what is noted, what is said, and who is told."""

from __future__ import annotations

from bot.commands import TickCommand
from bot.models.change import Change
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import OLD, state_of
from tests.workflow.changes.steps import minutes
from tests.workflow.changes.world import ASKER, World


def test_says_recovered_and_after_how_long(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """The alarm went to OK two minutes after the change; the second look sees it."""
    account.put_alarm()
    queue.later(60)
    first = world.change
    world.clock.move(60)
    account.set_alarm("OK", world.clock.now())
    account.series["Errors"] = minutes(world, [4.0] * 10, [3.0, 0.0, 0.0])
    queue.later(180)

    assert (first.state, first.checks[0].alarm_state) == ("applied", "ALARM")
    assert world.change.state == "verified"
    assert world.change.checks[1].recovered_at == (applied.applied_at or 0) + 120
    assert world.change.checks[1].said == "Errors per minute: 4 before, 1 since"
    assert world.messenger.notes == [(applied.id, "verified")]
    entry = world.audit.entries[-1]
    assert (entry.event, entry.details["recovered_after_s"]) == ("verified", 120)


def test_says_that_it_did_not_help_after_the_last_look(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """Three looks, one note; undo is offered by it."""
    account.put_alarm()
    for seconds in (60, 240, 600):
        queue.later(seconds)

    assert [check.number for check in world.change.checks] == [1, 2, 3]
    assert state_of(world) == "ineffective"
    assert world.messenger.notes == [(applied.id, "ineffective")]
    assert world.messenger.messages[world.change.message_ts][-1].state == "ineffective"


def test_a_look_that_comes_twice_is_one(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """SQS delivers at least once."""
    account.put_alarm()
    world.clock.move(60)
    (tick,) = world.queue.take_due()

    assert [queue.deliver(tick), queue.deliver(tick)] == ["done", "duplicate"]
    assert len(world.change.checks) == 1


def test_tells_that_somebody_changed_it_since(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """An alarm that is OK is then not this change's merit."""
    account.put_alarm()
    account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=7)
    world.clock.move(30)
    account.set_alarm("OK", world.clock.now())
    queue.later(30)

    assert not world.change.checks[0].stands
    assert state_of(world) == "applied"
    assert "no longer stands, somebody changed it since" in world.change.checks[0].said


def test_a_check_that_meets_an_undo_does_not_bring_the_change_back(
    world: World, queue: Queue, applied: Change, account: LiveAccount
) -> None:
    """The look at AWS takes seconds, in which somebody takes it back."""
    undone: list[bool] = []

    def meanwhile(name: str) -> None:
        if name == "changes.swap" and not undone:
            undone.append(True)
            queue.once(world.button("undo", ASKER, applied))

    queue.deliver(TickCommand("look", "verify", applied.id, number=1), world.watched(meanwhile))

    assert undone
    assert account.timeout == OLD
    assert world.change.state == "undone"
