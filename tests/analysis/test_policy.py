from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.arn_match import UNKNOWN, UNKNOWN_PATH, arn_matches
from bot.analysis.facts import InvokePermission
from tests.analysis.incidents import an_incident

API = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:checkout"
URI = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{}/invocations"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"


def a_target(
    kind: str | None,
    *,
    front_id: str | None = "a1b2c3d4e5",
    stage: str | None = "prod",
    route: str | None = "POST /orders",
    qualifier: str | None = None,
) -> dict[str, Any]:
    door = {"kind": kind, "id": front_id, "stage": stage, "route": route} if kind else None
    return {"function_name": "checkout", "qualifier": qualifier, "region": "eu-west-1", "account_id": "123456789012", "front_door": door}


def allow(service: str = "apigateway.amazonaws.com", **more: Any) -> dict[str, Any]:
    return {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        **more,
    }


def source(arn: str, operator: str = "ArnLike", key: str = "AWS:SourceArn") -> dict[str, Any]:
    return {"Condition": {operator: {key: arn}}}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def evaluate(target: dict[str, Any], **sections: Any) -> InvokePermission:
    return analyse(an_incident(target=target, **sections)).invoke_permission


class TestArnMatch:
    @pytest.mark.parametrize(
        ("pattern", "arn", "match"),
        [
            (f"{API}/*/*/*", f"{API}/prod/POST/orders", "yes"),
            (f"{API}/*", f"{API}/prod/POST/orders", "yes"),
            (f"{API}/*/*", f"{API}/prod/POST/orders", "yes"),
            (f"{API}/dev/*/*", f"{API}/prod/POST/orders", "no"),
            (API, f"{API}/prod/POST/orders", "no"),
            (f"{API}/*/*/*", f"{API}/{UNKNOWN}/{UNKNOWN}/{UNKNOWN_PATH}", "yes"),
            (f"{API}/*/GET/*", f"{API}/{UNKNOWN}/{UNKNOWN}/{UNKNOWN_PATH}", "maybe"),
            (f"{API}/*/*/*", f"{API}/{UNKNOWN}/$default", "no"),
            (f"{API}/*/*/*", f"{API}/authorizers/{UNKNOWN}", "no"),
            (f"{API}/*/*/*", f"{API}/{UNKNOWN}/{UNKNOWN_PATH}", "maybe"),
            (f"{API}/prod/?OST/*", f"{API}/prod/POST/", "yes"),
        ],
    )
    def test_unknown_parts_match_for_certain_only_under_a_wildcard(self, pattern: str, arn: str, match: str) -> None:
        """A guess about a part that nobody read would be a wrong diagnosis."""
        assert arn_matches(pattern, arn) == match


