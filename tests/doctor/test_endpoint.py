"""The doctor finds an endpoint that keeps Slack out or lets others in, and says how to mend it."""

from __future__ import annotations

import pytest

from bot.doctor import endpoint
from bot.doctor.finding import Check, Deployment
from tests.alarms.aws_parts import Account
from tests.doctor.parts import Breaking, World, broken, faults_said


@pytest.mark.parametrize(
    ("breaking", "check", "said"),
    [
        broken(lambda _a, _d, w: setattr(w, "secret", "changed"), endpoint.check_endpoint, "answers 401 to a request signed"),
        broken(lambda _a, _d, w: setattr(w, "is_barred", True), endpoint.check_endpoint, "AWS answers 403"),
        broken(lambda _a, _d, w: setattr(w, "is_open", True), endpoint.check_endpoint, "without a signature"),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").put_parameter(Name="/medic/secret", Value="x\n", Type="SecureString", Overwrite=True),
            endpoint.check_endpoint,
            "line end around it",
        ),
    ],
)
def test_fault_is_found_with_what_mends_it(
    deployment: Deployment, account: Account, world: World, breaking: Breaking, check: Check, said: str
) -> None:
    """Broken one way at a time."""
    breaking(account, deployment, world)

    assert said in "\n".join(faults_said(check, deployment, account))
