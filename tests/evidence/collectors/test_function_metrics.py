"""The function's own metrics: one call, page by page, and no zeros where CloudWatch had none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from botocore.stub import ANY

from tests.evidence.fakes import NOW, a_run, ask, stubbed

METRICS_ASKED = {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY, "ScanBy": "TimestampAscending"}


class TestMetrics:
    def test_all_are_asked_in_one_call_and_paged(self) -> None:
        """One call for everything about the function and the account; later pages add points to the same series."""
        at = [NOW - timedelta(minutes=3), NOW - timedelta(minutes=2)]

        def page(value: float, moment: datetime, **more: Any) -> dict[str, Any]:
            result = {"Id": "m0", "Label": "x", "Timestamps": [moment], "Values": [value], "StatusCode": "Complete"}
            return {"MetricDataResults": [result], **more}

        asked = METRICS_ASKED
        with stubbed(
            "cloudwatch",
            ("get_metric_data", asked, page(1, at[1], NextToken="n")),
            ("get_metric_data", {**asked, "NextToken": "n"}, page(2, at[0])),
        ) as aws:
            _, sections, gaps = ask("function-metrics", a_run(aws))

        first = next(s for s in sections["metrics"] if s["MetricName"] == "Invocations")
        assert (first["Values"], first["Stat"], first["Period"]) == ([2.0, 1.0], "Sum", 60)
        assert first["Timestamps"] == [moment.isoformat().replace("+00:00", "Z") for moment in at]
        names = {(s["MetricName"], s["Stat"]) for s in sections["metrics"] if s["Dimensions"] == {"FunctionName": "checkout"}}
        assert {
            ("Errors", "Sum"),
            ("Throttles", "Sum"),
            ("Duration", "p99"),
            ("Duration", "Maximum"),
            ("ConcurrentExecutions", "Maximum"),
        } <= names
        assert ("ClaimedAccountConcurrency", {}) in [(s["MetricName"], s["Dimensions"]) for s in sections["metrics"]]
        assert gaps == []

    def test_a_metric_that_could_not_be_computed_is_left_out_and_named(self) -> None:
        """An inner error of CloudWatch is no series of zero points."""
        result = {"Id": "m1", "Label": "x", "Timestamps": [], "Values": [], "StatusCode": "InternalError"}
        with stubbed(
            "cloudwatch",
            (
                "get_metric_data",
                METRICS_ASKED,
                {"MetricDataResults": [result]},
            ),
        ) as aws:
            _, sections, gaps = ask("function-metrics", a_run(aws))

        assert "Errors" not in {s["MetricName"] for s in sections["metrics"]}
        assert [(gap["code"], gap["message"]) for gap in gaps] == [("InternalError", "no data for Errors")]
