# ruff: noqa: E501 - lines of logs stay whole, as AWS writes them
from __future__ import annotations

import json
from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.facts import Facts
from tests.analysis.incidents import GATEWAY_GROUP, ID, a_log, an_incident

ALB_HEAD = "https 2026-05-14T03:12:00.000000Z app/shop/50dc6c495c0c9188 10.0.0.1:2817 - 0.000 0.001 0.000"


def alb_row(status: str, target: str, actions: str, reason: str) -> str:
    """Return a load balancer's access log line, field by field as its guide lists them."""
    return (
        f'{ALB_HEAD} {status} {target} 34 366 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA TLSv1.2 '
        f'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tg/73e2d6bc24d8a067 "Root=1-5" "www.example.com" "arn:cert" '
        f'0 2026-05-14T03:12:00.000000Z "{actions}" "-" "{reason}" "-" "-" "-" "-"'
    )


def facts_of(*lines: str, group: str = GATEWAY_GROUP, kind: str = "rest-api", **sections: Any) -> Facts:
    return analyse(an_incident(kind=kind, logs=[a_log(*lines, group=group)], **sections))


class TestExecutionLog:
    @pytest.mark.parametrize(
        ("lines", "reason", "status"),
        [
            (
                [f"Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: {ID}"],
                "function-error",
                502,
            ),
            (["Execution failed due to a timeout error"], "timeout", 504),
            (["Execution failed due to configuration error: Malformed Lambda proxy response"], "malformed-response", 502),
            (
                [
                    f"Lambda invocation failed with status: 429. Lambda request id: {ID}",
                    "Execution failed due to configuration error: Rate Exceeded.",
                ],
                "throttled-lambda",
                500,
            ),
            (["Execution failed due to configuration error: Invalid permissions on Lambda function"], "permission", 500),
            (
                [
                    "Execution failed due to configuration error: Invalid permissions on Lambda function",
                    "Execution failed due to configuration error: Authorizer error",
                ],
                "authorizer-permission",
                500,
            ),
            (["Execution failed due to configuration error: Authorizer error"], "authorizer-failed", 500),
            (
                [
                    "Execution failed due to configuration error: API Gateway does not have permission to assume the provided role "
                    "arn:aws:iam::123456789012:role/x"
                ],
                "role-not-assumable",
                500,
            ),
            (["Unauthorized request: 8f5f"], "unauthorized", 401),
            (["The client is not authorized to perform this operation."], "authorizer-denied", 403),
            (["Execution failed due to configuration error: Output mapping refers to an invalid method response: 500"], "mapping", 500),
            (["Gateway response type: MISSING_AUTHENTICATION_TOKEN with status code: 403"], "missing-token", 403),
        ],
    )
    def test_each_line_means_one_thing(self, lines: list[str], reason: str, status: int) -> None:
        """The words are AWS's own; the last line of the request gives the status."""
        facts = facts_of(*(f"(gw-1) {line}" for line in lines), f"(gw-1) Method completed with status: {status}")

        assert [(outcome.reason, outcome.status) for outcome in facts.gateway_outcomes] == [(reason, status)]
        assert facts.front_door.status == status

    def test_the_console_test_has_another_prefix(self) -> None:
        """TestInvoke lines begin with a date and name no request."""
        facts = facts_of(
            "Thu Dec 08 01:13:00 UTC 2016 : Execution failed due to a timeout error",
            "Thu Dec 08 01:13:00 UTC 2016 : Method completed with status: 504",
        )

        assert [(outcome.reason, outcome.status) for outcome in facts.gateway_outcomes] == [("timeout", 504)]

    def test_requests_are_grouped_and_counted(self) -> None:
        """Each of three requests fails alike: one outcome, three times."""
        lines = [
            line
            for i in range(3)
            for line in (f"(gw-{i}) Execution failed due to a timeout error", f"(gw-{i}) Method completed with status: 504")
        ]
        facts = facts_of(*lines)

        assert [(outcome.reason, outcome.count) for outcome in facts.gateway_outcomes] == [("timeout", 3)]

    def test_a_healthy_request_says_nothing(self) -> None:
        """Its body may hold any words."""
        facts = facts_of(
            '(gw-1) Endpoint response body before transformations: {"statusCode":200,"body":"Rate Exceeded"}',
            "(gw-1) Received response. Status: 200, Integration latency: 12 ms",
            "(gw-1) Method completed with status: 200",
        )

        assert (facts.gateway_outcomes, facts.response_shapes, facts.health.is_healthy) == ((), (), True)

    def test_the_functions_own_error_answer_is_no_gateway_outcome(self) -> None:
        """The handler returned 404 in good shape."""
        facts = facts_of(
            '(gw-1) Endpoint response body before transformations: {"statusCode":404,"body":"no such order"}',
            "(gw-1) Method completed with status: 404",
        )

        assert facts.gateway_outcomes == ()
        assert (facts.front_door.status, facts.front_door.handler_answered, facts.health.client_errors_only) == (404, True, True)

    def test_lambdas_refusal_in_the_body_is_the_cause_and_no_bad_shape(self) -> None:
        """KMS, and the throttle as it was logged in 2018: the malformed response is only its echo."""
        for body, reason in (
            ('{"Message":"Lambda was unable to decrypt the environment variables because KMS access was denied.","Type":null}', "kms"),
            ('{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}', "throttled-lambda"),
        ):
            facts = facts_of(
                f"(gw-1) Endpoint response body before transformations: {body}",
                "(gw-1) Execution failed due to configuration error: Malformed Lambda proxy response",
                "(gw-1) Method completed with status: 502",
            )

            assert [outcome.reason for outcome in facts.gateway_outcomes] == [reason]
            assert [shape.is_error_payload for shape in facts.response_shapes] == [True]


