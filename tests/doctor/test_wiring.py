"""The doctor finds alarms that do not lead to the bot, and routes that lead nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.doctor import wiring
from bot.doctor.finding import Check, Deployment
from tests.alarms.aws_parts import Account
from tests.doctor.parts import Breaking, World, an_alarm, broken, faults_said, found, levels


@pytest.mark.parametrize(
    ("breaking", "check", "said"),
    [
        broken(lambda a, _d, _w: an_alarm(a, "lonely"), wiring.check_alarms, "none of 1 alarms leads here"),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").put_parameter(
                Name="/medic/routes", Value="- chanel: C1\n", Type="SecureString", Overwrite=True
            ),
            wiring.check_routes,
            "/medic/routes:1",
        ),
        broken(lambda a, _d, _w: a.clients.client("ssm").delete_parameter(Name="/medic/routes"), wiring.check_routes, "no such parameter"),
    ],
)
def test_fault_is_found_with_what_mends_it(
    deployment: Deployment, account: Account, world: World, breaking: Breaking, check: Check, said: str
) -> None:
    """Broken one way at a time."""
    breaking(account, deployment, world)

    assert said in "\n".join(faults_said(check, deployment, account))


def test_alarms_that_never_say_they_recovered_are_noted(deployment: Deployment, account: Account) -> None:
    """Their threads would stay red."""
    an_alarm(account, "checkout", AlarmActions=[deployment.outputs["AlarmTopicArn"]])
    an_alarm(account, "billing")

    notes = [finding.said for finding in found(wiring.check_alarms, deployment, account) if finding.level == "note"]

    assert notes == ["1 never tell that they recovered: checkout", "1 about functions or APIs do not lead here: billing"]


def test_alarms_about_the_bot_are_not_asked_to_lead_to_it(deployment: Deployment, account: Account) -> None:
    """They go to the operator; one that nobody hears is noted."""
    an_alarm(account, "checkout", AlarmActions=[deployment.outputs["AlarmTopicArn"]], OKActions=[deployment.outputs["AlarmTopicArn"]])
    an_alarm(account, "own", Dimensions=[{"Name": "FunctionName", "Value": deployment.outputs["AckFunctionName"]}])
    bare = replace(deployment, parameters={**deployment.parameters, "OperatorTopicArn": ""})

    assert levels(found(wiring.check_alarms, bare, account)) == {"ok"}
    assert levels(found(wiring.check_operator, bare, account)) == {"note"}
