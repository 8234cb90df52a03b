"""Whether callers are served again: the incident's alarm and the metric behind it, in moto's CloudWatch, and the words that people read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.models.change import Change
from bot.workflow.changes.recovery import alarm_of
from tests.remediations.account import failure
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.steps import minutes
from tests.workflow.changes.world import World, an_incident


def test_an_alarm_that_was_over_before_the_change_proves_nothing(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """Then the calls decide; here none came."""
    account.put_alarm()
    account.set_alarm("OK", an_earlier(world, 300))
    queue.later(60)

    assert world.change.checks[0].recovered_at is None
    assert world.change.checks[0].said.startswith("the alarm was OK before the change")


def test_without_an_alarm_the_functions_own_calls_decide(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """A question from chat has no alarm: half of the calls failed before, none of enough since."""
    without_alarm(world)
    account.series["Invocations"] = minutes(world, [10.0] * 5, [10.0, 10.0, 10.0])
    account.series["Errors"] = minutes(world, [5.0] * 5, [5.0, 0.0, 0.0])
    queue.later(60)
    queue.later(240)

    assert world.change.state == "verified"
    check = world.change.checks[1]
    assert check.recovered_at == (applied.applied_at or 0) // 60 * 60 + 120
    assert check.said == "errors per minute: 5 before, 1.7 since, at 30 calls since"


@pytest.mark.parametrize(
    ("calls", "errors"),
    [
        pytest.param(([10.0] * 5, [2.0]), ([1.0] * 5, [0.0]), id="too-few-calls-since"),
        pytest.param(([10.0] * 5, [10.0] * 3), ([0.0] * 5, [0.0] * 3), id="no-failures-before"),
        pytest.param(([10.0] * 5, [10.0] * 3), ([5.0] * 5, [0.0, 0.0, 4.0]), id="failing-again"),
        pytest.param(([], []), ([], []), id="no-data"),
    ],
)
def test_too_little_evidence_is_no_recovery(
    world: World, queue: Queue, applied: Change, account: LiveAccount, calls: Any, errors: Any
) -> None:
    """Silence is not health."""
    without_alarm(world)
    account.series["Invocations"] = minutes(world, *calls)
    account.series["Errors"] = minutes(world, *errors)
    queue.later(60)
    queue.later(240)

    assert world.change.state == "applied"


def test_an_alarm_that_is_gone_is_told(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """Nothing of that name is in CloudWatch."""
    queue.later(60)

    assert world.change.checks[0].said.startswith("alarm orders-errors is gone")


def test_an_alarm_that_cannot_be_read_is_told(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """No state is claimed."""
    account.faults["cloudwatch:DescribeAlarms"] = lambda: failure(400, "AccessDenied", "not authorized")
    queue.later(60)

    check = world.change.checks[0]
    assert check.alarm_state is None
    assert "AccessDenied" in check.said


def test_an_alarm_on_an_expression_is_read_by_its_own_queries(world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
    """The first series that the alarm returns counts."""
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Duration", "Dimensions": [{"Name": "FunctionName", "Value": "orders"}]}
    queries = [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p99"}, "ReturnData": True}]
    alarm = {
        "AlarmName": "orders-errors",
        "Metrics": queries,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    account.client("cloudwatch").put_metric_alarm(**alarm)
    account.series["Duration"] = minutes(world, [3000.0, 2500.0], [800.0])
    queue.later(60)
    queue.later(240)

    assert world.change.checks[1].said == "Duration (p99): 3,000 before, 800 since"


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a:b", ("a:b", "eu-west-1")),
        ("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders#contributor-1", ("orders", "eu-west-1")),
        ("123456789012:eu-west-1:orders", ("orders", "eu-west-1")),
        ("", None),
    ],
)
def test_the_alarm_is_found_by_its_identity(world: World, pending: Change, identity: str, expected: tuple[str, str] | None) -> None:
    """An ARN, or account, region and name where the notice had no ARN."""
    found = alarm_of(pending.model_copy(update={"alarm_arn": identity}))

    assert (found and (found.name, found.region)) == expected


def an_earlier(world: World, seconds: float) -> Any:
    """Return a time before now."""
    return world.clock.now() - timedelta(seconds=seconds)


def without_alarm(world: World) -> None:
    """Let the incident be one of a question."""
    world.changes.swap(world.change.model_copy(update={"alarm_arn": ""}))
    incident = an_incident(world.clock, alarm_arn="")
    world.incidents.incidents[incident.id] = incident
