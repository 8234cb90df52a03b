"""A batch of the work queue: each record by itself."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.commands import WhyCommand, encode
from bot.entrypoints.investigate import handle_batch
from tests.workflow.asking.fakes import an_ask_desk
from tests.workflow.conftest import World, dynamodb, new_world, playbooks, world
from tests.workflow.fakes import ARN, FakeAccount

__all__ = ["dynamodb", "new_world", "playbooks", "world"]

ALARM = {
    "AlarmName": "checkout-errors",
    "AlarmDescription": None,
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 1 datapoint [21.5 (14/05/26 03:10:00)] was greater than the threshold (21.0).",
    "StateChangeTime": "2026-05-14T03:10:00.000+0000",
    "Region": "EU (Ireland)",
    "AlarmArn": ARN,
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "Errors",
        "Namespace": "AWS/Lambda",
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Dimensions": [{"value": "checkout", "name": "FunctionName"}],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.0,
    },
}


def in_sns(message: Any) -> str:
    """Return a notification in its SNS envelope."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
            "Subject": 'ALARM: "checkout-errors" in EU (Ireland)',
            "Message": json.dumps(message),
            "Timestamp": "2026-05-14T03:10:01.000Z",
        }
    )


def a_batch(*bodies: str) -> dict[str, Any]:
    """Return the event with which SQS calls the function; records are numbered."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": f"r{number}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(number + 1)},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:work",
                "awsRegion": "eu-west-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


@dataclass
class Context:
    """Lambda's context with some time left."""

    left_ms: int = 120_000

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left."""
        return self.left_ms


class Retries:
    """Remembers which deliveries were hastened."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def retry(self, receipt_handle: str, deliveries: int) -> None:
        """Note it."""
        self.asked.append((receipt_handle, deliveries))


def failed(response: dict[str, Any]) -> list[str]:
    """Return the records that come again."""
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


QUESTION = encode(WhyCommand(request_id="1.2", text="checkout 502", user_id="U2147483697", channel_id="C2147483705"))


class TestBatch:
    def test_investigates_alarms_and_questions(self, world: World) -> None:
        """Both come on the same queue."""
        response = handle_batch(a_batch(in_sns(ALARM), QUESTION), Context(), an_ask_desk(world.desk, world.clock), Retries())

        assert failed(response) == []
        assert [root.report.incident.channel for root in world.messenger.roots] == ["C0ALARMS", "C2147483705"]

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param("hello from a person", id="plain text"),
            pytest.param("", id="empty"),
            pytest.param("[1, 2]", id="a list"),
            pytest.param("\x00" * 1000 + "{" * 256_000, id="256 KB of junk"),
            pytest.param(
                json.dumps({"Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Token": "x"}), id="confirmation"
            ),
        ],
    )
    def test_drops_what_is_no_alarm_with_a_reason(self, world: World, caplog: pytest.LogCaptureFixture, body: str) -> None:
        """And takes no good record down with it."""
        with caplog.at_level(logging.WARNING, logger="bot"):
            response = handle_batch(a_batch(body, in_sns(ALARM)), Context(), an_ask_desk(world.desk, world.clock), Retries())

        assert failed(response) == []
        assert len(world.messenger.roots) == 1
        reasons = [getattr(record, "reason", "") for record in caplog.records if record.message == "delivery was not read"]
        assert len(reasons) == 1
        assert reasons[0]

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(json.dumps(ALARM)[:-40], id="truncated alarm"),
            pytest.param(json.dumps({"kind": "dance"}), id="unknown command"),
            pytest.param(json.dumps({"kind": "why", "request_id": 5}), id="command with a wrong type"),
        ],
    )
    def test_returns_what_was_meant_for_it_and_cannot_be_read(self, world: World, body: str) -> None:
        """It ends among the dead letters, where an operator finds it: CloudWatch never sends a change twice."""
        response = handle_batch(a_batch(in_sns(ALARM), body), Context(), an_ask_desk(world.desk, world.clock), Retries())

        assert failed(response) == ["m1"]
        assert len(world.messenger.roots) == 1

    def test_returns_only_the_record_that_failed(self, world: World) -> None:
        """One investigation that breaks off leaves the others alone."""
        account = FakeAccount()

        def collect(target: Any, *args: Any, **kwargs: Any) -> Any:
            if kwargs.get("client"):
                raise RuntimeError("a fault of our own")
            return account.collect(target, *args, **kwargs)

        response = handle_batch(
            a_batch(QUESTION, in_sns(ALARM)), Context(), an_ask_desk(replace(world.desk, collect=collect), world.clock), Retries()
        )

        assert failed(response) == ["m0"]
        phases = [root.shown.incident.phase for root in world.messenger.roots]
        assert phases == ["broken-off", "answered"]

    def test_takes_a_double_in_one_batch_once(self, world: World) -> None:
        """SNS and EventBridge may both bring the same change."""
        response = handle_batch(a_batch(in_sns(ALARM), json.dumps(ALARM)), Context(), an_ask_desk(world.desk, world.clock), Retries())

        assert failed(response) == []
        assert len(world.messenger.roots) == 1

    def test_does_not_begin_what_it_could_not_finish(self, world: World) -> None:
        """A record that would be cut off in the middle comes again with a whole function to itself."""
        response = handle_batch(a_batch(in_sns(ALARM)), Context(left_ms=20_000), an_ask_desk(world.desk, world.clock), Retries())

        assert failed(response) == ["m0"]
        assert world.messenger.messages == []

    def test_comes_again_while_another_worker_is_at_it(self, world: World) -> None:
        """That worker may die."""
        world.store.claim(f"alarm|{ARN}@2026-05-14T03:10:00.000+00:00|ALARM", owner="other", lease_s=100)

        assert failed(handle_batch(a_batch(in_sns(ALARM)), Context(), an_ask_desk(world.desk, world.clock), Retries())) == ["m0"]
        assert world.messenger.messages == []

    def test_asks_for_a_failed_record_soon_and_for_no_other(self, world: World) -> None:
        """A person who asked must not wait for the whole visibility timeout because of a moment's fault."""
        retries = Retries()

        handle_batch(a_batch(in_sns(ALARM), '{"kind": "nonsense"}'), Context(), an_ask_desk(world.desk, world.clock), retries)

        assert retries.asked == [("r1", 2)]