class TestResponseShape:
    @pytest.mark.parametrize(
        ("answer", "unknown", "wrong"),
        [
            ({"statusCode": 200, "body": {"hey": "dude"}}, (), ("body is an object",)),
            ({"message": "hi"}, ("message",), ()),
            ({"statusCode": 200, "body": "x", "cookies": []}, ("cookies",), ()),
            ({"statusCode": "test"}, (), ("statusCode is the string 'test'",)),
            ({"statusCode": 200, "multiValueHeaders": {"a": "b"}}, (), ("multiValueHeaders a is a string",)),
            ("text", (), ("the answer is a string",)),
            (None, (), ("the answer is null",)),
        ],
    )
    def test_unknown_keys_and_wrong_types_break_it(self, answer: object, unknown: tuple[str, ...], wrong: tuple[str, ...]) -> None:
        """What a REST API enforces, as recorded on AWS."""
        facts = facts_of(
            f"(gw-1) Endpoint response body before transformations: {json.dumps(answer)}",
            "(gw-1) Execution failed due to configuration error: Malformed Lambda proxy response",
            "(gw-1) Method completed with status: 502",
        )

        assert [(shape.unknown_keys, shape.wrong_types) for shape in facts.response_shapes] == [(unknown, wrong)]

    @pytest.mark.parametrize("answer", [{}, {"headers": {"a": True}}, {"statusCode": "201"}, {"statusCode": 200, "headers": None}])
    def test_missing_keys_do_not(self, answer: object) -> None:
        """No key is required; "must contain statusCode" is folklore."""
        facts = facts_of(
            f"(gw-1) Endpoint response body before transformations: {json.dumps(answer)}", "(gw-1) Malformed Lambda proxy response"
        )

        assert facts.response_shapes == ()

    def test_a_body_that_was_cut_off_says_nothing(self) -> None:
        """The execution log truncates at 1,024 bytes."""
        facts = facts_of(
            '(gw-1) Endpoint response body before transformations: {"statusCode":200,"bo [TRUNCATED]',
            "(gw-1) Malformed Lambda proxy response",
        )

        assert facts.response_shapes == ()


