"""The doctor finds an audit trail without its copies."""

from __future__ import annotations

import pytest

from bot.aws.audit import DynamoAuditLog
from bot.aws.table import Table
from bot.doctor import trail
from bot.doctor.finding import Check, Deployment
from bot.models.audit import AuditRecord
from tests.alarms.aws_parts import Account
from tests.doctor.parts import BUCKET, Breaking, World, broken, faults_said


@pytest.mark.parametrize(
    ("breaking", "check", "said"),
    [
        broken(lambda a, _d, _w: a.clients.client("s3").delete_bucket(Bucket=BUCKET), trail.check_trail, "there is no such bucket"),
        broken(
            lambda a, _d, _w: DynamoAuditLog(Table(a.clients, "state")).append(
                AuditRecord(id="one", event="requested", at=1.0, by="U0ONCALL")
            ),
            trail.check_trail,
            "entry 1 has no copy",
        ),
    ],
)
def test_fault_is_found_with_what_mends_it(
    deployment: Deployment, account: Account, world: World, breaking: Breaking, check: Check, said: str
) -> None:
    """Broken one way at a time."""
    breaking(account, deployment, world)

    assert said in "\n".join(faults_said(check, deployment, account))
