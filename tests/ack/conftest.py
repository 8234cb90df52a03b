"""A local AWS (moto's server) with the queues, secrets and the table that the endpoint uses, and a Slack; both on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bot.ack import handler
from tests.ack.factories import SECRET
from tests.ack.slack_server import TOKEN, SlackServer
from tests.dynamodb import make_table

REGION = "eu-west-1"
PARAMETER = "/lambda-medic/signing-secret"
TOKEN_PARAMETER = "/lambda-medic/bot-token"
TABLE = "state"


@dataclass
class LocalAws:
    """The endpoint's environment, and what stands on its queue."""

    url: str
    environ: dict[str, str]
    sqs: Any
    ssm: Any
    dynamodb: Any

    def queued(self, queue: str = "WORK_QUEUE_URL") -> list[dict[str, Any]]:
        """Take all messages off a queue."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.environ[queue], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.environ[queue], ReceiptHandle=message["ReceiptHandle"])
        return found

    def changes_queued(self) -> list[dict[str, Any]]:
        """Take all messages off the queue of changes."""
        return self.queued("CHANGE_QUEUE_URL")

    def keep_names(self, *names: str) -> None:
        """Put the account's functions into the table, as the investigating worker does."""
        item = {"pk": {"S": "directory#functions"}, "names": {"L": [{"S": name} for name in names]}}
        self.dynamodb.put_item(TableName=TABLE, Item=item)


@pytest.fixture(scope="package")
def slack() -> Iterator[SlackServer]:
    """Start a Slack."""
    with SlackServer() as server:
        yield server


@pytest.fixture(scope="package")
def local_aws(slack: SlackServer) -> Iterator[LocalAws]:
    """Start the server and make the queues, the SecureStrings and the table."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # What moto holds belongs to the process: another folder's tests may have left something.
    urlopen(Request(f"{url}/moto-api/reset", method="POST"), timeout=10).close()  # noqa: S310 -- loopback
    keys: dict[str, Any] = {
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "secret",
        "region_name": REGION,
        "endpoint_url": url,
    }
    clients: list[Any] = [boto3.client(service, **keys) for service in ("sqs", "ssm", "dynamodb")]
    sqs, ssm, dynamodb = clients
    work, change = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("work", "change"))
    ssm.put_parameter(Name=PARAMETER, Value=SECRET, Type="SecureString")
    ssm.put_parameter(Name=TOKEN_PARAMETER, Value=TOKEN, Type="SecureString")
    make_table(dynamodb, TABLE)
    environ = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "WORK_QUEUE_URL": work,
        "CHANGE_QUEUE_URL": change,
        "SLACK_SIGNING_SECRET_PARAMETER": PARAMETER,
        "SLACK_BOT_TOKEN_PARAMETER": TOKEN_PARAMETER,
        "SLACK_API_URL": f"{slack.url}/api/",
        "TABLE_NAME": TABLE,
    }
    yield LocalAws(url, environ, sqs, ssm, dynamodb)
    for client in clients:
        client.close()
    server.stop()


@pytest.fixture
def answer(local_aws: LocalAws, slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the handler in the environment of a deployed function, with empty queues and a Slack that knows nothing yet."""
    for name, value in local_aws.environ.items():
        monkeypatch.setenv(name, value)
    local_aws.queued()
    local_aws.changes_queued()
    slack.forget()
    return lambda event: handler.lambda_handler(event, None)
