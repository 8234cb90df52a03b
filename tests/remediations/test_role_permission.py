"""grant-role-permission: the exact action and resource, and only where a grant can help."""

from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.facts import Facts
from tests.remediations.cases import a_denial, an_incident, declined, offered

TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
ROLE = "arn:aws:iam::111122223333:role/orders-role"


class TestOffer:
    def test_grants_what_was_refused_and_no_more(self) -> None:
        """Action and resource are those of AWS's own message."""
        facts = Facts(denials=(a_denial(action="dynamodb:PutItem", resource=TABLE),))

        offer = offered("grant-role-permission", an_incident(function={"Role": ROLE}), facts)

        assert offer.params == {
            "role_arn": ROLE,
            "policy_name": "lambda-medic-dynamodb-PutItem",
            "actions": ["dynamodb:PutItem"],
            "resource": TABLE,
        }

    def test_knows_the_action_behind_an_operation(self) -> None:
        """HeadObject takes s3:GetObject, and answers 403 for a missing key too where the role may not list."""
        facts = Facts(denials=(a_denial(service="s3", operation="HeadObject"),))

        offer = offered("grant-role-permission", an_incident(), facts)

        assert offer.params["actions"] == ["s3:GetObject"]
        assert "check that the object exists" in offer.why
        assert offer.params["resource_pattern"] == "arn:aws:s3:::<bucket>/<key>"
        assert offer.params["missing"] == ["role_arn", "resource"]

    def test_an_allowed_put_that_is_refused_sets_an_acl(self) -> None:
        """The message names PutObject although what lacks is PutObjectAcl."""
        role = {"policies": [{"document": {"Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["*"]}]}}]}
        facts = Facts(denials=(a_denial(service="s3", operation="PutObject"),))

        assert offered("grant-role-permission", an_incident(execution_role=role), facts).params["actions"] == ["s3:PutObjectAcl"]

    def test_takes_a_simulation_for_the_log_group(self) -> None:
        """The function's log group is known, so the resource is exact."""
        role = {"Arn": ROLE, "simulations": [{"EvalActionName": "logs:PutLogEvents", "EvalDecision": "implicitDeny"}]}

        params = offered("grant-role-permission", an_incident(execution_role=role)).params

        assert params["resource"] == "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders:*"
        assert params["actions"] == ["logs:CreateLogStream", "logs:PutLogEvents"]

    def test_gives_the_poller_all_that_polling_takes(self) -> None:
        """A role that lacks ReceiveMessage lacks its companions as a rule."""
        queue = "arn:aws:sqs:eu-west-1:111122223333:orders"
        facts = Facts(denials=(a_denial(action="sqs:ReceiveMessage", principal_kind="poller"),))

        params = offered("grant-role-permission", an_incident(event_sources=[{"EventSourceArn": queue}]), facts).params

        assert params["resource"] == queue
        assert params["actions"] == ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]

    def test_a_resource_with_parts_blanked_out_is_not_named(self) -> None:
        """A policy with such a resource would grant nothing."""
        facts = Facts(denials=(a_denial(action="kms:Decrypt", resource="arn:aws:kms:us-east-1:<>:key/<>"),))

        params = offered("grant-role-permission", an_incident(function={"Role": ROLE}), facts).params

        assert params["missing"] == ["resource"]
        assert params["resource_pattern"] == "arn:aws:kms:eu-west-1:111122223333:key/<key-id>"

    def test_reads_cloudtrail_rows_that_nothing_else_explains(self) -> None:
        """A bare 403 in CloudTrail still names service and operation."""
        rows = [{"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "errorCode": "AccessDenied", "errorMessage": "Access Denied"}]

        assert offered("grant-role-permission", an_incident(denials=rows)).params["actions"] == ["s3:GetObject"]

    def test_calls_rights_over_rights_a_high_risk(self) -> None:
        """With iam:* or sts:AssumeRole a role could widen its own rights."""
        facts = Facts(denials=(a_denial(action="iam:PassRole", resource=ROLE),))

        assert offered("grant-role-permission", an_incident(), facts).risk == "high"


class TestRefusal:
    @pytest.mark.parametrize(
        ("denial", "why"),
        [
            ({"explicit": True}, "explicit deny"),
            ({"policy_type": "permissions-boundary"}, "permissions boundary"),
            ({"policy_type": "service-control", "explicit": True}, "organisation's policy"),
            ({"policy_type": "resource-control"}, "organisation's resource policy"),
            ({"policy_type": "session"}, "session's policy"),
            ({"policy_type": "resource"}, "resource's own policy"),
            ({"policy_type": "vpc-endpoint"}, "VPC endpoint's policy"),
        ],
    )
    def test_where_a_grant_cannot_help(self, denial: dict[str, Any], why: str) -> None:
        """A policy of the role overrules none of these."""
        facts = Facts(denials=(a_denial(action="s3:GetObject", resource="arn:aws:s3:::b/k", **denial),))

        assert why in declined("grant-role-permission", an_incident(), facts)

    def test_for_another_principal(self) -> None:
        """What a caller lacks is not granted to the function's role."""
        facts = Facts(denials=(a_denial(action="lambda:InvokeFunction", principal_kind="caller"),))

        assert "another principal" in declined("grant-role-permission", an_incident(), facts)

    def test_when_nothing_is_known(self) -> None:
        """No action and no resource: there is nothing exact to grant."""
        assert "must be known first" in declined("grant-role-permission", an_incident())
