"""A local AWS (moto's server, on loopback) with the queue and the secret that the endpoint uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bot.ack import handler
from tests.ack.factories import SECRET

REGION = "eu-west-1"
PARAMETER = "/lambda-medic/signing-secret"


@dataclass
class LocalAws:
    """The endpoint's environment, and what stands on its queue."""

    url: str
    environ: dict[str, str]
    sqs: Any
    ssm: Any

    def queued(self) -> list[dict[str, Any]]:
        """Take all messages off the queue."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.environ["WORK_QUEUE_URL"], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.environ["WORK_QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture(scope="module")
def local_aws() -> Iterator[LocalAws]:
    """Start the server and make a queue and a SecureString."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys: dict[str, Any] = {
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "secret",
        "region_name": REGION,
        "endpoint_url": url,
    }
    sqs, ssm = boto3.client("sqs", **keys), boto3.client("ssm", **keys)
    queue_url = sqs.create_queue(QueueName="work")["QueueUrl"]
    ssm.put_parameter(Name=PARAMETER, Value=SECRET, Type="SecureString")
    environ = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "WORK_QUEUE_URL": queue_url,
        "CHANGE_QUEUE_URL": queue_url.replace("/work", "/change"),
        "TABLE_NAME": "state",
        "SLACK_BOT_TOKEN_PARAMETER": "/lambda-medic/slack-bot-token",
        "SLACK_SIGNING_SECRET_PARAMETER": PARAMETER,
    }
    yield LocalAws(url, environ, sqs, ssm)
    sqs.close()
    ssm.close()
    server.stop()


@pytest.fixture
def answer(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the handler in the environment of a deployed function, with an empty queue."""
    for name, value in local_aws.environ.items():
        monkeypatch.setenv(name, value)
    local_aws.queued()
    return lambda event: handler.lambda_handler(event, None)
