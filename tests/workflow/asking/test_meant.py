"""What `/lambda why` is about where it names no function: an alarm, an API, or a slip of the finger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from moto import mock_aws

from bot.question import Question
from bot.workflow.asking.desk import AskDesk
from bot.workflow.asking.meant import meant_by
from tests.alarms.aws_parts import REGION, Account
from tests.workflow.asking.fakes import an_ask_desk
from tests.workflow.conftest import World, dynamodb, new_world, playbooks, world

__all__ = ["dynamodb", "new_world", "playbooks", "world"]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Return an account of moto's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account()


@pytest.fixture
def desk(world: World, account: Account) -> AskDesk:
    """Return a desk in that account, whose functions are checkout, checkout-prod and billing."""
    return an_ask_desk(replace(world.desk, aws=account.clients, region=REGION), world.clock)


def test_function_is_itself(desk: AskDesk) -> None:
    """With an alias or without; nothing is asked."""
    assert meant_by(desk, Question("checkout", qualifier="live")) is None


def test_alarm_is_meant_by_its_name(desk: AskDesk, account: Account) -> None:
    """As it stands in a page or a mail."""
    account.clients.client("cloudwatch").put_metric_alarm(
        AlarmName="orders-p99",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "checkout"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )

    meant = meant_by(desk, Question("orders-p99"))

    assert meant is not None
    assert meant.alarm is not None
    assert meant.alarm.name == "orders-p99"


def test_api_is_meant_by_its_name_and_the_other_functions_are_counted(desk: AskDesk, account: Account) -> None:
    """What callers saw goes with it."""
    account.rest_api("shop", {"POST /orders": account.function("checkout"), "GET /bills": account.function("billing")})

    meant = meant_by(desk, Question("shop", status=502))

    assert meant is not None
    assert meant.subject is not None
    assert meant.subject.client is not None
    assert meant.subject.client.status == 502
    [note] = meant.subject.notes
    assert note.startswith("2 functions are behind shop (")
    assert {"checkout", "billing"} <= set(note.replace("(", " ").replace(")", " ").replace(",", " ").split())


def test_anything_else_is_a_slip_of_the_finger(desk: AskDesk) -> None:
    """The names that are near."""
    meant = meant_by(desk, Question("chekout-prod"))

    assert meant is not None
    assert (meant.alarm, meant.subject, meant.suggestions[0]) == (None, None, "checkout-prod")
