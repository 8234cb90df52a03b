"""One message of the change queue: worked on once, by one worker, and again when it broke off."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.commands import CHANGE_VERBS, ClickCommand, TickCommand
from bot.errors import CommandError, DeliveryError, StateError
from bot.workflow.changes.handle import STEPS, VERBS, handle
from bot.workflow.once import LEASE_MARGIN_S, Outcome
from tests.workflow.changes.world import APPROVER, World, a_world

LEFT_S = 60.0


def hand(world: World, command: ClickCommand | TickCommand, owner: str = "worker") -> Outcome:
    """Hand a message to a worker that has a minute left."""
    return handle(world.desk, command, owner=owner, time_left_s=lambda: LEFT_S)


@pytest.fixture
def asked() -> World:
    """A world in which a change waits for approval."""
    world = a_world()
    assert hand(world, world.form()) == "done"
    world.queue.sent.clear()
    world.incidents.claims.clear()
    return world


def test_every_verb_of_the_queue_has_its_work() -> None:
    """What the endpoint sends here is known here."""
    assert set(VERBS) == CHANGE_VERBS


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (ClickCommand(request_id="r", verb="mute", subject="s", user_id=APPROVER), VERBS),
        (ClickCommand(request_id="r", verb="apply", subject="s", user_id=APPROVER), VERBS),
        (TickCommand(request_id="r", step="approve"), STEPS),
        (TickCommand(request_id="r", step=""), STEPS),
    ],
)
def test_what_is_no_work_is_refused_before_anything_is_claimed(
    asked: World, command: ClickCommand | TickCommand, known: dict[str, Callable[..., object]]
) -> None:
    """A step cannot be clicked, nor a verb be due by itself; the refusal names those that there are."""
    with pytest.raises(CommandError, match="known: " + ", ".join(known)):
        hand(asked, command)

    assert asked.incidents.claims == {}


def test_a_double_is_told_and_does_nothing(asked: World) -> None:
    """SQS delivers at least once."""
    click = asked.button("approve", APPROVER)

    assert [hand(asked, click, "first"), hand(asked, click, "second")] == ["done", "duplicate"]
    assert [given.user_id for given in asked.change.approvals] == [APPROVER]
    assert len(asked.queue.sent) == 1


def test_a_click_and_a_step_are_told_apart_whatever_their_ids(asked: World) -> None:
    """A person chooses no id, but nothing depends on that."""
    click = asked.button("approve", APPROVER, request_id="one")

    assert hand(asked, TickCommand(request_id="one", step="sweep")) == "done"
    assert hand(asked, click) == "done"
    assert asked.change.state == "approved"


def test_a_message_that_another_worker_is_at_must_come_again(asked: World) -> None:
    """That worker may die; its claim outlives it by a margin and no longer."""
    click = asked.button("approve", APPROVER)
    asked.incidents.claim(f"click|{click.request_id}", owner="other", lease_s=LEFT_S + LEASE_MARGIN_S)

    assert hand(asked, click) == "busy"
    assert asked.change.approvals == ()

    asked.clock.move(LEFT_S + LEASE_MARGIN_S)
    assert hand(asked, click) == "done"
    assert asked.change.state == "approved"


def test_work_that_broke_off_is_taken_up_by_the_next_delivery_at_once(asked: World) -> None:
    """It need not wait for a lease to end."""
    click = asked.button("approve", APPROVER)
    asked.audit.broken = True
    with pytest.raises(StateError, match="audit"):
        hand(asked, click, "first")
    asked.audit.broken = False

    assert hand(asked, click, "second") == "done"
    assert asked.change.state == "approved"


def test_slack_in_trouble_is_no_end_of_the_message(asked: World) -> None:
    """The decision stands, and what people see follows with the next delivery."""
    click = asked.button("reject", APPROVER)
    asked.messenger.refuse = {"edit_change": ["ratelimited"]}
    with pytest.raises(DeliveryError):
        hand(asked, click, "first")

    assert hand(asked, click, "second") == "done"
    assert asked.messenger.messages[asked.change.message_ts][-1].state == "rejected"


def test_the_work_knows_how_long_its_worker_has(asked: World) -> None:
    """The lock on the function outlives the worker, and is taken for its time and not the desk's."""
    hand(asked, asked.button("approve", APPROVER))
    (tick,) = asked.queue.take_due()
    assert isinstance(tick, TickCommand)
    until: list[float] = []

    def watch(name: str) -> None:
        if name == "changes.lock!":
            until.extend(end - asked.clock.now().timestamp() for _, end in asked.changes.locks.values())

    handle(asked.watched(watch), tick, owner="worker", time_left_s=lambda: 500.0)

    assert until
    assert min(until) > 500
