# ruff: noqa: E501 - lines of logs stay whole, as AWS writes them
from __future__ import annotations

import json
from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.facts import RuntimeFault
from bot.analysis.fault_shapes import fault_shape
from bot.analysis.reading import normalise
from tests.analysis.incidents import GATEWAY_GROUP, ID, a_log, an_incident, report

TS = "2026-05-14T03:12:01.000Z"
NODE_PAYLOAD = (
    '{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module \'sharp\'\\nRequire stack:\\n- /var/task/index.js"}'
)


def faults_of(*lines: str, **sections: Any) -> tuple[RuntimeFault, ...]:
    return analyse(an_incident(logs=[a_log(*lines)], **sections)).faults


class TestShapes:
    @pytest.mark.parametrize(
        ("line", "error_type", "message"),
        [
            ("[ERROR] KeyError: 'x'\rTraceback (most recent call last):\r\u00a0\u00a0File", "KeyError", "'x'"),
            ("[ERROR] Runtime.ImportModuleError: Unable to import module 'm': No module named 'x'", "Runtime.ImportModuleError", "Unable to import module 'm': No module named 'x'"),
            ("[ERROR] Runtime.HandlerNotFound: Handler 'h' missing on module 'm'", "Runtime.HandlerNotFound", "Handler 'h' missing on module 'm'"),
            ('{"timestamp":"x","log_level":"ERROR","errorMessage":"boom","errorType":"ValueError","requestId":"","stackTrace":[]}', "ValueError", "boom"),
            (f'{TS}\t{ID}\tERROR\tInvoke Error \t{{"errorType":"TypeError","errorMessage":"x is undefined","stack":["TypeError"]}}', "TypeError", "x is undefined"),
            (f"{TS}\tundefined\tERROR\tUncaught Exception \t{NODE_PAYLOAD}", "Runtime.ImportModuleError", "Error: Cannot find module 'sharp'\nRequire stack:\n- /var/task/index.js"),
            (f'{TS}\t{ID}\tERROR\tUnhandled Promise Rejection \t{{"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: no"}}', "Runtime.UnhandledPromiseRejection", "Error: no"),
            ('{"timestamp":"x","level":"ERROR","requestId":"x","message":{"errorType":"Error","errorMessage":"no","stackTrace":[]}}', "Error", "no"),
            ("Class not found: com.x.H: java.lang.ClassNotFoundException\njava.lang.ClassNotFoundException: com.x.H", "java.lang.ClassNotFoundException", "Class not found: com.x.H: java.lang.ClassNotFoundException"),
            ("boom: java.lang.IllegalStateException\njava.lang.IllegalStateException: boom\n\tat com.x.H.handle(H.java:1)", "java.lang.IllegalStateException", "boom"),
            ('Exception in thread "main" java.lang.OutOfMemoryError: Java heap space', "java.lang.OutOfMemoryError", "Java heap space"),
            (f"{TS}\t{ID}\tfail\tSystem.InvalidOperationException: no\n   at X.Y()", "System.InvalidOperationException", "no"),
            ('2024/01/02 03:04:05 {"errorMessage":"no rows","errorType":"errorString"}', "errorString", "no rows"),
            ('{\n    "errorMessage": "cannot load such file -- rack",\n    "errorType": "Init<LoadError>",\n    "stackTrace": [\n', "Init<LoadError>", "cannot load such file -- rack"),
            ("thread 'main' panicked at src/main.rs:4:5:\nboom", "panic", "src/main.rs:4:5:\nboom"),
            ("('Connection aborted.'): ConnectionError\nTraceback (most recent call last):", "ConnectionError", "('Connection aborted.')"),
            ("Unable to import module 'app': No module named requests", "Runtime.ImportModuleError", "Unable to import module 'app': No module named requests"),
            ("ImportModuleError", "Runtime.ImportModuleError", ""),
        ],
    )  # fmt: skip
    def test_a_runtimes_report_of_an_uncaught_error(self, line: str, error_type: str, message: str) -> None:
        """Each runtime client has its own text and JSON form."""
        shape = fault_shape(normalise(line))

        assert shape is not None
        assert (shape.error_type, shape.message, shape.by, shape.uncaught) == (error_type, message, "runtime", True)

    @pytest.mark.parametrize(
        ("line", "error_type"),
        [
            (f"[ERROR]\t{TS}\t{ID}\tValueError: no", "ValueError"),
            (f"{TS}\t{ID}\tERROR\tError: listen EMFILE: too many open files", "Error"),
            ('{"level":"error","msg":"db down","err":{"type":"ConnectionError","message":"refused"}}', "ConnectionError"),
            ("Traceback (most recent call last):\n  File x\nKeyError: 'y'", "KeyError"),
        ],
    )
    def test_a_line_that_the_code_logged_itself(self, line: str, error_type: str) -> None:
        """It tells of an error, and not that nobody caught it."""
        shape = fault_shape(normalise(line))

        assert shape is not None
        assert (shape.error_type, shape.by, shape.uncaught) == (error_type, "application", False)

    @pytest.mark.parametrize(
        "line",
        ["cache warm, 0 errors", "GET /errors/403 200", "caught ValueError('bad postcode'), answered 400", '{"level":"info","failed":0}'],
    )
    def test_chatter_is_none(self, line: str) -> None:
        """The word error alone is no error."""
        assert fault_shape(line) is None


