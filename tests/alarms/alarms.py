"""Alarms as if they had gone off now, what was found behind them, and services that answer as a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.stub import Stubber

from bot.alarms.delivery import parse_record
from bot.alarms.target import ResolvedTarget
from bot.models.alarm import Alarm
from bot.ports import AwsClients
from tests.alarms.aws_parts import ACCOUNT, NOW, REGION
from tests.alarms.wrappings import a_delivery


def an_alarm(delivery: str = "metric", **changes: Any) -> Alarm:
    """Return the alarm of a delivery as if it had gone off now, in moto's account."""
    message = {**a_delivery(delivery), "StateChangeTime": NOW.isoformat(), "AWSAccountId": ACCOUNT, **changes}
    message["AlarmArn"] = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{message['AlarmName']}"
    alarm = parse_record(json.dumps(message)).alarm
    assert alarm is not None
    return alarm


def on(namespace: str, metric: str, **dimensions: str) -> Alarm:
    """Return an alarm on one metric."""
    pairs = [{"name": name, "value": value} for name, value in dimensions.items()]
    return an_alarm(Trigger={**a_delivery("metric")["Trigger"], "Namespace": namespace, "MetricName": metric, "Dimensions": pairs})


def names(resolved: ResolvedTarget) -> list[str | None]:
    """Return the functions found, best first."""
    return [target.function_name for target in resolved.targets]


@contextmanager
def answering(clients: AwsClients, service: str, answers: list[tuple[str, dict[str, Any]]]) -> Iterator[AwsClients]:
    """Let one service give these answers in this order; botocore checks them against AWS's own model."""
    client = clients.client(service, REGION)
    with Stubber(client) as stubber:
        for operation, answer in answers:
            stubber.add_response(operation, answer)
        yield clients
        stubber.assert_no_pending_responses()