class TestGateway:
    @pytest.mark.parametrize(
        ("statements", "verdict"),
        [
            ([allow(**source(f"{API}/*/*/*"))], "allowed"),
            ([allow(**source(f"{API}/*/POST/orders", "ArnEquals", "aws:sourcearn"))], "allowed"),
            ([allow(**source(f"{API}/*/*/*", "StringLike"))], "allowed"),
            ([allow()], "allowed"),
            ([allow(Principal="*")], "allowed"),
            ([allow(Action="lambda:*")], "allowed"),
            ([allow(**source(f"{API}/*/*/*", "StringEquals"))], "source-mismatch"),
            ([allow(**source(f"{API}/dev/*/*"))], "source-mismatch"),
            ([allow(**source(API))], "source-mismatch"),
            ([allow(**source("210987654321", "StringEquals", "AWS:SourceAccount"))], "account-mismatch"),
            ([allow("sns.amazonaws.com")], "no-statement"),
            ([allow(Action="lambda:GetFunction")], "no-statement"),
            ([], "no-statement"),
            ([allow(), allow(Effect="Deny")], "explicit-deny"),
            ([{**allow(), "NotAction": "lambda:GetFunction", "Action": None}], "unknown"),
        ],
    )
    def test_the_policy_is_read_as_lambda_would(self, statements: list[dict[str, Any]], verdict: str) -> None:
        """Wildcards by operator, keys in any case, a deny wins."""
        assert evaluate(a_target("rest-api"), resource_policy=policy(*statements)).verdict == verdict

    def test_null_means_that_there_is_no_policy(self) -> None:
        """AWS said so."""
        found = evaluate(a_target("rest-api"), resource_policy=None)

        assert (found.verdict, found.missing_actions, found.needed_source_arn) == (
            "no-policy",
            ("lambda:InvokeFunction",),
            f"{API}/prod/POST/orders",
        )

    def test_absent_means_that_nobody_knows(self) -> None:
        """A conclusion from a section that was not read is a bug."""
        assert evaluate(a_target("rest-api")).verdict == "unknown"

    def test_the_default_route_has_two_segments(self) -> None:
        """The pattern for REST, `*/*/*`, does not fit an HTTP API's $default."""
        found = evaluate(a_target("http-api", route="$default"), resource_policy=policy(allow(**source(f"{API}/*/*/*"))))

        assert (found.verdict, found.needed_source_arn, found.statement_source) == (
            "source-mismatch",
            f"{API}/prod/$default",
            f"{API}/*/*/*",
        )

    def test_path_parameters_are_a_wildcard(self) -> None:
        """What a request holds there differs each time."""
        found = evaluate(a_target("rest-api", route="GET /orders/{id}"), resource_policy=None)

        assert found.needed_source_arn == f"{API}/prod/GET/orders/*"

    def test_an_alias_has_a_policy_of_its_own(self) -> None:
        """The permission stands on the function, the integration calls the alias."""
        gateway = {
            "kind": "rest-api",
            "id": "a1b2c3d4e5",
            "integrations": [{"route": "POST /orders", "uri": URI.format(f"{FUNCTION}:live")}],
        }
        sections: dict[str, Any] = {"gateway": gateway, "resource_policy": policy(allow())}

        assert evaluate(a_target("rest-api"), resource_policies={"live": None}, **sections).verdict == "qualifier-mismatch"
        assert evaluate(a_target("rest-api"), resource_policies={"live": policy(allow())}, **sections).verdict == "allowed"
        assert evaluate(a_target("rest-api"), **sections).verdict == "unknown"

    def test_a_stage_variable_leaves_the_qualifier_open(self) -> None:
        """Which alias it names is not in the integration."""
        gateway = {"integrations": [{"route": "POST /orders", "uri": URI.format(FUNCTION + ":${stageVariables.alias}")}]}

        assert evaluate(a_target("rest-api"), gateway=gateway, resource_policy=policy(allow())).qualifier is None


class TestAuthorizer:
    def test_its_arn_has_another_shape(self) -> None:
        """`*/*/*` lets the routes in and not the authorizer."""
        gateway = {"id": "a1b2c3d4e5", "authorizers": [{"id": "auth1", "authorizerUri": URI.format(FUNCTION)}]}
        incident = an_incident(target=a_target(None), gateway=gateway, resource_policy=policy(allow(**source(f"{API}/*/*/*"))))
        found = analyse(incident).authorizer_permission

        assert (found.verdict, found.needed_source_arn, found.for_authorizer) == ("source-mismatch", f"{API}/authorizers/auth1", True)

    def test_a_route_of_the_gateway_is_not_the_authorizers_caller(self) -> None:
        """The target is the authorizer; the integrations call another function."""
        gateway = {
            "id": "a1b2c3d4e5",
            "integrations": [{"uri": URI.format(f"{FUNCTION}-other")}],
            "authorizers": [{"authorizerUri": URI.format(FUNCTION)}],
        }

        assert evaluate(a_target("rest-api"), gateway=gateway, resource_policy=policy()).verdict == "unknown"


