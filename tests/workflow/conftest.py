"""A desk on moto's DynamoDB, a channel in memory and an account of one function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.aws.folds import DynamoFolds
from bot.aws.incident_index import DynamoIncidentIndex
from bot.aws.pace import DynamoPace
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.playbooks.model import Playbook
from bot.playbooks.shipped import load_with_shipped
from bot.workflow.desk import Desk
from tests.clock import SetClock
from tests.dynamodb import OneClient, make_table
from tests.memory_table import MemoryTable
from tests.workflow.fakes import FakeAccount, FakeMessenger, KilledAfter, NoAws


@dataclass
class World:
    """Everything that an investigation touches."""

    desk: Desk
    messenger: FakeMessenger
    account: FakeAccount
    clock: SetClock
    store: DynamoIncidentStore

    def killed_after(self, calls: int) -> Desk:
        """Return the desk of a worker that is killed after so many calls to its ports."""
        countdown = [calls]
        ports: dict[str, Any] = {
            name: KilledAfter(getattr(self.desk, name), countdown) for name in ("store", "messenger", "index", "folds", "pace")
        }
        return replace(self.desk, **ports)


@pytest.fixture(scope="session")
def playbooks() -> tuple[Playbook, ...]:
    """Load two of the shipped playbooks, once; the workflow does not depend on the others."""
    return tuple(playbook for playbook in load_with_shipped(None) if playbook.id in {"function-timeout", "import-error"})


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start moto and return a client."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        yield client
        client.close()


@pytest.fixture
def new_world(dynamodb: Any, playbooks: tuple[Playbook, ...]) -> Any:
    """Return a function that makes a world with an empty table: in memory, or moto's."""
    made: list[str] = []

    def make(*, is_in_memory: bool = True) -> World:
        return worlds(MemoryTable() if is_in_memory else _table())

    def _table() -> Table:
        name = f"state-{len(made)}"
        made.append(name)
        make_table(dynamodb, name)
        return Table(OneClient(dynamodb), name)

    def worlds(table: Table) -> World:
        clock, messenger, account = SetClock(), FakeMessenger(), FakeAccount()
        store = DynamoIncidentStore(table, clock)
        desk = Desk(
            store=store,
            index=DynamoIncidentIndex(store),
            folds=DynamoFolds(store.table, clock),
            pace=DynamoPace(store.table, clock),
            sleep=clock.move,
            messenger=messenger,
            aws=NoAws(),
            clock=clock,
            playbooks=playbooks,
            channel="C0ALARMS",
            region="eu-west-1",
            resolve=account.resolve,
            collect=account.collect,
        )
        return World(desk, messenger, account, clock, store)

    return make


@pytest.fixture
def world(new_world: Any) -> World:
    """Return a world with an empty table."""
    made: World = new_world(is_in_memory=False)
    return made
