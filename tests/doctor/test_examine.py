"""All checks together find nothing wrong in a whole deployment."""

from __future__ import annotations

from bot.doctor.examine import CHECKS
from bot.doctor.finding import Deployment
from tests.alarms.aws_parts import Account
from tests.doctor.parts import WRITES_ON, Simulated, an_alarm, levels


def test_whole_deployment_has_no_fault(deployment: Deployment, account: Account) -> None:
    """And a doctor who finds something everywhere is not asked again."""
    topic = [deployment.outputs["AlarmTopicArn"]]
    an_alarm(account, "checkout", AlarmActions=topic, OKActions=topic)
    simulated = Simulated(account, writes_on=WRITES_ON)
    for check in CHECKS:
        findings = list(check(deployment, simulated))
        assert findings
        assert levels(findings) == {"ok"}, findings
