"""The doctor finds what a role may not do and must, or may do and must not."""

from __future__ import annotations

from bot.doctor import access
from bot.doctor.finding import Deployment
from tests.alarms.aws_parts import Account
from tests.doctor.parts import Simulated


def test_refused_read_is_named(deployment: Deployment, account: Account) -> None:
    """Without it the answers have gaps."""
    said = [finding.said for finding in access.check_reading(deployment, Simulated(account, allowed={"lambda:GetPolicy": False}))]

    assert len(said) == 2
    assert all(one.startswith("1 of ") and one.endswith("lambda:GetPolicy") for one in said)


def test_refused_write_is_named(deployment: Deployment, account: Account) -> None:
    """The template allows it; a boundary or an organisation does not."""
    aws = Simulated(account, writes_on=("function:checkout",), allowed={"lambda:UpdateAlias": False})
    [finding] = access.check_changing(deployment, aws)

    assert finding.level == "fault"
    assert finding.said.endswith("function:checkout: lambda:UpdateAlias")


def test_role_that_may_change_the_bot_itself_is_found(deployment: Deployment, account: Account) -> None:
    """It could approve for everybody then."""
    [finding] = access.check_changing(deployment, Simulated(account, writes_on=("function:",)))

    assert finding.level == "fault"
    assert "may change the bot's own" in finding.said


def test_widened_role_is_found(deployment: Deployment, account: Account) -> None:
    """Somebody attached a policy to the role that only reads."""
    findings = list(access.check_forbidden(deployment, Simulated(account, allowed={"lambda:AddPermission": True})))

    assert [finding.level for finding in findings].count("fault") == 1
    assert any("lambda:AddPermission" in finding.said for finding in findings)
