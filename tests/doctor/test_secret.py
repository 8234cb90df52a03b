"""A secret is looked at and never told."""

from __future__ import annotations

from bot.doctor import chat, endpoint
from bot.doctor.finding import Deployment
from tests.alarms.aws_parts import Account
from tests.doctor.parts import SECRET, TOKEN, World, found, levels


def test_secrets_appear_in_no_finding(deployment: Deployment, account: Account, world: World) -> None:
    """Not even when they are wrong."""
    world.secret, world.errors = "another", {"auth.test": "invalid_auth"}
    findings = [*found(chat.check_slack, deployment, account), *found(endpoint.check_endpoint, deployment, account)]

    assert levels(findings) == {"fault"}
    assert not any(secret in repr(finding) for finding in findings for secret in (SECRET, TOKEN, "another"))
