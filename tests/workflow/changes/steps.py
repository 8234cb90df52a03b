"""Steps that many tests take, and what stands in AWS at their end."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from bot.models.change import Change
from tests.remediations.changes import API_ARN
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import NEW
from tests.workflow.changes.world import APPROVER, World, a_world, an_offer

DAY = 24 * 3600.0

TWO_STATEMENTS = [{"statement_id": f"medic-{n}", "principal": "apigateway.amazonaws.com", "source_arn": API_ARN} for n in (1, 2)]


def made(world: World, queue: Queue, account: LiveAccount, minutes: int | None = None) -> Change:
    """Return a change that stands, for some minutes or for good."""
    queue.deliver(world.form(values={"minutes": str(minutes)} if minutes else {}))
    queue.deliver(world.button("approve", APPROVER))
    queue.run()
    assert world.change.state == "applied"
    assert (world.change.revert_at is None) == (minutes is None)
    assert account.timeout == NEW
    account.calls.clear()
    return world.change


def minutes(world: World, before: list[float], since: list[float]) -> list[tuple[float, float]]:
    """Return a metric by the minute, before the change and since."""
    applied_at = world.change.applied_at or 0.0
    first = applied_at // 60 * 60
    earlier = [(first - 60 * (len(before) - at), value) for at, value in enumerate(before)]
    return earlier + [(first + 60 * (at + 1), value) for at, value in enumerate(since)]


def sweep_until(world: World, queue: Queue, seconds: float) -> None:
    """Let time pass with a sweep every quarter of an hour, or every three hours where it is days."""
    every_s = 900.0 if seconds < DAY else 10800.0
    end = world.clock.now() + timedelta(seconds=seconds)
    while world.clock.now() < end:
        queue.later(min(every_s, (end - world.clock.now()).total_seconds()))
        queue.sweep()


def two_statements(account: LiveAccount) -> tuple[World, Queue]:
    """Return a world in which a change of two calls was approved."""
    world = on_moto(a_world(offers=[an_offer("add-invoke-permission", {"statements": TWO_STATEMENTS})]), account)
    queue = Queue(world)
    queue.deliver(world.form())
    queue.deliver(world.button("approve", APPROVER))
    account.calls.clear()
    return world, queue


def at_once(*works: Any) -> None:
    """Run each in a thread, all at the same moment."""
    start = threading.Barrier(len(works))

    def run(work: Any) -> None:
        start.wait()
        # The queue would bring a failed one again; what counts is what stands.
        with suppress(Exception):
            work()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def statement_ids(account: LiveAccount) -> set[str]:
    """Return the statements of the function's resource policy."""
    try:
        policy = account.client("lambda").get_policy(FunctionName="orders")["Policy"]
    except ClientError:
        return set()
    return {statement["Sid"] for statement in json.loads(policy)["Statement"]}


def documents(account: LiveAccount, role: str = "orders-role") -> dict[str, Any]:
    """Return a role's inline policies."""
    iam = account.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: json.loads(json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])) for name in names}
