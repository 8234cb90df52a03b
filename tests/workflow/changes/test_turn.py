"""One worker at a change, and one change at a function, a role or a stage at a time; AWS on moto."""

from __future__ import annotations

import pytest

from bot.commands import TickCommand
from bot.errors import StateError
from bot.models.change import Change
from bot.workflow.changes.turn import LEASE_MARGIN_S
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import NEW, UPDATE, watching
from tests.workflow.changes.steps import documents
from tests.workflow.changes.world import APPROVER, EVENT, INCIDENT, World, a_world, an_offer, findings


def test_one_change_of_a_function_at_a_time(world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
    """Another one holds the function's lock: this one comes again and is made after it."""
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    assert world.changes.lock(arn, "chg-another", lease_s=65)
    (tick,) = world.queue.take_due()

    with pytest.raises(Exception, match="another change of orders is being made"):
        queue.once(tick)  # type: ignore[arg-type]
    assert account.updates == []
    world.changes.unlock(arn, "chg-another")
    queue.deliver(tick)

    assert account.updates == [NEW]


def test_two_messages_about_one_change_make_it_once(world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
    """A sweep sent another message while the first one's worker is at the very call."""
    met: list[Exception] = []

    def meanwhile() -> None:
        del account.faults[UPDATE]
        try:
            queue.once(TickCommand("another", "apply", approved.id))
        except StateError as exc:
            met.append(exc)

    account.faults[UPDATE] = meanwhile

    queue.run()

    assert account.updates == [NEW]
    assert "another worker is at this change" in str(met[0])


def test_a_lock_of_a_dead_worker_is_waited_for_until_its_lease_ends(
    world: World, queue: Queue, approved: Change, account: LiveAccount
) -> None:
    """Clocks of two workers differ by less than a lease's margin; a lock of a dead one goes when its lease ends."""
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    assert world.changes.lock(arn, "chg-dead", lease_s=119 + LEASE_MARGIN_S)
    (tick,) = world.queue.take_due()
    world.clock.move(119 + LEASE_MARGIN_S - 1)
    with pytest.raises(StateError, match="is being made"):
        queue.once(tick)  # type: ignore[arg-type]
    assert account.updates == []

    world.clock.move(2)
    queue.deliver(tick)

    assert account.updates == [NEW]


def test_two_functions_with_one_role_do_not_write_over_each_others_grant(account: LiveAccount) -> None:
    """Both were planned while the role had no such policy; the second one meets the first at the very call."""
    grants = [{"actions": ["s3:GetObject"], "resource": f"arn:aws:s3:::{name}/*", "policy_name": "medic-s3"} for name in ("one", "two")]
    world = on_moto(a_world(offers=[an_offer("grant-role-permission", grants[0])]), account)
    other = on_moto(a_world(offers=[an_offer("grant-role-permission", grants[1])]), account)
    other.incidents.save(INCIDENT, EVENT, findings([an_offer("grant-role-permission", grants[1])], other.clock, "invoices"))
    other.changes = world.changes
    queues = Queue(world), Queue(other)
    other_form = other.form(request_id="other-form")
    queues[1].deliver(other_form)
    second = world.changes.all[-1]
    queues[1].deliver(other.button("approve", APPROVER, second, request_id="other-approve"))
    queues[0].deliver(world.form())
    first = next(change for change in world.changes.all if change.id != second.id)
    queues[0].deliver(world.button("approve", APPROVER, first))
    met: list[Exception] = []

    def meanwhile(name: str) -> None:
        if name == "iam:PutRolePolicy" and not met:
            try:
                queues[1].once(TickCommand("meanwhile", "apply", second.id))
            except StateError as exc:
                met.append(exc)

    watching(account, meanwhile)
    queues[0].run()

    assert "another change of arn:aws:iam::123456789012:role/orders-role" in str(met[0])
    assert documents(account)["medic-s3"]["Statement"][0]["Resource"] == "arn:aws:s3:::one/*"
    queues[1].run()
    assert documents(account)["medic-s3"]["Statement"][0]["Resource"] == "arn:aws:s3:::one/*"
    assert {change.id: change.state for change in world.changes.all} == {first.id: "applied", second.id: "failed"}
