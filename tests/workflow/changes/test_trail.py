"""What goes into the audit trail about a change."""

from __future__ import annotations

from tests.workflow.changes.delivery import Queue
from tests.workflow.changes.world import World


def test_a_refusal_without_a_plan_is_found_by_its_function(world: World, queue: Queue) -> None:
    """`/lambda audit orders` must show that somebody tried."""
    queue.deliver(world.form(values={"to_seconds": "9000"}))

    (entry,) = world.audit.entries
    assert (entry.event, entry.function_name, entry.action) == ("refused", "orders", "raise-timeout")
