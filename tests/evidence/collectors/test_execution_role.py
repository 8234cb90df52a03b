"""What the function may do: every policy of its role, and the boundary."""

from __future__ import annotations

import json

import boto3
import pytest

from tests.evidence.fakes import BreakableClients, a_run, ask
from tests.evidence.shop import ACCOUNT, open_shop

DENY_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


@pytest.mark.usefixtures("account")
class TestExecutionRole:
    def test_holds_every_policy_and_the_boundary(self) -> None:
        """A boundary can refuse what every policy allows."""
        shop = open_shop()
        iam = boto3.client("iam")
        arn = iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps(DENY_ALL))["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName="checkout-role", PermissionsBoundary=arn)

        _, sections, gaps = ask("execution-role", a_run(BreakableClients(), needs={"function": {"Role": shop.role_arn}}))

        role = sections["execution_role"]
        assert [policy["name"] for policy in role["policies"]] == ["own", "tables"]
        assert role["policies"][0]["document"]["Statement"][0]["Action"] == "logs:*"
        assert role["permissions_boundary"]["document"] == DENY_ALL
        assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert gaps == []

    def test_a_role_that_is_gone_is_said(self) -> None:
        """The function still names it."""
        _, sections, _ = ask("execution-role", a_run(BreakableClients(), needs={"function": {"Role": f"arn:aws:iam::{ACCOUNT}:role/gone"}}))

        assert sections["execution_role"] == {"Arn": f"arn:aws:iam::{ACCOUNT}:role/gone", "exists": False, "policies": []}
