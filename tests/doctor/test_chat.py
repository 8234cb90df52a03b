"""The doctor finds what keeps the bot from Slack, and says how to mend it."""

from __future__ import annotations

import pytest

from bot.doctor import chat
from bot.doctor.finding import Check, Deployment
from tests.alarms.aws_parts import Account
from tests.doctor.parts import Breaking, World, broken, faults_said


@pytest.mark.parametrize(
    ("breaking", "check", "said"),
    [
        broken(lambda _a, _d, w: w.errors.update({"auth.test": "token_revoked"}), chat.check_slack, "token_revoked"),
        broken(lambda _a, _d, w: setattr(w, "scopes", "commands"), chat.check_slack, "missing: "),
        broken(lambda _a, _d, w: w.errors.update({"chat.postEphemeral": "channel_not_found"}), chat.check_slack, "channel_not_found"),
        broken(lambda _a, _d, w: w.errors.update({"chat.postEphemeral": "is_archived"}), chat.check_slack, "is_archived"),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").delete_parameter(Name="/medic/token"), chat.check_slack, "there is no such parameter"
        ),
    ],
)
def test_fault_is_found_with_what_mends_it(
    deployment: Deployment, account: Account, world: World, breaking: Breaking, check: Check, said: str
) -> None:
    """Broken one way at a time."""
    breaking(account, deployment, world)

    assert said in "\n".join(faults_said(check, deployment, account))
