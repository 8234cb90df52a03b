"""A failed delivery comes again soon at first, then ever later."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from bot.aws.clients import Boto3Clients, Connection
from bot.aws.work_queue import LONGEST_RETRY_S, WorkQueue, retry_delay_s

REGION = "eu-west-1"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


class TestDelay:
    def test_it_grows_up_to_the_visibility_timeout(self) -> None:
        """Soon after a moment's fault; rarely while Slack is down."""
        delays = [retry_delay_s(deliveries) for deliveries in range(1, 8)]

        assert delays == sorted(delays)
        assert delays[0] < 30
        assert delays[-1] == LONGEST_RETRY_S

    def test_six_deliveries_outlast_ten_minutes(self) -> None:
        """The template lets a record come six times; nothing is lost while Slack is down for ten minutes."""
        assert sum(retry_delay_s(deliveries) for deliveries in range(1, 6)) > 600


@pytest.mark.usefixtures("account")
class TestRetry:
    def test_a_hastened_record_can_be_received_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Until then the queue keeps it invisible."""
        sqs = boto3.client("sqs", REGION)
        url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "720"})["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")
        (record,) = sqs.receive_message(QueueUrl=url)["Messages"]
        monkeypatch.setattr("bot.aws.work_queue.FIRST_RETRY_S", 0)

        WorkQueue(Boto3Clients(Connection(region=REGION)), url).retry(record["ReceiptHandle"], 1)

        assert [again["Body"] for again in sqs.receive_message(QueueUrl=url)["Messages"]] == ["x"]

    def test_a_queue_that_refuses_does_not_hide_the_failure_itself(self, caplog: pytest.LogCaptureFixture) -> None:
        """The record still comes again, only later."""
        WorkQueue(Boto3Clients(Connection(region=REGION)), f"https://sqs.{REGION}.amazonaws.com/123456789012/gone").retry("r", 1)

        assert "retry could not be hastened" in caplog.text
