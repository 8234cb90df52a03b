"""What people say of diagnoses, and the names of functions, against moto."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.aws.directory import KEY, FunctionDirectory
from bot.aws.feedback import DynamoFeedback
from bot.aws.table import Table
from bot.errors import StateError
from bot.models.replies import Vote
from tests.alarms.aws_parts import Account
from tests.clock import SetClock
from tests.dynamodb import OneClient, make_table


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """Make the table as the template makes it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        make_table(client, "state")
        yield Table(OneClient(client), "state")


def a_vote(user: str = "U0ONCALL", **fields: Any) -> Vote:
    """Return a verdict."""
    return Vote.model_validate({"grade": "right", "user_id": user, "at": 1.0, **fields})


def test_votes_of_several_people_are_kept_and_a_second_thought_replaces_the_first(table: Table) -> None:
    """One person has one vote."""
    store = DynamoFeedback(table, SetClock())
    store.vote("inc-1", a_vote("U1"))
    store.vote("inc-1", a_vote("U2", grade="wrong", cause="slow-downstream", at=2.0))
    store.vote("inc-1", a_vote("U1", grade="partly", at=3.0))

    assert [(vote.user_id, vote.grade) for vote in store.votes("inc-1")] == [("U2", "wrong"), ("U1", "partly")]
    assert store.votes("inc-2") == ()


def test_votes_at_the_same_moment_are_all_kept(table: Table) -> None:
    """Each is an attribute of its own, set by one write."""
    store = DynamoFeedback(table, SetClock())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.vote("inc-1", a_vote(f"U{number}")), range(20)))

    assert len(store.votes("inc-1")) == 20


def test_user_id_that_is_none_is_refused(table: Table) -> None:
    """It would become the name of an attribute."""
    with pytest.raises(StateError, match="user_id"):
        DynamoFeedback(table, SetClock()).vote("inc-1", a_vote("U1#x"))


def test_names_are_read_once_an_hour_and_kept_for_the_public_endpoint(table: Table) -> None:
    """ListFunctions shares 15 requests a second with the customer's deployments."""
    account, clock = Account(), SetClock()
    directory = FunctionDirectory(table, account.clients, clock)
    account.function("checkout")

    assert directory.names() == ()
    assert directory.refresh() == ("checkout",)
    account.function("billing")
    assert directory.refresh() == ("checkout",)
    clock.move(3700)
    assert directory.refresh() == directory.names() == ("billing", "checkout")
    assert (table.get(KEY) or {})["names"] == ["billing", "checkout"]


def test_failure_to_read_names_is_no_failure(table: Table) -> None:
    """Type-ahead is a comfort."""

    class Broken:
        def client(self, service: str, region: str | None = None) -> Any:
            raise StateError("no way to AWS")

    assert FunctionDirectory(table, Broken(), SetClock()).refresh() == ()
