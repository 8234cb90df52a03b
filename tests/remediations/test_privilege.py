"""What no approval may make: rights that are wider than one need, for whom nobody meant, or on what decides about approvals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.errors import InputError, PlanStaleError, RefusedError
from bot.models.plan import PlanRequest
from tests.remediations.account import ACCOUNT_ID, REGION, ROLE, Account
from tests.remediations.changes import API_ARN, GRANT, plan_of, remedy

OTHER_ACCOUNT = "999999999999"


def granting(account: Account, **params: Any) -> Any:
    """Return the plan of a grant."""
    return plan_of("grant-role-permission", account, params={**GRANT, **params})


def letting_in(account: Account, **statement: Any) -> Any:
    """Return the plan of one statement of the function's policy."""
    given = {"principal": "apigateway.amazonaws.com", "source_arn": API_ARN, **statement}
    return plan_of("add-invoke-permission", account, params={"statements": [{k: v for k, v in given.items() if v is not None}]})


class TestGrants:
    @pytest.mark.parametrize(
        "action", ["*", "s3:*", "s3:Get*", "iam:*", "s3:GetObjec?", "sts:AssumeRole*", "S3:GetObject", "s3:GetObject\n"]
    )
    def test_actions_have_no_wildcards(self, account: Account, action: str) -> None:
        """One exact action each."""
        with pytest.raises(InputError, match="wildcards are not granted"):
            granting(account, actions=[action])

    @pytest.mark.parametrize(
        "resource",
        [
            "arn:aws:s3:::*",
            "arn:aws:s3:::*/*",
            "arn:aws:s3:::orders-*",
            "arn:aws:s3:::orders-*/key",
            "arn:aws:s3:::orders-bucket/*/secret",
            "arn:aws:s3:::${aws:PrincipalTag/x}/key",
            f"arn:aws:dynamodb:*:{ACCOUNT_ID}:table/orders",
            "arn:aws:dynamodb:eu-west-1:*:table/orders",
            f"arn:aws:dynamodb:eu-west-1:{ACCOUNT_ID}:table/*",
            f"arn:aws:dynamodb:eu-west-1:{ACCOUNT_ID}:*",
            f"arn:aws:logs:eu-west-1:{ACCOUNT_ID}:log-group:*",
            f"arn:aws:logs:eu-west-1:{ACCOUNT_ID}:log-group:*:*",
            f"arn:aws:iam::{ACCOUNT_ID}:role/*",
            f"arn:aws:lambda:eu-west-1:{ACCOUNT_ID}:function:order?",
            "arn:aws:*",
            "arn:aws:*:*:*:*",
            "arn:aws:s3:::",
            "*",
        ],
    )
    def test_resources_are_named(self, account: Account, resource: str) -> None:
        """A wildcard is taken where a name goes on with keys or streams that nobody can list, and nowhere else."""
        with pytest.raises((RefusedError, InputError)):
            granting(account, resource=resource)

    @pytest.mark.parametrize(
        "resource",
        [
            "arn:aws:s3:::orders-bucket/*",
            "arn:aws:s3:::orders-bucket/in/2026*",
            "arn:aws:s3:::orders-bucket/key",
            f"arn:aws:logs:eu-west-1:{ACCOUNT_ID}:log-group:/aws/lambda/orders:*",
            f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT_ID}:secret:orders/db-??????",
            f"arn:aws:dynamodb:eu-west-1:{ACCOUNT_ID}:table/orders",
        ],
    )
    def test_keys_and_streams_of_what_is_named_are_taken(self, account: Account, resource: str) -> None:
        """A function that reads one object today reads another one tomorrow."""
        plan = granting(account, resource=resource)

        assert json.loads(plan.calls[0].parameters["PolicyDocument"])["Statement"] == [
            {"Sid": "LambdaMedic", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": resource}
        ]

    @pytest.mark.parametrize(
        "action",
        ["iam:PutRolePolicy", "iam:putrolepolicy", "iam:AttachRolePolicy", "iam:CreateAccessKey", "iam:UpdateAssumeRolePolicy",
         "organizations:LeaveOrganization", "iam:PassRolePolicy"],
    )  # fmt: skip
    def test_the_right_to_grant_rights_is_not_granted(self, account: Account, action: str) -> None:
        """With it a role is an administrator's, whoever approved what."""
        with pytest.raises(RefusedError, match="rights"):
            granting(account, actions=["s3:GetObject", action], resource=ROLE)

    @pytest.mark.parametrize(
        "action", ["sts:AssumeRole", "sts:assumerole", "iam:PassRole", "kms:PutKeyPolicy", "kms:putkeypolicy", "lambda:AddPermission",
                   "lambda:updatefunctioncode", "s3:PutBucketPolicy"],
    )  # fmt: skip
    def test_what_could_widen_its_own_rights_takes_two_people(self, account: Account, action: str) -> None:
        """IAM does not mind the case of an action's name, so the check must not either."""
        plan = granting(account, actions=[action], resource=ROLE)

        assert (plan.risk, plan.needs_second_approver) == ("high", True)

    def test_a_role_that_others_have_is_warned_of(self, account: Account) -> None:
        """The rule that was asked is the one of this function."""
        plan = granting(account)

        assert "the role is not this function's alone: invoices, search get the permission too" in plan.warnings

    def test_the_function_has_another_role_by_now(self, account: Account) -> None:
        """The grant would go to a role that is somebody else's now."""
        plan = granting(account)
        account.client("iam").create_role(RoleName="new-role", AssumeRolePolicyDocument="{}")
        account.client("lambda").update_function_configuration(FunctionName="orders", Role=f"arn:aws:iam::{ACCOUNT_ID}:role/new-role")
        account.calls.clear()

        with pytest.raises(PlanStaleError, match=r"changed since: role is .*new-role, planned from .*orders-role"):
            remedy("grant-role-permission").apply(plan, account)

        assert account.writes == []

    def test_it_is_taken_back_from_the_role_that_it_was_given_to(self, account: Account) -> None:
        """Also when the function has another one meanwhile."""
        applied = remedy("grant-role-permission").apply(granting(account), account)
        account.client("iam").create_role(RoleName="new-role", AssumeRolePolicyDocument="{}")
        account.client("lambda").update_function_configuration(FunctionName="orders", Role=f"arn:aws:iam::{ACCOUNT_ID}:role/new-role")

        remedy("grant-role-permission").undo(applied, account)

        assert account.client("iam").list_role_policies(RoleName="orders-role")["PolicyNames"] == ["own"]


class TestCallers:
    @pytest.mark.parametrize(
        "arn",
        [
            "arn:aws:execute-api:*:*:*",
            f"arn:aws:execute-api:eu-west-1:{ACCOUNT_ID}:*",
            f"arn:aws:execute-api:eu-west-1:{ACCOUNT_ID}:*/prod/GET/x",
            f"arn:aws:execute-api:*:{ACCOUNT_ID}:a1b2c3d4e5/*",
            "arn:aws:execute-api:eu-west-1:*:a1b2c3d4e5/*",
            "arn:*",
            "arn:aws:events:eu-west-1:123456789012:rule/*",
            "arn:aws:sns:eu-west-1:123456789012:*",
            "arn:aws:sns:eu-west-1:123456789012:order?",
        ],
    )
    def test_a_source_is_named(self, account: Account, arn: str) -> None:
        """A pattern over accounts, regions or whole services lets in whoever reads this."""
        with pytest.raises((RefusedError, InputError)):
            letting_in(account, source_arn=arn)

    @pytest.mark.parametrize(
        "statement",
        [
            {"source_arn": f"arn:aws:execute-api:eu-west-1:{OTHER_ACCOUNT}:a1b2c3d4e5/*/GET/orders"},
            {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::bucket", "source_account": OTHER_ACCOUNT},
            {"principal": OTHER_ACCOUNT, "source_arn": None},
            {"principal": f"arn:aws:iam::{OTHER_ACCOUNT}:role/web", "source_arn": None},
        ],
    )
    def test_another_account_takes_two_people_and_is_named(self, account: Account, statement: dict[str, Any]) -> None:
        """Whoever calls often enough in vain must not be let in by one tired click."""
        plan = letting_in(account, **statement)

        assert plan.needs_second_approver
        assert plan.risk != "low"
        assert f"account {OTHER_ACCOUNT} is not the function's own" in " ".join(plan.warnings)

    def test_its_own_account_takes_one(self, account: Account) -> None:
        """The usual case stays as it was."""
        plan = letting_in(account)

        assert (plan.risk, plan.needs_second_approver) == ("low", False)

    @pytest.mark.parametrize("principal", ["arn:aws:iam::*:root", "*.amazonaws.com", "?"])
    def test_a_principal_is_named(self, account: Account, principal: str) -> None:
        """But for everybody, through the function URL."""
        with pytest.raises(RefusedError):
            letting_in(account, principal=principal)


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            f"arn:aws:lambda:eu-west-1:{OTHER_ACCOUNT}:function:orders",
            f"{OTHER_ACCOUNT}:function:orders",
            "orders:live",
            "orders\n",
            "../orders",
        ],
    )
    def test_a_function_is_named_by_its_name_alone(self, name: str) -> None:
        """An ARN would lead into another account, a qualifier past the lock."""
        with pytest.raises(ValueError, match="function_name"):
            PlanRequest(action="raise-timeout", function_name=name)

    @pytest.mark.parametrize("name", [f"arn:aws:lambda:eu-west-1:{ACCOUNT_ID}:function:invoices", "invoices:live"])
    def test_nor_is_that_of_a_statement(self, account: Account, name: str) -> None:
        """The authorizer's function is another one than the incident's."""
        with pytest.raises(InputError):
            plan_of("add-invoke-permission", account, params={"function_name": name, "principal": "apigateway.amazonaws.com"})

    def test_a_mapping_that_belongs_to_another_function_by_now_is_left_alone(self, account: Account) -> None:
        """It was pointed elsewhere between plan and click."""
        plan = plan_of("enable-event-source", account)
        account.client("lambda").update_event_source_mapping(UUID=account.mapping, FunctionName="invoices")
        account.calls.clear()

        with pytest.raises((PlanStaleError, RefusedError)):
            remedy("enable-event-source").apply(plan, account)

        assert account.writes == []


