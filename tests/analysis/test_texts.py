from __future__ import annotations

import json

import pytest

from bot.analysis.reading import level_of, normalise, request_id_of, verbatim
from bot.analysis.texts import Text, iter_texts
from tests.analysis.incidents import FUNCTION_GROUP, GATEWAY_GROUP, ID, OTHER_ID, a_log, an_incident, report


def texts(**sections: object) -> list[Text]:
    return list(iter_texts(an_incident(**sections)))  # type: ignore[arg-type]


class TestRoles:
    @pytest.mark.parametrize(
        ("group", "line", "role"),
        [
            ("/aws/lambda/checkout", "hello", "function-log"),
            ("/aws/lambda/us-east-1.checkout", "hello", "function-log"),
            ("/aws/cloudfront/LambdaEdge/EDFDVBD6EXAMPLE", "ERROR Validation error: The Lambda function returned", "edge-log"),
            (GATEWAY_GROUP, "(8f5f) Method completed with status: 502", "gateway-log"),
            ("/aws/apigateway/a1b2c3d4e5/prod", '{"requestId":"x","status":"500"}', "access-log"),
            ("/aws/apigateway/a1b2c3d4e5/prod", "(KTDL3F=) Method completed with status: 500", "gateway-log"),
            ("sns/eu-west-1/123456789012/topic/Failure", "{}", "delivery-log"),
            ("shop-access", "anything", "access-log"),
            ("custom", "REPORT RequestId: 1\tDuration: 1 ms", "function-log"),
            ("/aws/lambda/shop-authorizer", "hello", "authorizer-log"),
            ("/aws/lambda/another", "hello", "other-log"),
        ],
    )
    def test_come_from_the_group_and_where_that_says_nothing_from_the_lines(self, group: str, line: str, role: str) -> None:
        """A group's name is AWS's own word for most; a custom one is read by its content."""
        found = texts(logs=[a_log("x"), a_log(line, group=group)])

        assert found[-1].role == role

    def test_a_function_that_an_authorizer_names_is_the_authorizer(self) -> None:
        """Its failure is not the target's failure."""
        function = "arn:aws:lambda:eu-west-1:123456789012:function:gatekeeper"
        uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}/invocations"
        found = texts(logs=[a_log("boom", group="/aws/lambda/gatekeeper")], gateway={"authorizers": [{"authorizerUri": uri}]})

        assert [text.role for text in found] == ["authorizer-log"]

    def test_values_are_texts_too(self) -> None:
        """What a client, CloudTrail, a poller and the function's own state say is matched like a log line."""
        found = texts(
            client={"status": 403, "body": "Forbidden", "headers": {"x-amzn-ErrorType": "AccessDeniedException"}},
            denials=[{"errorCode": "AccessDenied", "errorMessage": "Access Denied"}],
            changes=[
                {"EventName": "CreateFunction20150331", "errorCode": "InvalidParameterValueException", "errorMessage": "no"},
                {"EventName": "X"},
            ],
            event_sources=[{"LastProcessingResult": "PROBLEM: Function call failed"}],
            function={"StateReason": "The function is idle"},
            health=[{"eventTypeCode": "AWS_LAMBDA_OPERATIONAL_ISSUE"}],
        )

        assert [(text.role, text.ref) for text in found] == [
            ("client-body", "client.body"),
            ("client-header", "client.headers.x-amzn-ErrorType"),
            ("denial", "denials[0].errorMessage"),
            ("change", "changes[0].errorMessage"),
            ("mapping", "event_sources[0].LastProcessingResult"),
            ("function-state", "function.StateReason"),
            ("health", "health[0].eventTypeCode"),
        ]
        assert found[1].message == "x-amzn-ErrorType: AccessDeniedException"
        assert found[2].message == "AccessDenied: Access Denied"