class TestTriggers:
    @pytest.mark.parametrize(
        ("arn", "service", "statement_source", "verdict"),
        [
            (TOPIC, "sns.amazonaws.com", TOPIC, "allowed"),
            (TOPIC, "sns.amazonaws.com", f"{TOPIC}:6b0e71bd", "source-mismatch"),
            ("arn:aws:s3:::uploads", "s3.amazonaws.com", "arn:aws:s3:::uploads", "allowed"),
            (
                "arn:aws:events:eu-west-1:123456789012:rule/nightly",
                "events.amazonaws.com",
                "arn:aws:events:eu-west-1:123456789012:rule/*",
                "allowed",
            ),
            (
                "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/p",
                "cognito-idp.amazonaws.com",
                "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/q",
                "source-mismatch",
            ),
        ],
    )
    def test_present_their_own_arn(self, arn: str, service: str, statement_source: str, verdict: str) -> None:
        """A subscription is no topic."""
        target = a_target("trigger", front_id=arn)

        assert evaluate(target, resource_policy=policy(allow(service, **source(statement_source)))).verdict == verdict

    def test_a_queue_needs_no_statement(self) -> None:
        """Its mapping polls with the execution role."""
        target = a_target("event-source", front_id="arn:aws:sqs:eu-west-1:123456789012:q")

        assert evaluate(target, resource_policy=None).verdict == "unknown"

    def test_a_load_balancer_presents_its_target_group(self) -> None:
        """Same account and Region, principal elasticloadbalancing."""
        group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tg/73e2d6bc24d8a067"
        found = evaluate(a_target("alb"), load_balancer={"target_group_arn": group}, resource_policy=None)

        assert (found.verdict, found.caller_service, found.needed_source_arn) == ("no-policy", "elasticloadbalancing.amazonaws.com", group)


PUBLIC = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunctionUrl",
    "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
}
INVOKE = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunction",
    "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
}


class TestFunctionUrl:
    @pytest.mark.parametrize(
        ("statements", "sections", "verdict", "missing"),
        [
            ([PUBLIC, INVOKE], {}, "allowed", ()),
            (
                [PUBLIC],
                {"function_url": {"AuthType": "NONE", "CreationTime": "2025-11-01T00:00:00Z"}},
                "url-incomplete",
                ("lambda:InvokeFunction",),
            ),
            ([PUBLIC], {"client": {"status": 403}}, "url-incomplete", ("lambda:InvokeFunction",)),
            ([PUBLIC], {"collected_at": "2026-11-02T00:00:00Z"}, "url-incomplete", ("lambda:InvokeFunction",)),
            ([PUBLIC], {"collected_at": "2026-05-14T00:00:00Z"}, "unknown", ("lambda:InvokeFunction",)),
            ([INVOKE], {}, "no-statement", ("lambda:InvokeFunctionUrl",)),
            ([allow()], {}, "no-statement", ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")),
        ],
    )
    def test_needs_both_actions_since_october_2025(
        self, statements: list[dict[str, Any]], sections: dict[str, Any], verdict: str, missing: tuple[str, ...]
    ) -> None:
        """Accounts with older URLs are exempt until 1 November 2026."""
        given = {"function_url": {"AuthType": "NONE"}, **sections}
        found = evaluate(a_target("function-url", front_id=None, route=None), resource_policy=policy(*statements), **given)

        assert (found.verdict, found.missing_actions) == (verdict, missing)

    def test_with_iam_the_callers_own_policy_may_do(self) -> None:
        """Within an account no statement is needed, so nothing is concluded."""
        assert evaluate(a_target("function-url"), function_url={"AuthType": "AWS_IAM"}, resource_policy=None).verdict == "unknown"

    def test_cloudfronts_origin_access_control_needs_both_too(self) -> None:
        """The public page tells only of the first."""
        gateway = {"kind": "cloudfront", "OriginAccessControl": {"OriginAccessControlOriginType": "lambda"}}
        statement = {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "lambda:InvokeFunctionUrl"}
        found = evaluate(a_target("cloudfront"), gateway=gateway, resource_policy=policy(statement), client={"status": 403})

        assert (found.verdict, found.missing_actions) == ("url-incomplete", ("lambda:InvokeFunction",))