class TestCapacity:
    def test_what_others_took_since_the_plan_counts(self, account: Account) -> None:
        """There was room when it was planned; AWS would take it, and the neighbours would starve."""
        plan = plan_of("raise-reserved-concurrency", account)
        account.limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 140}
        account.metrics["UnreservedConcurrentExecutions", None] = 139.0
        account.calls.clear()

        with pytest.raises(RefusedError, match="at their peak"):
            remedy("raise-reserved-concurrency").apply(plan, account)

        assert account.writes == []

    def test_where_two_people_should_look_now_one_approval_is_not_enough(self, account: Account) -> None:
        """Little room is left by now."""
        plan = plan_of("set-provisioned-concurrency", account)
        assert not plan.needs_second_approver
        account.metrics["UnreservedConcurrentExecutions", None] = 800.0

        with pytest.raises(PlanStaleError, match="changed since: room for other functions"):
            remedy("set-provisioned-concurrency").apply(plan, account)

        assert account.provisioned == {}


class TestTexts:
    def test_half_a_character_from_aws_does_not_break_a_plan(self, account: Account) -> None:
        """JSON can hold a lone surrogate, which no table and no hash takes."""
        account.client("lambda").tag_resource(
            Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:orders", Tags={"managed-by": "terraform"}
        )
        spoil(account)

        plan = plan_of("raise-timeout", account)

        assert len(plan.fingerprint()) == 64
        assert plan.model_dump_json()


def spoil(account: Account) -> None:
    """Put a lone surrogate into every text that AWS answers."""
    after = account.after

    def spoiling(model: Any, parsed: dict[str, Any], http_response: Any, **event: Any) -> None:
        after(model=model, parsed=parsed, http_response=http_response, **event)
        if model.name == "ListTags":
            parsed["Tags"] = {f"{key}\ud800": f"{value}\ud800" for key, value in parsed["Tags"].items()}

    account.after = spoiling  # type: ignore[method-assign]
