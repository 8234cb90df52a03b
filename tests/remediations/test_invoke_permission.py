"""add-invoke-permission: the principal, the narrowest ARN, and the shape of each front door."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from bot.analysis.facts import Facts, GatewayOutcome, InvokePermission
from bot.errors import RemediationError
from tests.remediations.account import Account, failure
from tests.remediations.cases import CITE, a_denial, an_incident, declined, offered
from tests.remediations.changes import API_ARN, live, plan_of, remedy
from tests.workflow.fakes import Killed

EXECUTE = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5"


def at(kind: str, **door: Any) -> dict[str, Any]:
    """Return a target behind a front door."""
    return {"front_door": {"kind": kind, "id": "a1b2c3d4e5", **door}}


class TestApis:
    @pytest.mark.parametrize(
        ("kind", "stage", "route", "source"),
        [
            ("rest-api", "prod", "POST /orders", f"{EXECUTE}/prod/POST/orders"),
            ("rest-api", "prod", "GET /orders/{id}", f"{EXECUTE}/prod/GET/orders/*"),
            ("rest-api", "prod", "ANY /{proxy+}", f"{EXECUTE}/prod/*/*"),
            ("rest-api", None, None, f"{EXECUTE}/*/*/*"),
            ("http-api", "$default", "GET /orders", f"{EXECUTE}/*/GET/orders"),
            ("http-api", "$default", "$default", f"{EXECUTE}/*/$default"),
            ("http-api", None, None, f"{EXECUTE}/*/*"),
            ("websocket-api", "prod", "$connect", f"{EXECUTE}/prod/$connect"),
        ],
    )
    def test_source_has_the_shape_that_the_api_presents(self, kind: str, stage: str | None, route: str | None, source: str) -> None:
        """Three segments for methods, two for `$default` and WebSocket routes; path parameters are wildcards."""
        offer = offered("add-invoke-permission", an_incident(at(kind, stage=stage, route=route)))

        (statement,) = offer.params["statements"]
        assert statement["principal"] == "apigateway.amazonaws.com"
        assert statement["action"] == "lambda:InvokeFunction"
        assert statement["source_arn"] == source

    def test_uses_the_source_that_the_analysis_found(self) -> None:
        """The analysis compared the request with every statement."""
        facts = Facts(
            invoke_permission=InvokePermission(
                verdict="source-mismatch", statement_source=EXECUTE, needed_source_arn=f"{EXECUTE}/prod/GET/", cite=CITE
            )
        )

        offer = offered("add-invoke-permission", an_incident(at("rest-api")), facts)

        assert offer.params["statements"][0]["source_arn"] == f"{EXECUTE}/prod/GET/"
        assert f"lets in {EXECUTE}" in offer.why

    def test_lands_on_the_alias_that_the_integration_calls(self) -> None:
        """A policy belongs to one qualifier; the function's own does not cover an alias."""
        facts = Facts(invoke_permission=InvokePermission(verdict="qualifier-mismatch", qualifier="live"))

        assert offered("add-invoke-permission", an_incident(at("rest-api")), facts).params["qualifier"] == "live"

    def test_invents_no_account(self) -> None:
        """Where the account is unknown, the parameter is a pattern and says what is missing."""
        incident = an_incident({**at("rest-api", route="GET /x"), "account_id": None})

        offer = offered("add-invoke-permission", incident)

        assert offer.params["missing"] == ["account-id"]
        assert offer.params["statements"][0]["source_arn_pattern"] == "arn:aws:execute-api:eu-west-1:<account-id>:a1b2c3d4e5/*/GET/x"

    def test_names_the_authorizers_function(self) -> None:
        """The permission that is missing stands on the authorizer, not on the backend."""
        uri = (
            "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:guard/invocations"
        )
        gateway = {"kind": "rest-api", "id": "a1b2c3d4e5", "authorizers": [{"id": "auth12", "authorizerUri": uri}]}
        facts = Facts(gateway_outcomes=(GatewayOutcome(cite=CITE, reason="authorizer-permission"),))

        offer = offered("add-invoke-permission", an_incident(at("rest-api"), gateway=gateway), facts)

        assert offer.params["function_name"] == "guard"
        assert offer.params["statements"][0]["source_arn"] == f"{EXECUTE}/authorizers/auth12"

    def test_a_function_that_is_the_authorizer_is_let_in_as_one(self) -> None:
        """A statement for the methods of the API looks right and matches no call of an authorizer."""
        function = "arn:aws:lambda:eu-west-1:111122223333:function:orders"
        uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}/invocations"
        gateway = {"id": "a1b2c3d4e5", "authorizers": [{"authorizerUri": uri}]}

        offer = offered("add-invoke-permission", an_incident(gateway=gateway))

        assert offer.params["function_name"] == "orders"
        assert offer.params["statements"][0]["source_arn"] == f"{EXECUTE}/authorizers/*"


