"""Commands on moto's queues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from bot.aws.clients import Boto3Clients, Connection
from bot.aws.queues import SqsCommandQueue
from bot.commands import ClickCommand, TickCommand, WhyCommand, decode
from bot.errors import StateError
from tests.environment import forget_aws

TICK = TickCommand(request_id="t1", step="verify", change_id="chg-1", number=2, due_at=1.5)


class OneClient:
    """Fills the port AwsClients with one client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str, region: str | None = None) -> Any:
        """Return it."""
        return self._client


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Start moto and return a client."""
    forget_aws(monkeypatch, tmp_path)
    with mock_aws():
        client = boto3.client("sqs", "eu-west-1")
        yield client
        client.close()


class TestSend:
    def test_command_goes_to_its_own_queue(self, sqs: Any) -> None:
        """A click about a change is none of the investigating worker's business."""
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("work", "change")}
        queue = SqsCommandQueue(Boto3Clients(Connection(region="eu-west-1")), {"work": urls["work"], "change": urls["change"]})
        why = WhyCommand(request_id="1", text="checkout", user_id="U1", channel_id="C1")
        approve = ClickCommand(request_id="2", verb="approve", subject="chg-1.x", user_id="U1")

        for command in (why, approve, TICK):
            queue.send(command)

        assert received(sqs, urls["work"]) == [why]
        assert received(sqs, urls["change"]) == [approve, TICK]

    def test_wait_is_no_longer_than_sqs_can(self) -> None:
        """What is due later is sent again then."""
        client = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        queue = SqsCommandQueue(OneClient(client), {"change": "https://sqs.eu-west-1.amazonaws.com/1/change"})
        with Stubber(client) as stubber:
            for asked, sent in ((60, 60), (5000, 900), (-3, 0)):
                expected = {"QueueUrl": queue.urls["change"], "DelaySeconds": sent}
                stubber.add_response("send_message", {}, {**expected, "MessageBody": json.dumps(body(), separators=(",", ":"))})
                queue.send(TICK, delay_s=asked)
            stubber.assert_no_pending_responses()
        client.close()

    def test_queue_that_refuses_is_an_error(self, sqs: Any) -> None:
        """Nothing proves that it was taken."""
        queue = SqsCommandQueue(OneClient(sqs), {"change": "https://sqs.eu-west-1.amazonaws.com/123456789012/gone"})

        with pytest.raises(StateError, match="gone"):
            queue.send(TICK)

    def test_queue_that_the_function_does_not_know_is_an_error(self) -> None:
        """The changing worker sends nothing to the investigating one."""
        with pytest.raises(StateError, match="goes to the work queue, this function writes to: change"):
            SqsCommandQueue(OneClient(None), {"change": "u"}).send(WhyCommand(request_id="1", text="x", user_id="U", channel_id="C"))


def body() -> dict[str, Any]:
    """Return the message of the tick."""
    return {"kind": "tick", "request_id": "t1", "step": "verify", "change_id": "chg-1", "number": 2, "due_at": 1.5}


def received(sqs: Any, url: str) -> list[Any]:
    """Return what lies on a queue."""
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [decode(json.loads(message["Body"])) for message in messages]
