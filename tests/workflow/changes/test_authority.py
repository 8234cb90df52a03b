"""Whose word counts: nothing is asked for that nobody could approve."""

from __future__ import annotations

from bot.workflow.changes.rules import Rule
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import events
from tests.workflow.changes.world import APPROVER, ASKER, a_world, an_offer


def test_nothing_is_asked_for_that_too_few_could_approve(account: LiveAccount) -> None:
    """Two must approve where a neighbour may starve, and the rule knows one."""
    account.limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 170}
    account.metrics["UnreservedConcurrentExecutions", None] = 110.0
    offer = an_offer("raise-reserved-concurrency", {"to_concurrency": 70})
    world = on_moto(a_world(Rule(may_ask=(ASKER,), may_approve=(APPROVER,)), offers=[offer]), account)

    Queue(world).deliver(world.form())

    assert world.changes.all == ()
    assert events(world) == ["refused"]
    assert "2 must approve this change" in world.said_to(ASKER)[-1]


def test_the_only_approver_is_told_that_nobody_is_left_to_approve(account: LiveAccount) -> None:
    """Their own request would wait until it expired."""
    world = on_moto(a_world(Rule(may_ask=("anyone",), may_approve=(APPROVER,))), account)

    Queue(world).deliver(world.form(APPROVER))

    assert world.changes.all == ()
    assert events(world) == ["refused"]


def test_an_offer_cannot_call_itself_less_risky_than_its_action(account: LiveAccount) -> None:
    """Offers come from the function that reads; a rule for low risk must not let a grant through."""
    lax = Rule(risks=("low",), may_ask=("anyone",), may_approve=(APPROVER,), self_approval=True)
    grant = {"actions": ["s3:GetObject"], "resource": "arn:aws:s3:::orders-bucket/*"}
    world = on_moto(a_world(lax, offers=[an_offer("grant-role-permission", grant)]), account)

    Queue(world).deliver(world.form())

    assert world.changes.all == ()
    assert events(world) == ["refused"]