class TestServices:
    def test_sns_source_is_the_topic_and_not_the_subscription(self) -> None:
        """SNS presents the topic; a subscription's ARN matches nothing."""
        subscription = "arn:aws:sns:eu-west-1:111122223333:orders:0f7c1d2e-1111-2222-3333-444455556666"

        offer = offered("add-invoke-permission", an_incident({"front_door": {"kind": "trigger", "id": subscription}}))

        assert offer.params["statements"][0]["source_arn"] == "arn:aws:sns:eu-west-1:111122223333:orders"

    def test_sns_topic_is_read_from_the_delivery_log(self) -> None:
        """The log group of delivery failures is named after the topic."""
        logs = [{"group": "sns/eu-west-1/111122223333/orders/Failure", "events": []}]
        facts = Facts(denials=(a_denial(principal="sns.amazonaws.com", principal_kind="service", action="lambda:InvokeFunction"),))

        offer = offered("add-invoke-permission", an_incident({"front_door": {"kind": "trigger"}}, logs=logs), facts)

        assert offer.params["statements"][0]["source_arn"] == "arn:aws:sns:eu-west-1:111122223333:orders"

    def test_s3_gets_the_account_beside_the_bucket(self) -> None:
        """A bucket's ARN names no account, so anybody could take its name over."""
        offer = offered("add-invoke-permission", an_incident({"front_door": {"kind": "trigger", "id": "arn:aws:s3:::orders-in"}}))

        (statement,) = offer.params["statements"]
        assert statement["source_account"] == "111122223333"

    def test_a_load_balancer_presents_its_target_group(self) -> None:
        """One target group, not the whole service."""
        arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/orders/73e2d6bc24d8a067"

        offer = offered("add-invoke-permission", an_incident({"front_door": {"kind": "alb"}}, load_balancer={"target_group_arn": arn}))

        (statement,) = offer.params["statements"]
        assert (statement["principal"], statement["source_arn"]) == ("elasticloadbalancing.amazonaws.com", arn)

    def test_cognito_is_known_by_its_own_role(self) -> None:
        """The refusal names a role of Cognito's account; the principal to let in is the service."""
        principal = "arn:aws:sts::745623467555:assumed-role/awscognitoidentityproviderservice-ec2-InstanceRole-X/i-1"
        facts = Facts(denials=(a_denial(principal=principal, principal_kind="caller", action="lambda:InvokeFunction"),))

        offer = offered("add-invoke-permission", an_incident({"front_door": {"kind": "direct-invoke"}}), facts)

        assert offer.params["statements"][0]["principal"] == "cognito-idp.amazonaws.com"
        assert offer.params["missing"] == ["user-pool-id"]


