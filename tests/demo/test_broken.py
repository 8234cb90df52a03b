"""What a scenario creates is really there, and its alarm fires once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bot.aws.clients import Boto3Clients, Connection
from bot.demo import broken, scenario
from bot.demo.local_aws import ACCOUNT_ID, REGION, LocalAws, applied

QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:inbox"


@pytest.fixture(scope="module")
def aws() -> Iterator[Boto3Clients]:
    """Return clients of a local AWS with a topic that a queue listens to."""
    with LocalAws() as local, applied(local.environment):
        clients = Boto3Clients(Connection(region=REGION))
        allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": QUEUE_ARN}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        clients.client("sqs").create_queue(QueueName="inbox", Attributes={"Policy": policy})
        topic = clients.client("sns").create_topic(Name="alarms")["TopicArn"]
        clients.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN)
        yield clients


@pytest.fixture
def topic(aws: Boto3Clients) -> str:
    """Return the topic."""
    arn: str = aws.client("sns").list_topics()["Topics"][0]["TopicArn"]
    return arn


def test_throttled_function_has_its_reserve_its_metrics_and_no_log_line_of_the_refused(aws: Boto3Clients, topic: str) -> None:
    """What Lambda refuses never ran."""
    made = broken.create(scenario.load("throttled-reserved-concurrency"), aws, topic)

    assert aws.client("lambda").get_function_concurrency(FunctionName=made.function_name)["ReservedConcurrentExecutions"] == 5
    logged = aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{made.function_name}")["events"]
    assert sum("START RequestId" in event["message"] for event in logged) == 30
    gateway = aws.client("logs").filter_log_events(logGroupName=f"API-Gateway-Execution-Logs_{made.api_id}/prod")["events"]
    assert sum("Rate Exceeded." in event["message"] for event in gateway) == 25


def test_missing_permission_means_that_no_statement_lets_the_api_in(aws: Boto3Clients, topic: str) -> None:
    """With the permission granted there is one, and with another API's there is that one."""
    assert _statements(aws, broken.create(scenario.load("missing-invoke-permission"), aws, topic)) == []

    granted = broken.create(scenario.load("import-error"), aws, topic)
    assert granted.api_id in str(_statements(aws, granted))

    elsewhere = broken.create(scenario.load("wrong-source-arn"), aws, topic)
    assert len(_statements(aws, elsewhere)) == 1
    assert elsewhere.api_id not in str(_statements(aws, elsewhere))


def test_alarm_fires_once_and_only_when_told(aws: Boto3Clients, topic: str) -> None:
    """The metric values alone would already let it change; its actions are off until then."""
    made = broken.create(scenario.load("function-timeout"), aws, topic)
    sqs = aws.client("sqs")
    inbox = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
    assert sqs.receive_message(QueueUrl=inbox).get("Messages", []) == []

    broken.fire(made, aws)

    [message] = sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10, WaitTimeSeconds=1)["Messages"]
    alarm = json.loads(json.loads(message["Body"])["Message"])
    assert (alarm["AlarmName"], alarm["NewStateValue"]) == (made.alarm_name, "ALARM")


def _statements(aws: Boto3Clients, made: broken.Broken) -> list[object]:
    """Return the statements of the function's resource policy; the local AWS answers with an empty policy where AWS has none."""
    client = aws.client("lambda")
    try:
        policy = client.get_policy(FunctionName=made.function_name)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        return []
    found: list[object] = json.loads(policy)["Statement"]
    return found
