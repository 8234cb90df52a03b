"""The account on moto, and the machine's own AWS configuration out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from moto import mock_aws

from bot.aws.audit import DynamoAuditLog
from bot.aws.audit_check import check
from bot.aws.changes import DynamoChangeStore
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.models.change import Change, offer_id_of
from tests.dynamodb import OneClient, make_table
from tests.environment import forget_aws
from tests.remediations.account import REGION
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import NEW
from tests.workflow.changes.workspace import OTHER_CHANNEL, OTHER_INCIDENT, TABLE, Slack
from tests.workflow.changes.world import APPROVER, ASKER, EVENT, World, a_world, an_incident, an_offer, findings


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


@pytest.fixture
def slack(world: World, account: LiveAccount) -> Iterator[Slack]:
    """A workspace in which `orders` has an incident with an offer, and another channel has another one."""
    client = account.client("dynamodb")
    make_table(client, TABLE)
    table = Table(OneClient(client), TABLE)
    store, incidents = DynamoChangeStore(table, world.clock), DynamoIncidentStore(table, world.clock)
    other = an_incident(world.clock, id=OTHER_INCIDENT, channel=OTHER_CHANNEL, thread_ts="1779790000.000009", alarm_arn="")
    for incident in (an_incident(world.clock), other):
        incidents.create(incident)
        incidents.save(incident.id, EVENT, findings([an_offer()], world.clock))
    offered = next(iter(world.changes.offers.values()))
    store.keep_offer(offered)
    store.keep_offer(offered.model_copy(update={"id": offer_id_of(OTHER_INCIDENT, EVENT, 0), "incident_id": OTHER_INCIDENT}))
    desk = replace(world.desk, changes=store, incidents=incidents, audit=DynamoAuditLog(table), own=frozenset({TABLE}))
    yield Slack(world, desk, table)
    verdict = check(table)
    assert verdict.is_whole, verdict.faults


@pytest.fixture
def asked(slack: Slack, account: LiveAccount) -> Change:
    """A change that waits for approval."""
    assert slack.asks(slack.form(ASKER, slack.world.offer_id)) == 200
    slack.work()
    assert slack.change.state == "pending"
    account.calls.clear()
    return slack.change
