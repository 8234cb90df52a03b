"""The doctor finds what is broken in the stack itself, and says how to mend it."""

from __future__ import annotations

import json

import pytest

from bot.doctor import stack
from bot.doctor.finding import Check, Deployment
from bot.errors import InputError
from tests.alarms.aws_parts import Account
from tests.doctor.parts import Breaking, World, broken, faults_said


@pytest.mark.parametrize(
    ("breaking", "check", "said"),
    [
        broken(
            lambda a, d, _w: a.clients.client("sqs").send_message(QueueUrl=d.outputs["DeadLetterQueueUrl"], MessageBody="x"),
            stack.check_queues,
            "1 messages that the bot gave up on",
        ),
        broken(
            lambda a, _d, _w: a.clients.client("lambda").put_function_concurrency(
                FunctionName="investigate", ReservedConcurrentExecutions=0
            ),
            stack.check_functions,
            "is switched off",
        ),
        broken(lambda a, _d, _w: a.clients.client("events").disable_rule(Name="sweep"), stack.check_sweep, "no enabled rule"),
        broken(
            lambda _a, d, _w: d.functions["RemediateFunctionName"]["Environment"]["Variables"].update(VERIFY_AFTER_SECONDS="60,1000"),
            stack.check_settings,
            "VERIFY_AFTER_SECONDS",
        ),
    ],
)
def test_fault_is_found_with_what_mends_it(
    deployment: Deployment, account: Account, world: World, breaking: Breaking, check: Check, said: str
) -> None:
    """Broken one way at a time."""
    breaking(account, deployment, world)

    assert said in "\n".join(faults_said(check, deployment, account))


def test_stack_that_is_none_of_ours_is_refused(account: Account) -> None:
    """And one that does not exist."""
    cloudformation = account.clients.client("cloudformation")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    cloudformation.create_stack(StackName="other", TemplateBody=body)

    for name in ("other", "nothing"):
        with pytest.raises(InputError, match=name):
            stack.read_deployment(name, account.clients)
