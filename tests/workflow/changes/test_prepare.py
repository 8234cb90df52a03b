"""From an offer to a plan: never one that touches the bot's own things."""

from __future__ import annotations

import pytest

from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.world import a_world, an_offer


@pytest.mark.parametrize(
    "resource",
    ["arn:aws:dynamodb:eu-west-1:123456789012:table/medic-state", "arn:aws:sqs:eu-west-1:123456789012:medic-change",
     "arn:aws:ssm:eu-west-1:123456789012:parameter/medic/rules", "arn:aws:s3:::medic-audit/audit/*"],
)  # fmt: skip
def test_no_function_gets_rights_on_what_approvals_are_kept_in(account: LiveAccount, resource: str) -> None:
    """Whoever writes the table writes approvals; a log line that asks for it must not be offered a button that works."""
    offer = an_offer("grant-role-permission", {"actions": ["dynamodb:PutItem"], "resource": resource})
    world = on_moto(a_world(offers=[offer]), account)
    own = frozenset({"medic-state", "medic-change", "medic/rules", "medic-audit"})

    Queue(world).deliver(world.form(), world.watched(lambda name: None, own=own))

    assert world.changes.all == ()
    assert account.writes == []
    assert "belongs to this bot" in world.audit.entries[-1].details["why"]