class TestAccessLog:
    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ({"rid": "x", "st": "502", "type": "INTEGRATION_FAILURE", "is": "200", "fs": "-"}, "function-error"),
            ({"status": "504", "responseType": "INTEGRATION_TIMEOUT"}, "timeout"),
            ({"status": "403", "error": "WAF_FILTERED", "wafResponseCode": "WAF_BLOCK"}, "waf"),
            ({"status": "403", "t": "INVALID_API_KEY"}, "api-key"),
            ({"status": 429, "t": "THROTTLED"}, "gateway-throttle"),
            ({"status": "429", "t": "QUOTA_EXCEEDED"}, "quota"),
            ({"status": "500", "integrationError": "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again."}, "permission"),
            ({"status": "500", "authorizerError": "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer"}, "authorizer-permission"),
            ({"status": "500", "integrationStatus": "429"}, "throttled-lambda"),
            ({"status": "502", "ie": "Lambda Customer Function Error:boom"}, "function-error"),
        ],
    )  # fmt: skip
    def test_is_read_whatever_its_owner_called_the_keys(self, row: dict[str, Any], reason: str) -> None:
        """Values of $context variables are known by themselves."""
        facts = facts_of(json.dumps(row), group="shop-access")

        assert [outcome.reason for outcome in facts.gateway_outcomes] == [reason]
        assert facts.front_door.status == int(row.get("status") or row["st"])

    def test_the_functions_own_status_is_told_apart(self) -> None:
        """Lambda's service said 200 and the function 500: the handler answered."""
        facts = facts_of(json.dumps({"status": "500", "integrationStatus": "200", "integration.status": "500"}), group="shop-access")

        assert (facts.gateway_outcomes, facts.front_door.handler_answered, facts.front_door.status_from) == ((), True, "access-log")

    @pytest.mark.parametrize(
        ("line", "reason", "status"),
        [
            (alb_row("502", "-", "forward", "LambdaUnhandled"), "function-error", 502),
            (alb_row("502", "-", "forward", "LambdaInvalidResponse"), "malformed-response", 502),
            (alb_row("502", "-", "forward", "LambdaThrottling"), "throttled-lambda", 502),
            (alb_row("502", "-", "forward", "LambdaAccessDenied"), "permission", 502),
            (alb_row("502", "-", "forward", "LambdaUnhandledException"), "service-error", 502),
            (alb_row("403", "-", "waf", "-"), "waf", 403),
            (alb_row("503", "-", "forward", "-"), "no-target", 503),
            ('"LambdaUnhandled"', "function-error", None),
        ],
    )
    def test_a_load_balancer_tells_by_error_reason(self, line: str, reason: str, status: int | None) -> None:
        """The status is 502 for nearly everything."""
        facts = facts_of(line, group="alb/my-alb-access", kind="alb")

        assert [(outcome.reason, outcome.status) for outcome in facts.gateway_outcomes] == [(reason, status)]

    def test_good_rows_are_only_counted(self) -> None:
        """JSON and CLF alike."""
        clf = '10.0.0.1 - - [14/May/2026:03:12:00 +0000] "GET /orders HTTP/1.1" 200 12 x'
        facts = facts_of(json.dumps({"requestId": "x", "status": "200", "errorMessage": "-"}), clf, group="shop-access")

        assert (facts.gateway_outcomes, facts.health.is_healthy) == ((), True)


class TestEdgeLog:
    def test_a_validation_error(self) -> None:
        """CloudFront says which header broke the answer."""
        facts = facts_of(
            "(Y4zZ==) INFO Response received from Lambda: RequestId: 68df",
            "(Y4zZ==) ERROR Validation error: Lambda function result failed validation, the function tried to add a blacklisted header in headers, headerName : connection.",
            group="/aws/cloudfront/LambdaEdge/EDFDVBD6EXAMPLE", kind="cloudfront",
        )  # fmt: skip

        assert [outcome.reason for outcome in facts.gateway_outcomes] == ["edge-validation-error"]