class TestFunctionUrl:
    def test_needs_both_actions(self) -> None:
        """Since October 2025 InvokeFunctionUrl alone is not enough."""
        offer = offered("add-invoke-permission", an_incident(at("function-url"), function_url={"AuthType": "NONE"}, resource_policy=None))

        first, second = offer.params["statements"]
        assert (first["action"], first["function_url_auth_type"]) == ("lambda:InvokeFunctionUrl", "NONE")
        assert (second["action"], second["invoked_via_function_url"]) == ("lambda:InvokeFunction", True)
        assert offer.risk == "medium"

    def test_adds_only_the_action_that_is_missing(self) -> None:
        """The statement that is there stays untouched."""
        statement = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl"}
        incident = an_incident(at("function-url"), function_url={"AuthType": "NONE"}, resource_policy={"Statement": [statement]})

        assert [s["action"] for s in offered("add-invoke-permission", incident).params["statements"]] == ["lambda:InvokeFunction"]

    def test_cloudfront_is_let_in_by_its_distribution(self) -> None:
        """Which distribution is asked where it is unknown."""
        incident = an_incident({"front_door": {"kind": "cloudfront"}}, function_url={"AuthType": "AWS_IAM"})

        offer = offered("add-invoke-permission", incident)

        assert {s["principal"] for s in offer.params["statements"]} == {"cloudfront.amazonaws.com"}
        assert offer.params["missing"] == ["distribution-id"]

    def test_is_declined_for_an_unknown_caller(self) -> None:
        """A URL with AWS_IAM is not opened to everybody."""
        incident = an_incident(at("function-url"), function_url={"AuthType": "AWS_IAM"})

        assert "the caller's ARN must be known first" in declined("add-invoke-permission", incident)


class TestRefusal:
    def test_for_a_source_that_lambda_polls(self) -> None:
        """Queues and streams are read with the execution role."""
        incident = an_incident({"front_door": {"kind": "event-source", "id": "arn:aws:sqs:eu-west-1:111122223333:orders"}})

        assert "execution role" in declined("add-invoke-permission", incident)

    def test_for_an_explicit_deny(self) -> None:
        """No allow overrules a deny."""
        facts = Facts(invoke_permission=InvokePermission(verdict="explicit-deny"))

        assert "denies" in declined("add-invoke-permission", an_incident(at("rest-api")), facts)

    def test_for_a_caller_of_the_same_account(self) -> None:
        """Its own policy is enough, and is what is missing."""
        incident = an_incident({"front_door": {"kind": "direct-invoke"}}, caller={"arn": "arn:aws:iam::111122223333:role/web"})

        assert "same account" in declined("add-invoke-permission", incident)


class TestTwoStatements:
    PARAMS: ClassVar[dict[str, Any]] = {
        "statements": [
            {"statement_id": "lambda-medic-one", "principal": "apigateway.amazonaws.com", "source_arn": API_ARN},
            {"statement_id": "lambda-medic-two", "principal": "apigateway.amazonaws.com", "source_arn": f"{API_ARN}/*"},
        ]
    }

    def test_a_second_that_is_refused_takes_the_first_back(self, account: Account) -> None:
        """Nobody approved half a change; the refusal and what stands then are told."""
        remediation, plan = remedy("add-invoke-permission"), plan_of("add-invoke-permission", account, params=self.PARAMS)
        account.calls.clear()
        count = iter(range(9))
        account.faults["lambda:AddPermission"] = lambda: None if next(count) == 0 else failure(500, "ServiceException")

        with pytest.raises(RemediationError, match=r"ServiceException.*taken back; read back: statement lambda-medic-one is none"):
            remediation.apply(plan, account)

        assert live("add-invoke-permission", plan, account) == plan.before

    def test_a_retry_finishes_what_broke_off_in_between(self, account: Account) -> None:
        """The worker died after the first; each is added once."""
        remediation, plan = remedy("add-invoke-permission"), plan_of("add-invoke-permission", account, params=self.PARAMS)
        account.calls.clear()
        account.lost["lambda:AddPermission"] = Killed()  # type: ignore[assignment]
        with pytest.raises(Killed):
            remediation.apply(plan, account)

        done = remediation.apply(plan, account, resuming=True)

        assert live("add-invoke-permission", plan, account) == plan.after
        assert [c.parameters["StatementId"] for c in done.calls] == ["lambda-medic-two"]
        remediation.undo(done, account)
        assert live("add-invoke-permission", plan, account) == plan.before