class TestNormalise:
    @pytest.mark.parametrize(
        ("raw", "message"),
        [
            (
                "[ERROR] KeyError: 'x'\rTraceback (most recent call last):\r\u00a0\u00a0File\n",
                "[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File",
            ),
            ("\x1b[31mERROR\x1b[0m boom\x00", "ERROR boom"),
            ('"{\\"ErrorMessage\\":\\"User: x is not authorized\\"}"', '"{"ErrorMessage":"User: x is not authorized"}"'),
            (json.dumps({"a": json.dumps({"b": 'say "hi"'})}), '{"a": "{"b": "say "hi""}"}'),
            ("C:\\temp\\new", "C:\\temp\\new"),
        ],
    )
    def test_undoes_what_runtimes_and_agents_do(self, raw: str, message: str) -> None:
        """Python's runtime joins lines by carriage return and indents by NBSP; agents escape JSON in JSON."""
        assert normalise(raw) == message

    def test_a_citation_stands_in_the_file_word_for_word(self) -> None:
        """Escapes differ between the normalised and the raw text, and a reader searches the raw one."""
        raw = '{"message":"User: \\"x\\" is not authorized\\nto do it"}'

        assert verbatim(raw, '" is not authorized\nto do it') in raw
        assert verbatim(raw, "nowhere to be seen") == raw
        assert verbatim("x" * 1000) == "x" * 300


class TestRequestIds:
    @pytest.mark.parametrize(
        "line",
        [
            f"2026-05-14T03:12:01.000Z {ID} Task timed out after 3.00 seconds",
            f"2026-05-14T03:12:01.000Z\t{ID}\tERROR\tInvoke Error \t{{}}",
            f"[INFO]\t2026-05-14T03:12:01.000Z\t{ID}\thello",
            f"{ID}\tINFO\tGetting image",
            f'{{"level":"INFO","requestId":"{ID}"}}',
            f"2026-05-14 03:12:01 {ID} INFO  App:12 - hello",
        ],
    )
    def test_stand_in_the_runtimes_own_formats(self, line: str) -> None:
        """Node, Python, .NET and Java's log4j each have a place for it."""
        assert request_id_of(line) == ID

    def test_lines_between_start_and_end_belong_to_the_invocation(self) -> None:
        """A print has no request id of its own; its place in the stream tells."""
        found = texts(
            logs=[a_log(f"START RequestId: {ID} Version: $LATEST", "hello", f"END RequestId: {ID}", report(), "after", stream="s")]
        )

        assert [text.request_id for text in found] == [ID, ID, ID, ID, None]
        assert [text.outcome for text in found] == ["ok", "ok", "ok", "ok", "unknown"]

    def test_streams_are_kept_apart(self) -> None:
        """Two environments write at once; each stream holds one invocation at a time."""
        first = a_log(f"START RequestId: {ID} Version: 1", "mine", stream="a")["events"]
        second = a_log(f"START RequestId: {OTHER_ID} Version: 1", "theirs", stream="b")["events"]
        found = texts(logs=[{"group": FUNCTION_GROUP, "events": [first[0], second[0], first[1], second[1]]}])

        assert {text.message: text.request_id for text in found if "START" not in text.message} == {"mine": ID, "theirs": OTHER_ID}

    def test_init_lines_belong_to_the_invocation_that_they_lead_to(self) -> None:
        """What an environment grumbles while it starts is harmless when its first invocation ends well."""
        found = texts(
            logs=[
                a_log(
                    "INIT_START Runtime Version: python:3.12.v43", "connecting", f"START RequestId: {ID} Version: 1", report(), stream="s"
                )
            ]
        )

        assert (found[1].request_id, found[1].outcome, found[1].in_init) == (ID, "ok", True)


class TestLevels:
    @pytest.mark.parametrize(
        ("line", "level"),
        [
            ("[ERROR] KeyError: 'x'", "error"),
            ("[WARNING]\t2026-05-14T03:12:01.000Z\tid\tslow", "warn"),
            (f"2026-05-14T03:12:01.000Z\t{ID}\tERROR\tInvoke Error", "error"),
            (f"2026-05-14T03:12:01.000Z\t{ID}\tfail\tSystem.Exception: x", "error"),
            (f"2026-05-14T03:12:01.000Z\t{ID}\tINFO\t[ERROR]AccessDeniedException: x", "error"),
            ('{"level":"info","msg":"processed","failed":0}', "info"),
            ('{"log_level":"ERROR","errorMessage":"x"}', "error"),
            ('{"level":50,"msg":"x"}', "error"),
            ("2019-10-16 16:13:36.805 INFO 1 --- [ main] c.a.s.proxy : waits", "info"),
            ("WARN deprecated option ignored", "warn"),
            ("cache warm, 0 errors", None),
            (f"RequestId: {ID} Error: Runtime exited with error: signal: killed", "error"),
            ("time=x level=error msg=boom", "error"),
        ],
    )
    def test_are_read_in_the_formats_in_use(self, line: str, level: str | None) -> None:
        """A word in the middle of a sentence is no level."""
        assert level_of(line) == level
