"""A whole deployment, made of its parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from bot.doctor import stack
from bot.doctor.finding import Deployment
from tests.alarms.aws_parts import ACCOUNT, REGION, Account
from tests.doctor.parts import BUCKET, PARAMETERS, ROUTES, RULES, SECRET, TOKEN, World, a_locked_bucket
from tests.dynamodb import make_table


@pytest.fixture
def world() -> Iterator[World]:
    """Return a Slack and an endpoint that are fine."""
    running = World()
    yield running
    running.close()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Return an account of moto's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account()


@pytest.fixture
def deployment(account: Account, world: World) -> Deployment:
    """Return a whole deployment, made of its parts."""
    clients = account.clients
    sqs, events = clients.client("sqs"), clients.client("events")
    urls = {
        output: sqs.create_queue(QueueName=output)["QueueUrl"]
        for output in ("WorkQueueUrl", "ChangeQueueUrl", "DeadLetterQueueUrl", "ChangeDeadLetterQueueUrl")
    }
    outputs = {
        **urls,
        "FunctionUrl": world.url,
        "TableName": "state",
        "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:medic",
        **{output: output.removesuffix("FunctionName").lower() for output in stack.FUNCTIONS},
    }
    for output in stack.FUNCTIONS:
        variables = {
            "WORK_QUEUE_URL": urls["WorkQueueUrl"],
            "CHANGE_QUEUE_URL": urls["ChangeQueueUrl"],
            "TABLE_NAME": "state",
            "DEFAULT_CHANNEL": "C0INCIDENTS",
            "AUDIT_BUCKET": BUCKET,
            "ROUTES_PARAMETER": "/medic/routes",
            "SLACK_BOT_TOKEN_PARAMETER": "/medic/token",
            "SLACK_SIGNING_SECRET_PARAMETER": "/medic/secret",
            "SLACK_API_URL": f"{world.url}api/",
            "APPROVAL_RULES_PARAMETER": "/medic/rules",
        }
        account.function(outputs[output], Environment={"Variables": variables})
    for source, function in (("WorkQueueUrl", "InvestigateFunctionName"), ("ChangeQueueUrl", "RemediateFunctionName")):
        arn = sqs.get_queue_attributes(QueueUrl=urls[source], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        clients.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=outputs[function])
    events.put_rule(Name="sweep", ScheduleExpression="rate(15 minutes)")
    events.put_targets(Rule="sweep", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:ChangeQueueUrl"}])
    for name, value in (("/medic/token", TOKEN), ("/medic/secret", SECRET), ("/medic/rules", RULES), ("/medic/routes", ROUTES)):
        clients.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
    account.function("checkout")
    make_table(clients.client("dynamodb"), "state")
    a_locked_bucket(account)
    functions = {output: clients.client("lambda").get_function_configuration(FunctionName=outputs[output]) for output in stack.FUNCTIONS}
    for output, config in functions.items():
        config["Role"] = f"arn:aws:iam::{ACCOUNT}:role/lambda-medic/{output}"
    return Deployment("lambda-medic", outputs, dict(PARAMETERS), functions)
