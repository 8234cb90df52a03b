from __future__ import annotations

import json
from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.facts import Facts
from bot.analysis.invocations import MAX_OPEN_AFTER_REPORT
from bot.analysis.runs import MAX_ROWS_PER_KIND
from tests.analysis.incidents import ID, OTHER_ID, START_MS, a_log, an_incident, report

START = f"START RequestId: {ID} Version: $LATEST"
END = f"END RequestId: {ID}"


def facts_of(*lines: str, **sections: Any) -> Facts:
    return analyse(an_incident(logs=[a_log(*lines)], **sections))


class TestOutcome:
    @pytest.mark.parametrize(
        ("lines", "outcome"),
        [
            ((START, END, report()), "ok"),
            ((START, END, report(tail="Status: timeout")), "timeout"),
            ((START, f"2023-05-01T10:00:03.123Z {ID} Task timed out after 3.00 seconds", END, report(duration="3003.17")), "timeout"),
            ((START, END, report(used=512, tail="Status: error\tError Type: Runtime.OutOfMemory")), "oom"),
            ((START, f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError", END, report(used=510)), "oom"),
            (
                (START, f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError", END, report(used=90)),
                "error",
            ),
            ((START, END, report(tail="Status: error\tError Type: Runtime.ExitError")), "error"),
            ((START, "[ERROR] KeyError: 'x'\rTraceback (most recent call last):\r\u00a0\u00a0File", END, report()), "error"),
            ((START, "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", END, report()), "oom"),
            ((START,), "running"),
        ],
    )
    def test_is_decided_by_the_strongest_sign(self, lines: tuple[str, ...], outcome: str) -> None:
        """Old and new forms of the same end read the same."""
        facts = facts_of(*lines)
        counted = {"ok": facts.runs.ok, "timeout": facts.runs.timed_out, "oom": facts.runs.out_of_memory, "error": facts.runs.failed}

        assert facts.runs.total == 1
        assert outcome == "running" or counted[outcome] == 1
        assert [row.outcome for row in facts.invocations] == ([] if outcome == "ok" else [outcome])

    def test_a_thrash_at_the_limit_of_memory_stays_a_timeout_with_its_ratio(self) -> None:
        """`Status: timeout` with all memory used: the playbooks weigh it, the fact keeps both."""
        facts = facts_of(START, END, report(size=1024, used=1024, tail="Status: timeout"), function={"Timeout": 30})

        assert (facts.invocations[0].outcome, facts.invocations[0].memory_ratio, facts.invocations[0].timeout_s) == ("timeout", 1.0, 30.0)

    @pytest.mark.parametrize(
        ("duration", "tail", "outcome"), [("3003.17", "", 1), ("2999.00", "", 0), ("9000.00", "", 0), ("3000.00", "Status: success", 0)]
    )
    def test_a_run_as_long_as_the_timeout_was_stopped_by_it(self, duration: str, tail: str, outcome: int) -> None:
        """Older REPORT lines say no status; a run far longer than the timeout belongs to an earlier setting."""
        facts = facts_of(START, END, report(duration=duration, tail=tail), function={"Timeout": 3})

        assert (facts.runs.total, facts.runs.timed_out) == (1, outcome)

    def test_the_platforms_success_outweighs_a_logged_error(self) -> None:
        """In JSON format console.error(err) looks like the runtime's own report of an uncaught error."""
        logged = json.dumps(
            {"timestamp": "x", "level": "ERROR", "requestId": ID, "message": {"errorType": "Error", "errorMessage": "caught"}}
        )
        done = json.dumps({"type": "platform.report", "record": {"requestId": ID, "status": "success", "metrics": {"durationMs": 3.0}}})
        facts = facts_of(logged, done)

        assert (facts.runs.ok, facts.runs.failed) == (1, 0)
        assert [fault.outcome for fault in facts.faults] == ["ok"]

    def test_nothing_is_known_of_lines_alone(self) -> None:
        """A file with one line of the application holds no invocation."""
        assert facts_of("hello").runs.total == 0

    def test_lines_of_one_crash_without_an_id_count_once(self) -> None:
        """Two quoted lines, one crash."""
        facts = facts_of("Error: Runtime exited with error: exit status 1", "Runtime.ExitError")

        assert [(row.outcome, row.error_type) for row in facts.invocations] == [("error", "Runtime.ExitError")]


class TestRuns:
    def test_healthy_runs_are_counts_only(self) -> None:
        """A thousand of them leave no row, but their durations tell how long a good run takes."""
        lines = [report(f"{i:08d}-0000-4000-8000-000000000000", duration=f"{i + 1}.00") for i in range(100)]
        facts = facts_of(*lines)

        assert (facts.runs.total, facts.runs.ok, facts.invocations) == (100, 100, ())
        assert (facts.runs.ok_duration_p99_ms, facts.runs.ok_duration_max_ms) == (100.0, 100.0)

    def test_many_failures_of_a_kind_keep_their_number(self) -> None:
        """Rows are limited, the sum of their counts is not."""
        lines = [report(f"{i:08d}-0000-4000-8000-000000000000", tail="Status: error\tError Type: Runtime.ExitError") for i in range(90)]
        facts = facts_of(*lines)

        assert len(facts.invocations) == MAX_ROWS_PER_KIND
        assert sum(row.count for row in facts.invocations) == facts.runs.failed == 90

    def test_a_good_run_that_outlives_its_front_door_is_a_row(self) -> None:
        """The function ends well, and its caller saw a 504."""
        facts = facts_of(START, END, report(duration="31000.00"), kind="rest-api")

        assert [(row.outcome, row.over_front_door_limit) for row in facts.invocations] == [("ok", True)]
        assert facts.runs.over_front_door_limit == 1

    def test_init_failures_are_counted(self) -> None:
        """The doom loop: init fails, is tried again at every invoke, and fails again."""
        line = "INIT_REPORT Init Duration: 412.33 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError"
        facts = facts_of(line, line, "INIT_REPORT Init Duration: 10009.13 ms\tPhase: init\tStatus: timeout")

        assert (facts.runs.init_errors, facts.runs.init_timeouts) == (2, 1)

    def test_another_functions_runs_are_not_counted(self) -> None:
        """An authorizer's timeout is not the target's."""
        facts = analyse(
            an_incident(logs=[a_log(report()), a_log(report(OTHER_ID, tail="Status: timeout"), group="/aws/lambda/my-authorizer")])
        )

        assert (facts.runs.total, facts.runs.failed) == (1, 0)

    def test_the_first_failure_is_dated(self) -> None:
        """Changes are measured against it."""
        facts = facts_of("fine", START, END, report(tail="Status: timeout"))

        assert facts.first_failure_ms == START_MS + 1


class TestMany:
    """Of thousands of invocations only counts are kept."""

    def many(self, count: int, *more: str) -> list[str]:
        """Return so many healthy invocations, each with an id of its own, with more lines after the first one's report."""
        ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(count)]
        lines = [[f"START RequestId: {name} Version: $LATEST", "fine", f"END RequestId: {name}", report(name)] for name in ids]
        return [*lines[0], *more, *(line for group in lines[1:] for line in group)]

    def test_all_are_counted(self) -> None:
        facts = facts_of(*self.many(3 * MAX_OPEN_AFTER_REPORT))

        assert (facts.runs.total, facts.runs.ok, facts.invocations) == (3 * MAX_OPEN_AFTER_REPORT, 3 * MAX_OPEN_AFTER_REPORT, ())
        assert facts.runs.ok_duration_max_ms == 102.25

    def test_a_timeout_that_is_written_after_the_report_counts(self) -> None:
        late = "2023-05-01T10:00:03.123Z 00000000-0000-4000-8000-000000000000 Task timed out after 3.00 seconds"
        facts = facts_of(*self.many(2 * MAX_OPEN_AFTER_REPORT, late))

        assert (facts.runs.total, facts.runs.timed_out) == (2 * MAX_OPEN_AFTER_REPORT, 1)
        assert (facts.invocations[0].duration_ms, facts.invocations[0].timeout_s) == (102.25, 3.0)

    def test_failures_are_all_counted_and_few_kept(self) -> None:
        count = 2 * MAX_OPEN_AFTER_REPORT
        lines = [report(f"00000000-0000-4000-8000-{number:012d}", tail="Status: timeout") for number in range(count)]
        facts = facts_of(*lines)

        assert (facts.runs.timed_out, len(facts.invocations)) == (count, MAX_ROWS_PER_KIND)
        assert sum(row.count for row in facts.invocations) == count

    def test_crashes_without_an_id_are_told_apart_by_their_time(self) -> None:
        """Two lines of one crash stand together; the next crash is seconds away."""
        log = a_log("Error: Runtime exited with error: exit status 1", "Runtime.ExitError")
        later = a_log("Error: Runtime exited with error: exit status 1", start_ms=START_MS + 5_000)
        facts = analyse(an_incident(logs=[{**log, "events": log["events"] + later["events"]}]))

        assert facts.runs.failed == 2
