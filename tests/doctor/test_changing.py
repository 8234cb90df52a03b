"""The doctor finds rules and patterns by which nobody can change what they mean to change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.doctor import changing
from bot.doctor.finding import Check, Deployment
from tests.alarms.aws_parts import Account
from tests.doctor.parts import Breaking, World, broken, faults_said, found, levels


@pytest.mark.parametrize(
    ("breaking", "check", "said"),
    [
        broken(
            lambda a, _d, _w: a.clients.client("ssm").put_parameter(
                Name="/medic/rules", Value="rules:\n  - may_aproove: [U1]\n", Type="SecureString", Overwrite=True
            ),
            changing.check_rules,
            "/medic/rules:2",
        ),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").delete_parameter(Name="/medic/rules"), changing.check_rules, "no such parameter, so"
        ),
        broken(lambda _a, d, _w: d.parameters.pop("ChangeableFunctions"), changing.check_rules, "the role may change no function"),
    ],
)
def test_fault_is_found_with_what_mends_it(
    deployment: Deployment, account: Account, world: World, breaking: Breaking, check: Check, said: str
) -> None:
    """Broken one way at a time."""
    breaking(account, deployment, world)

    assert said in "\n".join(faults_said(check, deployment, account))


def test_without_rules_the_doctor_says_that_nobody_can_change_anything(deployment: Deployment, account: Account) -> None:
    """It is the safe default, and no fault."""
    bare = Deployment(deployment.name, deployment.outputs, deployment.parameters, {})

    assert levels(found(changing.check_rules, bare, account)) == {"note"}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"ChangeableFunctions": "payments-*"}, "payments-* names none of 1 functions"),
        ({"ChangeableFunctions": "a*"}, "a* names none of 1 functions"),
        ({"ChangeableRoles": "service-role/func*"}, "service-role/func* names the role of none of them"),
        ({"ChangeableFunctions": "", "ChangeableRoles": "func*"}, "does nothing without ChangeableFunctions"),
    ],
)
def test_pattern_that_names_nothing_is_found(deployment: Deployment, account: Account, parameters: dict[str, str], said: str) -> None:
    """A misspelt one lets nobody down before the night it is needed. The bot's own functions do not count."""
    other = replace(deployment, parameters={**deployment.parameters, **parameters})
    [told] = [finding for finding in found(changing.check_changeable, other, account) if finding.level != "ok"]

    assert told.said == said
    assert told.mend
