"""From a composite alarm down to the alarms that are red, in an account that moto plays."""

from __future__ import annotations

from typing import Any

from bot.alarms.target import resolve
from tests.alarms.alarms import an_alarm, answering, names
from tests.alarms.aws_parts import ACCOUNT, NOW, REGION, Account


class TestComposites:
    def test_children_that_are_red_lead_on(self, account: Account) -> None:
        """The child that is OK is not why the parent is red."""
        for name in ("orders", "cart"):
            account.function(name)
        account.metric_alarm("orders-errors", "orders")
        account.metric_alarm("cart-errors", "cart", state="OK")

        resolved = resolve(an_alarm("composite-without-children"), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.alarm.dimensions == ({"FunctionName": "orders"},)

    def test_composites_below_composites_are_followed(self, account: Account) -> None:
        """Down to the metrics; a circle ends. Answers in DescribeAlarms' shape, since moto has no composite alarms."""
        account.function("orders")
        outer = {"AlarmName": "outer", "AlarmRule": "ALARM(inner) OR ALARM('outer')", "StateValue": "ALARM"}
        inner = {"AlarmName": "inner", "AlarmRule": 'NOT ALARM("quiet") AND ALARM("orders-errors")', "StateValue": "ALARM"}
        where = [{"Name": "FunctionName", "Value": "orders"}]
        metric = {
            "AlarmName": "orders-errors",
            "StateValue": "ALARM",
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": where,
        }
        quiet = {**metric, "AlarmName": "quiet", "StateValue": "OK", "Dimensions": [{"Name": "FunctionName", "Value": "cart"}]}
        answers: list[dict[str, Any]] = [{"CompositeAlarms": [outer]}, {"CompositeAlarms": [inner]}, {"MetricAlarms": [quiet, metric]}]
        alarm = an_alarm("composite", AlarmName="top", TriggeringChildren=[{"Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:outer"}])

        with answering(account.clients, "cloudwatch", [("describe_alarms", answer) for answer in answers]) as clients:
            resolved = resolve(alarm, clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.gaps == ()

    def test_children_that_are_gone_are_named(self, account: Account) -> None:
        """DescribeAlarms leaves them out in silence."""
        notes = resolve(an_alarm("composite"), account.clients, now=NOW).notes

        assert "alarms that do not exist any more: orders-errors" in notes
