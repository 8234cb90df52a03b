from __future__ import annotations

import json

import pytest

from bot.analysis.platform import PlatformEvent, parse_platform
from tests.analysis.incidents import ID, report


def parsed(message: str) -> PlatformEvent:
    event = parse_platform(message.strip())
    assert event is not None
    return event


class TestTextLines:
    def test_a_report_is_read_field_by_field(self) -> None:
        """The plain form, and the one with optional fields, say the same."""
        plain, cold = parsed(report()), parsed(report(tail="Init Duration: 120.10 ms\t"))

        assert (plain.kind, plain.request_id, plain.duration_ms, plain.memory_size_mb, plain.max_memory_used_mb) == (
            "report",
            ID,
            102.25,
            512,
            80,
        )
        assert (cold.duration_ms, cold.init_duration_ms) == (102.25, 120.10)

    def test_a_report_separated_by_spaces_is_read_too(self) -> None:
        """People paste logs, and tabs become spaces."""
        event = parsed(f"REPORT RequestId: {ID} Duration: 93110.83 ms Billed Duration: 93200 ms Memory Size: 384 MB Max Memory Used: 57 MB")

        assert (event.duration_ms, event.memory_size_mb, event.max_memory_used_mb) == (93110.83, 384, 57)

    @pytest.mark.parametrize(
        ("tail", "status", "error_type"),
        [("Status: timeout", "timeout", None), ("Status: error\tError Type: Runtime.OutOfMemory", "error", "Runtime.OutOfMemory")],
    )
    def test_a_status_on_the_report_is_the_new_way_to_tell_a_failure(self, tail: str, status: str, error_type: str | None) -> None:
        """Since 2025 there may be no other line about it."""
        event = parsed(report(tail=tail))

        assert (event.status, event.error_type, event.is_failure) == (status, error_type, True)

    @pytest.mark.parametrize(
        ("line", "seconds", "request_id"),
        [
            (f"2023-05-01T10:00:03.123Z {ID} Task timed out after 3.00 seconds\n\n", 3.0, ID),
            (f"RequestId: {ID} Error: Task timed out after 60.00 seconds", 60.0, ID),
            ("Task timed out after 6.00 seconds", 6.0, None),
        ],
    )
    def test_the_old_timeout_line_in_each_of_its_forms(self, line: str, seconds: float, request_id: str | None) -> None:
        """With time and id, in an error's words, or alone as people quote it."""
        event = parsed(line)

        assert (event.kind, event.timeout_s, event.request_id) == ("timeout", seconds, request_id)

    def test_a_timeout_of_another_function_is_the_applications_line(self) -> None:
        """A caller that logs its callee's payload did not time out itself."""
        assert parse_platform('callee said {"errorMessage":"2024-04-08T00:00:00Z x Task timed out after 1.00 seconds"}') is None

    @pytest.mark.parametrize(
        ("line", "error_type"),
        [
            (f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError", "Runtime.ExitError"),
            (f"RequestId: {ID} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]", None),
            ("Error: fork/exec /var/task/bootstrap: exec format error Runtime.InvalidEntrypoint", "Runtime.InvalidEntrypoint"),
            ("RequestId: xyz Error: exit code 0 Extension.Crash", "Extension.Crash"),
            (f"RequestId: {ID} Process exited before completing request", None),
        ],
    )
    def test_crash_lines(self, line: str, error_type: str | None) -> None:
        """The platform writes them, with the type on the same or the next line."""
        event = parsed(line)

        assert (event.kind, event.error_type) == ("error", error_type)

    def test_an_init_report(self) -> None:
        """It is written only when the init failed, or with SnapStart or provisioned concurrency."""
        event = parsed("INIT_REPORT Init Duration: 10009.13 ms\tPhase: init\tStatus: timeout")

        assert (event.kind, event.init_duration_ms, event.phase, event.status) == ("init-report", 10009.13, "init", "timeout")

    @pytest.mark.parametrize("line", ["hello", "Report ready", "ENDLESS", "Error: listen EMFILE", "{}", '{"type":"order.platform"}'])
    def test_other_lines_are_the_applications(self, line: str) -> None:
        """Only Lambda's own shapes count."""
        assert parse_platform(line) is None


class TestJsonLines:
    def test_a_report_event(self) -> None:
        """LogFormat JSON: the same fields by other names."""
        record = {
            "requestId": ID,
            "metrics": {"durationMs": 5000.0, "memorySizeMB": 128, "maxMemoryUsedMB": 36, "initDurationMs": 110.2},
            "status": "timeout",
        }
        event = parsed(json.dumps({"time": "2026-07-02T10:00:05.020Z", "type": "platform.report", "record": record}, separators=(",", ":")))

        assert (event.kind, event.request_id, event.status) == ("report", ID, "timeout")
        assert (event.duration_ms, event.init_duration_ms, event.memory_size_mb, event.max_memory_used_mb) == (5000.0, 110.2, 128, 36)

    def test_an_init_report_event(self) -> None:
        """Its duration is the init's."""
        record = {"phase": "init", "status": "error", "errorType": "Runtime.ImportModuleError", "metrics": {"durationMs": 412.3}}
        event = parsed(json.dumps({"type": "platform.initReport", "record": record}))

        assert (event.kind, event.error_type, event.init_duration_ms) == ("init-report", "Runtime.ImportModuleError", 412.3)

    def test_a_fault_event_holds_a_string(self) -> None:
        """The Telemetry API's older form."""
        said = f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError"
        event = parsed(json.dumps({"type": "platform.fault", "record": said}))

        assert (event.kind, event.request_id, event.error_type) == ("error", ID, "Runtime.ExitError")
