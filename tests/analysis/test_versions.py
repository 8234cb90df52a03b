"""Which versions ran, as far as the log tells."""

from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.versions import only_latest_runs, versions_in_log
from tests.analysis.incidents import FUNCTION_GROUP, a_log, an_incident

LATEST_STREAM = "2026/05/14/[$LATEST]ab12"
START = "START RequestId: 8f5f0a1e-2a6b-4c3d-9e8f-0123456789ab Version: {}"


def log_of(*logs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one group with the events of all."""
    return [{"group": FUNCTION_GROUP, "events": [event for log in logs for event in log["events"]]}]


@pytest.mark.parametrize(
    ("logs", "versions"),
    [
        ([a_log("x", stream=LATEST_STREAM)], {"$LATEST"}),
        ([a_log("x", stream="2026/05/14/[7]ab12"), a_log("y", stream=LATEST_STREAM)], {"7", "$LATEST"}),
        ([a_log(START.format("$LATEST"), "x")], {"$LATEST"}),
        ([a_log(START.format("12"), "x"), a_log("y", stream=LATEST_STREAM)], {"12", "$LATEST"}),
        ([a_log("x", stream="container-1")], None),
        ([a_log("x")], None),
        ([], None),
    ],
)
def test_streams_and_start_lines_tell_the_version(logs: list[dict[str, Any]], versions: set[str] | None) -> None:
    assert versions_in_log(an_incident(logs=log_of(*logs))) == versions


def test_healthy_traffic_of_latest_proves_nothing_about_lines_that_name_no_version() -> None:
    """The failing lines were pasted without their streams; what ran beside them in $LATEST is another matter."""
    pasted = a_log("Initialization took longer than 10000")
    traffic = a_log(START.format("$LATEST"), "user signed in", stream=LATEST_STREAM)

    assert not only_latest_runs(an_incident(logs=log_of(pasted)))
    assert not only_latest_runs(an_incident(logs=log_of(pasted, traffic)))
    assert only_latest_runs(an_incident(logs=log_of(traffic)))


def test_another_functions_log_is_not_asked() -> None:
    assert versions_in_log(an_incident(logs=[a_log("x", stream=LATEST_STREAM, group="/aws/lambda/other"), *log_of(a_log("x"))])) is None