class TestClient:
    @pytest.mark.parametrize(
        ("kind", "client", "reason"),
        [
            ("rest-api", {"status": 403, "body": '{"message":"Missing Authentication Token"}'}, "missing-token"),
            ("rest-api", {"status": 504, "body": '{"message": "Endpoint request timed out"}'}, "timeout"),
            ("rest-api", {"status": 504}, "timeout"),
            ("rest-api", {"status": 500, "headers": {"x-amzn-ErrorType": "AuthorizerConfigurationException"}}, "authorizer-failed"),
            ("rest-api", {"status": 500, "body": '{"message":null}'}, "authorizer-failed"),
            ("rest-api", {"status": 429, "body": '{"message":"Too Many Requests"}'}, "gateway-throttle"),
            ("rest-api", {"status": 429, "body": '{"message":"Limit Exceeded"}'}, "quota"),
            ("rest-api", {"status": 401, "body": '{"message":"Unauthorized"}'}, "unauthorized"),
            ("rest-api", {"body": "Invalid key=value pair (missing equal-sign) in Authorization header"}, "bad-token"),
            ("rest-api", {"status": 403, "body": '{"Message":"User is not authorized to access this resource with an explicit deny"}'}, "authorizer-denied"),
            ("rest-api", {"status": 403, "body": '{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn"}'}, "resource-policy"),
            ("http-api", {"status": 503, "body": "Service Unavailable"}, "timeout"),
            ("http-api", {"status": 404, "body": '{"message":"Not Found"}'}, "not-found"),
            ("function-url", {"status": 403, "body": '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://x"}'}, "permission"),
            ("function-url", {"status": 403, "body": '{"Message":null}'}, "not-found"),
            ("function-url", {"status": 429}, "throttled-lambda"),
            ("function-url", {"status": 502, "body": "Internal Server Error"}, "function-error"),
            ("direct-invoke", {"status": 429, "body": "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException)"}, "throttled-lambda"),
            ("direct-invoke", {"status": 403, "headers": {"x-amzn-errortype": "InvalidSignatureException"}}, "signature"),
            ("direct-invoke", {"status": 409, "body": "The operation cannot be performed at this time. The function is currently in the following state: Pending"}, "function-state"),
            ("cloudfront", {"status": 503, "headers": {"x-cache": "LambdaExecutionError from cloudfront"}}, "edge-execution-error"),
            ("appsync", {"status": 200, "body": '{"data":null,"errors":[{"errorType":"Lambda:Unhandled","message":"boom"}]}'}, "function-error"),
        ],
    )  # fmt: skip
    def test_words_and_headers_are_read_by_the_front_door(self, kind: str, client: dict[str, Any], reason: str) -> None:
        """The same status means different things behind different doors."""
        assert [outcome.reason for outcome in analyse(an_incident(kind=kind, client=client)).gateway_outcomes] == [reason]

    @pytest.mark.parametrize(
        ("kind", "client"),
        [
            ("rest-api", {"status": 502, "body": '{"message": "Internal server error"}'}),
            ("rest-api", {"status": 500, "headers": {"x-amzn-ErrorType": "InternalServerErrorException"}}),
            ("rest-api", {"status": 403, "body": '{"message":"Forbidden"}'}),
            ("alb", {"status": 502, "body": "502 Bad Gateway"}),
            ("http-api", {"status": 500, "body": '{"message":"Internal Server Error"}'}),
        ],
    )
    def test_words_that_fit_many_causes_name_none(self, kind: str, client: dict[str, Any]) -> None:
        """Nothing is concluded from what every failure says."""
        assert analyse(an_incident(kind=kind, client=client)).gateway_outcomes == ()

    def test_forbidden_is_the_api_key_where_only_a_key_is_asked_for(self) -> None:
        """Configuration decides between a missing key and a web ACL."""
        gateway = {"kind": "rest-api", "integrations": [{"apiKeyRequired": True}]}
        facts = analyse(an_incident(kind="rest-api", client={"status": 403, "body": '{"message":"Forbidden"}'}, gateway=gateway))

        assert [outcome.reason for outcome in facts.gateway_outcomes] == ["api-key"]