class TestFaults:
    def test_a_kind_is_one_fact_with_its_count(self) -> None:
        """Ids and numbers in the message do not make it another kind."""
        faults = faults_of(*(f"[ERROR] ValueError: order {i} is bad" for i in range(5)))

        assert [(fault.error_type, fault.count, fault.cite[0].count) for fault in faults] == [("ValueError", 5, 5)]
        assert faults[0].cite[0].text == "ValueError: order 0 is bad"

    def test_a_later_fault_of_the_same_invocation_is_marked(self) -> None:
        """The first is nearer to the cause."""
        start = f"START RequestId: {ID} Version: 1"
        faults = faults_of(
            start, f"[ERROR]\t{TS}\t{ID}\tConnectionError: refused", "[ERROR] KeyError: 'x'\nTraceback (most recent call last):", report()
        )

        assert [(fault.error_type, fault.by, fault.first_in_invocation) for fault in faults] == [
            ("ConnectionError", "application", True),
            ("KeyError", "runtime", False),
        ]

    def test_a_handled_error_has_the_outcome_of_its_invocation(self) -> None:
        """Logged, caught, answered: outcome ok."""
        faults = faults_of(f"START RequestId: {ID} Version: 1", f"[ERROR]\t{TS}\t{ID}\tValueError: bad postcode", report())

        assert [fault.outcome for fault in faults] == ["ok"]

    @pytest.mark.parametrize(
        ("message", "module"),
        [
            ("Unable to import module 'm': No module named 'pkg.sub'", "pkg.sub"),
            ("Error: Cannot find module 'sharp'", "sharp"),
            ("Error: Cannot find package '@aws-sdk/client-s3' imported from /var/task/index.mjs", "@aws-sdk/client-s3"),
            ("cannot load such file -- rack", "rack"),
            ("java.lang.NoClassDefFoundError: io/opentracing/Tracer", "io.opentracing.Tracer"),
        ],
    )
    def test_the_missing_module_is_named(self, message: str, module: str) -> None:
        """Each language says it in its own words."""
        assert [fault.module for fault in faults_of(f"[ERROR] Runtime.ImportModuleError: {message}")] == [module]

    def test_the_gateways_log_tells_the_functions_error(self) -> None:
        """Where the function's own log was not read, the execution log carries its errorMessage."""
        line = f"(gw-1) Lambda execution failed with status 200 due to customer function error: {TS} {ID} Task timed out after 3.00 seconds. Lambda request id: {ID}"
        faults = analyse(an_incident(logs=[a_log(line, "(gw-1) Method completed with status: 502", group=GATEWAY_GROUP)])).faults

        assert [(fault.by, fault.error_type, fault.message) for fault in faults] == [
            ("gateway", "Sandbox.Timedout", "Task timed out after 3.00 seconds")
        ]

    def test_an_http_apis_access_log_tells_it_in_other_words(self) -> None:
        """The wrapping is taken off."""
        said = f"The Lambda function returned the following error: RequestId: {ID} Error: Task timed out after 5.00 seconds. Check your Lambda function code and try again."
        row = json.dumps({"requestId": "x", "status": "500", "integrationErrorMessage": said})
        faults = analyse(an_incident(kind="http-api", logs=[a_log(row, group="/aws/apigateway/http-access")])).faults

        assert [(fault.error_type, fault.message) for fault in faults] == [("Sandbox.Timedout", "Task timed out after 5.00 seconds")]

    def test_a_payload_that_the_caller_saw(self) -> None:
        """A direct invoke returns the error itself."""
        body = '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: x Error: Runtime exited without providing a reason"}'
        faults = analyse(an_incident(kind="direct-invoke", client={"status": 200, "body": body})).faults

        assert [(fault.error_type, fault.role) for fault in faults] == [("Runtime.ExitError", "client-body")]

    @pytest.mark.parametrize(
        "line",
        [
            f"{TS}\tundefined\tERROR\tUncaught Exception \t{NODE_PAYLOAD}",
            "[ERROR] Runtime.UserCodeSyntaxError: Syntax error in module 'm': invalid syntax",
            f"RequestId: {ID} Error: fork/exec /var/task/bootstrap: exec format error\nRuntime.InvalidEntrypoint",
            "INIT_REPORT Init Duration: 4447.52 ms\tPhase: init\tStatus: error\tError Type: Extension.Crash",
        ],
    )
    def test_what_fails_before_the_handler_is_in_the_init_phase(self, line: str) -> None:
        """Import, syntax, entry point, extension."""
        assert [fault.phase for fault in faults_of(line)] == ["init"]
