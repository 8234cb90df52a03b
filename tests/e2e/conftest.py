"""One stack for all tests here: the project's template, built and deployed by the SAM CLI, before a Slack that nobody here wrote.

It goes down with the last of these tests and not with the session: while it stands, the environment leads every AWS client to it.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.aws.clients import Boto3Clients, Connection
from bot.demo import broken, deploy, scenario
from bot.demo.deployed import PARAMETERS, RULES_PARAMETER, Posted, deploy_bot, incident_ids, wait_for_answer
from bot.demo.local_aws import ACCOUNT_ID, REGION, LocalAws, applied
from tests.browser import cannot_run
from tests.e2e import emulate

SPY_QUEUE = "spy"

SETTLED_S = 1.0
"""A queue that stayed empty for this long has nothing on its way."""


@dataclass
class DeployedBot:
    """The deployed bot with all that a test looks at."""

    local: LocalAws
    aws: Boto3Clients
    stack: deploy.Stack
    slack: WebClient
    spy_url: str
    rules_parameter: str = RULES_PARAMETER
    played: dict[str, Posted] = field(default_factory=dict)
    deliveries: dict[str, list[str]] = field(default_factory=dict)
    """What the topic delivered for a scenario, as it stood on the queue."""

    def play(self, name: str) -> Posted:
        """Play a scenario, or return how it went when it was played before: its alarm is the same one."""
        if name not in self.played:
            one = scenario.load(name)
            made = broken.create(one, self.aws, self.stack.topic_arn)
            known = set(incident_ids(self.aws, self.stack.table_name))
            broken.fire(made, self.aws)
            self.played[name] = wait_for_answer(self.aws, self.stack, known)
            self.settle()
            self.deliveries[name] = self._delivered()
        return self.played[name]

    def thread(self, posted: Posted) -> list[dict[str, Any]]:
        """Return the messages of an incident's thread, as Slack has them."""
        messages: list[dict[str, Any]] = self.slack.conversations_replies(channel=posted.channel, ts=posted.thread_ts)["messages"]
        return messages

    def heads(self, channel: str) -> list[dict[str, Any]]:
        """Return the first messages in a channel."""
        messages = self.slack.conversations_history(channel=channel, limit=200)["messages"]
        return [message for message in messages if message.get("thread_ts") in (None, message["ts"])]

    def settle(self, within_s: float = 30.0) -> None:
        """Wait until the work queue has stayed empty for a while.

        Raises:
            TimeoutError: It never did.
        """
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        deadline, empty_since = time.monotonic() + within_s, None
        while time.monotonic() < deadline:
            counts = self.aws.client("sqs").get_queue_attributes(QueueUrl=self.stack.work_queue_url, AttributeNames=wanted)["Attributes"]
            if any(int(count) for count in counts.values()):
                empty_since = None
            elif empty_since is None:
                empty_since = time.monotonic()
            elif time.monotonic() - empty_since > SETTLED_S:
                return
            time.sleep(0.1)
        raise TimeoutError(f"the work queue was not empty within {within_s} s")

    def _delivered(self) -> list[str]:
        sqs = self.aws.client("sqs")
        messages = sqs.receive_message(QueueUrl=self.spy_url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.spy_url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]


@pytest.fixture(scope="package")
def emulated_slack() -> Iterator[emulate.EmulatedSlack]:
    """Return a Slack server with its own state."""
    if reason := emulate.missing():
        cannot_run(reason)
    with emulate.started() as running:
        yield running


@pytest.fixture(scope="package")
def deployed(emulated_slack: emulate.EmulatedSlack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedBot]:
    """Return the deployed bot."""
    if reason := local_aws_is_missing():
        cannot_run(reason)
    cache = Path(__file__).parents[2] / "build" / "e2e"
    with LocalAws(tmp_path_factory.mktemp("aws")) as local, applied(local.environment):
        built = deploy.build(cache)
        aws = Boto3Clients(Connection(region=REGION))
        stack = deploy_bot(
            built,
            aws,
            slack_api_url=emulated_slack.api_url,
            channel=emulate.CHANNEL,
            token=emulate.BOT_TOKEN,
            parameters={**PARAMETERS, "ChangeableRoles": "f-*-role"},
        )
        _let_provision(aws, stack)
        slack = WebClient(token=emulate.TOKEN, base_url=emulated_slack.api_url)
        yield DeployedBot(local, aws, stack, slack, _spy_on(aws, stack.topic_arn))


def _let_provision(aws: Boto3Clients, stack: deploy.Stack) -> None:
    """Grant what MiniStack demands for provisioned concurrency by the wrong names; on AWS the role has none of them.

    Source: ministack/core/iam_actions.py, _lambda_action
    """
    role = aws.client("lambda").get_function_configuration(FunctionName=stack.remediate_function)["Role"].rpartition("/")[2]
    actions = ["lambda:UpdateFunctionCode", "lambda:DeleteFunction", "lambda:ListAliases"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:f-*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("iam").put_role_policy(RoleName=role, PolicyName="misnamed-provisioning", PolicyDocument=document)


def _spy_on(aws: Boto3Clients, topic_arn: str) -> str:
    """Subscribe a second queue to the alarm topic, so that a test can deliver again what was delivered."""
    sqs = aws.client("sqs")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{SPY_QUEUE}"
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    url: str = sqs.create_queue(QueueName=SPY_QUEUE, Attributes={"Policy": policy})["QueueUrl"]
    aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return url


def local_aws_is_missing() -> str:
    """Return what has to be installed, or nothing."""
    is_there = importlib.util.find_spec("ministack") is not None and shutil.which("make")
    return "" if is_there else "the local AWS or make is not installed: install the extra `test`, and make"
