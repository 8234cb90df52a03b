"""The account on moto, and the machine's own AWS configuration out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from bot.models.change import Change
from tests.environment import forget_aws
from tests.remediations.account import REGION
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import NEW
from tests.workflow.changes.world import APPROVER, World, a_world


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_aws(monkeypatch, tmp_path, REGION)


@pytest.fixture
def account() -> Iterator[LiveAccount]:
    """An account with the function `orders`, its versions, alias, queue and API, and some neighbours."""
    with mock_aws():
        yield LiveAccount()


@pytest.fixture
def world(account: LiveAccount) -> World:
    """A world whose offer is to raise the timeout of `orders` from 3 to 10 s."""
    return on_moto(a_world(), account)


@pytest.fixture
def queue(world: World) -> Queue:
    """The change queue."""
    return Queue(world)


@pytest.fixture
def pending(world: World, queue: Queue, account: LiveAccount) -> Change:
    """A change that was asked for."""
    queue.deliver(world.form())
    assert world.change.state == "pending"
    account.calls.clear()
    return world.change


@pytest.fixture
def approved(world: World, queue: Queue, pending: Change) -> Change:
    """A change that was approved; its message to go on waits in the queue."""
    queue.deliver(world.button("approve", APPROVER))
    assert world.change.state == "approved"
    return world.change


@pytest.fixture
def applied(world: World, queue: Queue, approved: Change, account: LiveAccount) -> Change:
    """A change that stands."""
    queue.run()
    assert world.change.state == "applied"
    assert account.timeout == NEW
    return world.change
