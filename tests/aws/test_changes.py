"""The change store against moto's DynamoDB: races lose nothing, and nothing is written on a version that was not read."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.aws.changes import DynamoChangeStore
from bot.aws.table import Table
from bot.errors import ChangeRacedError, StateError
from bot.models.change import Change, ChangeState, Offered, change_id_of
from bot.models.plan import ApiCall, Ownership, RemediationPlan
from tests.clock import SetClock
from tests.dynamodb import OneClient, make_table

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:checkout"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[OneClient]:
    """Start moto with an empty table."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        make_table(client, "state")
        yield OneClient(client)
        client.close()


@pytest.fixture
def clock() -> SetClock:
    """Return a clock that stands still."""
    return SetClock()


@pytest.fixture
def store(clients: OneClient, clock: SetClock) -> DynamoChangeStore:
    """Return a store on an empty table."""
    return DynamoChangeStore(Table(clients, "state"), clock)


def a_plan() -> RemediationPlan:
    """Return a plan of a longer timeout."""
    return RemediationPlan(
        action="raise-timeout",
        function_name="checkout",
        account_id="123456789012",
        region="eu-west-1",
        risk="low",
        before={"timeout": 3},
        after={"timeout": 10.5},
        calls=[ApiCall(service="lambda", operation="UpdateFunctionConfiguration", parameters={"Timeout": 10})],
        ownership=Ownership(owner="nobody"),
        undo="set it back",
    )


def a_change(request: str = "r1", *, state: ChangeState = "pending", at: float = 1.5, incident: str = "inc-1") -> Change:
    """Return a change that was asked for."""
    plan = a_plan()
    return Change(
        id=change_id_of(request),
        incident_id=incident,
        channel="C1",
        thread_ts="1.2",
        plan=plan,
        fingerprint=plan.fingerprint(),
        state=state,
        requested_by="U1",
        requested_at=at,
        expires_at=at + 900,
    )


class Refusing:
    """Fills the port AwsClients; the service takes the writes of one operation and its answer is lost, so that the SDK sends them again."""

    def __init__(self, clients: OneClient, operation: str) -> None:
        self._clients = clients
        self._operation = operation

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client."""
        return _Repeating(self._clients.client(service), self._operation)


class _Repeating:
    def __init__(self, client: Any, operation: str) -> None:
        self._client = client
        self._operation = operation

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._client, name)
        if name != self._operation:
            return member

        def called(**kwargs: Any) -> Any:
            member(**kwargs)
            return member(**kwargs)

        return called


class TestOffer:
    def test_is_kept_once(self, store: DynamoChangeStore, clients: OneClient, clock: SetClock) -> None:
        """The button holds nothing but its id."""
        offered = Offered(id="off-1", incident_id="inc-1", event="e", index=0, action="raise-timeout")
        store.keep_offer(offered)
        store.keep_offer(offered.model_copy(update={"index": 7}))

        assert store.offer("off-1") == offered
        assert store.offer("off-2") is None
        assert _expiry(clients, "offer#off-1") - clock.now().timestamp() == pytest.approx(30 * 86400, abs=1)


class TestAdd:
    def test_is_added_once_and_found_by_its_incident(self, store: DynamoChangeStore) -> None:
        """A double delivery of the request gets what stands."""
        first = store.add_change(a_change())
        store.swap(first.model_copy(update={"message_ts": "3.4"}))

        again = store.add_change(a_change())

        assert (again.message_ts, again.version) == ("3.4", 1)
        assert store.changes_of("inc-1") == (again,)
        assert store.open_changes() == (first.id,)

    def test_is_listed_also_when_the_worker_died_before_it_was(self, store: DynamoChangeStore, clients: OneClient) -> None:
        """The retry completes what was begun."""
        change = store.add_change(a_change())
        for key in ("open-changes", "changes#inc-1"):
            clients.client("dynamodb").delete_item(TableName="state", Key={"pk": {"S": key}})

        store.add_change(change)

        assert store.open_changes() == (change.id,)
        assert store.changes_of("inc-1") == (change,)

    def test_of_many_at_once_loses_none(self, store: DynamoChangeStore) -> None:
        """The lists are changed by atomic updates."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: store.add_change(a_change(f"r{i}", at=i)), range(24)))

        assert len(store.open_changes()) == 24
        assert [change.requested_at for change in store.changes_of("inc-1")] == list(map(float, range(24)))

    def test_stays_for_more_than_a_year(self, store: DynamoChangeStore, clients: OneClient, clock: SetClock) -> None:
        """The list of open ones never expires."""
        change = store.add_change(a_change())

        assert _expiry(clients, f"change#{change.id}") - clock.now().timestamp() >= 400 * 86400 - 1
        assert _expiry(clients, "open-changes") == 0

    def test_keeps_every_value_as_it_was(self, store: DynamoChangeStore) -> None:
        """An approval is bound to the plan's hash, so nothing may change on the way through the table."""
        change = store.add_change(a_change())
        found = store.change_of(change.id)

        assert found is not None
        assert found.plan.fingerprint() == change.fingerprint
        assert found == change


