"""Trouble ends when its cause is mended, and only then; the alarm says so by its own action."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.aws.clients import Boto3Clients, Connection
from bot.demo import broken, scenario
from bot.demo.local_aws import REGION, LocalAws, applied
from bot.demo.recovery import Recovery


@pytest.fixture(scope="module")
def aws() -> Iterator[Boto3Clients]:
    """Return clients of a local AWS."""
    with LocalAws() as local, applied(local.environment):
        yield Boto3Clients(Connection(region=REGION))


def mend(name: str, made: broken.Broken, aws: Boto3Clients) -> None:
    """Make the change that helps."""
    client = aws.client("lambda")
    if name == "function-timeout":
        client.update_function_configuration(FunctionName=made.function_name, Timeout=10)
    elif name == "out-of-memory":
        client.update_function_configuration(FunctionName=made.function_name, MemorySize=512)
    elif name == "throttled-reserved-concurrency":
        client.put_function_concurrency(FunctionName=made.function_name, ReservedConcurrentExecutions=20)
    else:
        source = f"arn:aws:execute-api:{REGION}:123456789012:{made.api_id}/*/*/*"
        wanted = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com", "SourceArn": source}
        client.add_permission(FunctionName=made.function_name, StatementId="mended", **wanted)


@pytest.mark.parametrize("name", [name for name in scenario.names() if scenario.load(name).fixed_when])
def test_alarm_recovers_once_the_function_is_mended(aws: Boto3Clients, name: str) -> None:
    """Before: nothing happens. After: the alarm is OK, once."""
    one = scenario.load(name)
    topic = aws.client("sns").create_topic(Name="alarms")["TopicArn"]
    made = broken.create(one, aws, topic)
    broken.fire(made, aws)
    recovery = Recovery(aws, mended_for_s=0)
    recovery.expect(one)

    assert not recovery.look(made)
    assert state(aws, made) == "ALARM"
    mend(name, made, aws)
    assert recovery.look(made)
    assert not recovery.look(made)
    assert state(aws, made) == "OK"


def test_alarm_waits_a_while_after_the_change(aws: Boto3Clients) -> None:
    """Whoever changed it has noted that it stands by then."""
    one = scenario.load("function-timeout")
    time = iter([0.0, 3.9, 4.0])
    made = broken.Broken("checkout", "arn", "api", "checkout-errors")
    recovery = Recovery(aws, clock=lambda: next(time), mended_for_s=4.0)
    recovery.expect(one)

    assert not recovery.look(made)
    assert not recovery.look(made)
    assert recovery.look(made)


def state(aws: Boto3Clients, made: broken.Broken) -> str:
    """Return the alarm's state."""
    return str(aws.client("cloudwatch").describe_alarms(AlarmNames=[made.alarm_name])["MetricAlarms"][0]["StateValue"])
