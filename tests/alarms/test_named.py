"""A name that is no function's may be an alarm's, an API's, or a slip of the finger."""

from __future__ import annotations

import pytest

from bot.alarms.named import alarm_named, near_misses, targets_behind_api
from tests.alarms.aws_parts import ACCOUNT, NOW, REGION, Account


def test_alarm_is_found_by_its_name_with_what_it_watches(account: Account) -> None:
    """As if it had just told."""
    account.clients.client("cloudwatch").put_metric_alarm(
        AlarmName="Checkout is failing",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "checkout"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=3,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )

    found = alarm_named("Checkout is failing", account.clients, region=REGION, now=NOW)

    assert found is not None
    assert (found.name, found.region, found.period_s, found.evaluation_periods) == ("Checkout is failing", REGION, 60, 3)
    assert found.metrics[0].dimensions == {"FunctionName": "checkout"}
    assert alarm_named("Something else", account.clients, region=REGION, now=NOW) is None


def test_functions_behind_an_api_are_found_by_its_name_and_by_its_id(account: Account) -> None:
    """People know the name, logs and addresses show the id."""
    arn = account.function("checkout")
    api = account.rest_api("shop", {"POST /orders": arn})

    for asked in ("shop", api):
        [target] = targets_behind_api(asked, account.clients, region=REGION, account_id=ACCOUNT)
        assert (target.function_name, target.front_door and target.front_door.id) == ("checkout", api)
    assert targets_behind_api("nothing", account.clients, region=REGION, account_id=ACCOUNT) == ()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("chekout-prod", "checkout-prod"), ("CHECKOUT-PROD", "checkout-prod"), ("orders", "orders-api-v2"), ("zzz", None)],
)
def test_near_misses_are_suggested(typed: str, expected: str | None) -> None:
    """Mistyped, in capitals, or only a part of the name."""
    found = near_misses(typed, ("checkout-prod", "orders-api-v2", "billing"))

    assert (found[0] if found else None) == expected