class TestSwap:
    def test_lets_one_of_many_win(self, store: DynamoChangeStore) -> None:
        """Two approvals race: each sees the other's or fails, none is overwritten."""
        change = store.add_change(a_change())

        def try_once(i: int) -> bool:
            try:
                store.swap(change.model_copy(update={"message_ts": str(i)}))
            except ChangeRacedError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(try_once, range(16)))

        assert won.count(True) == 1

    def test_of_equal_content_is_still_won_by_one(self, store: DynamoChangeStore) -> None:
        """Two workers that both begin to apply write the same; only one may go on."""
        change = store.add_change(a_change(state="approved"))
        begun = change.model_copy(update={"state": "applying"})
        store.swap(begun)

        with pytest.raises(ChangeRacedError, match="version 0 was read, the table has 1"):
            store.swap(begun)

    def test_knows_its_own_write_when_the_answer_was_lost(self, store: DynamoChangeStore, clients: OneClient, clock: SetClock) -> None:
        """The SDK sends the write again, and the condition fails on what it wrote itself."""
        change = store.add_change(a_change())
        repeated = DynamoChangeStore(Table(Refusing(clients, "put_item"), "state"), clock)

        assert repeated.swap(change).version == 1

    def test_lists_a_change_that_is_under_way_again(self, store: DynamoChangeStore) -> None:
        """An undo of a change that nobody looked at any more must be found by a sweep, should its worker die."""
        change = store.add_change(a_change(state="approved"))
        done = store.swap(change.model_copy(update={"state": "verified"}))
        store.close_change(change.id)
        assert store.open_changes() == ()

        store.swap(done.model_copy(update={"state": "undoing"}))

        assert store.open_changes() == (change.id,)

    def test_of_a_change_that_is_not_there_fails(self, store: DynamoChangeStore) -> None:
        """Nothing is made up."""
        with pytest.raises(ChangeRacedError, match="the table has none"):
            store.swap(a_change())

    def test_damaged_item_is_named(self, store: DynamoChangeStore, clients: OneClient) -> None:
        """And is no change with defaults."""
        clients.client("dynamodb").put_item(TableName="state", Item={"pk": {"S": "change#x"}, "content": {"S": "{}"}})

        with pytest.raises(StateError, match="x: what the table holds is no change"):
            store.change_of("x")


class TestLock:
    def test_is_held_by_one(self, store: DynamoChangeStore, clock: SetClock) -> None:
        """One change at a time for a function; its own retry goes on."""
        assert store.lock(ARN, "chg-1", lease_s=60)
        assert store.lock(ARN, "chg-1", lease_s=60)
        assert not store.lock(ARN, "chg-2", lease_s=60)
        assert store.lock(f"{ARN}-other", "chg-2", lease_s=60)

        store.unlock(ARN, "chg-2")
        assert not store.lock(ARN, "chg-2", lease_s=60), "another's lock stays"
        clock.move(61)
        assert store.lock(ARN, "chg-2", lease_s=60), "a worker that died holds it no longer than its lease"

    def test_is_free_after_its_return(self, store: DynamoChangeStore) -> None:
        """The next change need not wait for the lease."""
        store.lock(ARN, "chg-1", lease_s=600)
        store.unlock(ARN, "chg-1")
        store.unlock("arn:never-held", "chg-1")

        assert store.lock(ARN, "chg-2", lease_s=60)

    def test_goes_to_one_of_many(self, store: DynamoChangeStore) -> None:
        """The condition is judged by the table."""
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda i: store.lock(ARN, f"chg-{i}", lease_s=60), range(16)))

        assert got.count(True) == 1


def _expiry(clients: OneClient, pk: str) -> int:
    item = clients.client("dynamodb").get_item(TableName="state", Key={"pk": {"S": pk}})["Item"]
    return int(item.get("expires_at", {"N": "0"})["N"])
