"""What X-Ray saw an invocation wait for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.facts import TraceCall
from tests.analysis.incidents import an_incident


def a_call(name: str, start: float, end: float | None, namespace: str = "remote", **more: Any) -> dict[str, Any]:
    """Return a subsegment."""
    rest: dict[str, Any] = {"in_progress": True} if end is None else {"end_time": end}
    return {"name": name, "namespace": namespace, "start_time": start, **rest, **more}


def calls_of(*subsegments: dict[str, Any], as_text: bool = False, end: float | None = 10.0) -> tuple[TraceCall, ...]:
    """Return what is read from one traced invocation of 10 s."""
    segment = {"name": "checkout", "origin": "AWS::Lambda::Function", "start_time": 0.0, "subsegments": list(subsegments)}
    if end is not None:
        segment["end_time"] = end
    row = {"Id": "1a2b", "Document": json.dumps(segment)} if as_text else segment
    return analyse(an_incident(traces=[{"Id": "1-2-3", "Duration": 10.0, "Segments": [row]}])).traces


@pytest.mark.parametrize("as_text", [True, False])
def test_the_share_of_a_dependency_is_measured(as_text: bool) -> None:
    """Documents come as JSON strings from AWS, and parsed from other tools."""
    (call,) = calls_of({"name": "Invocation", "start_time": 0.1, "end_time": 9.9, "subsegments": [a_call("db", 1.0, 9.0)]}, as_text=as_text)

    assert (call.name, call.namespace, call.duration_ms, call.share, call.invocation_ms) == ("db", "remote", 8000.0, 0.8, 10000.0)
    place = "Segments[0].Document" if as_text else "Segments[0].subsegments[0].subsegments[0]"
    assert (call.cite[0].section, call.cite[0].ref, call.cite[0].text) == ("traces", f"traces[0].{place}", "db")


def test_calls_at_the_same_time_count_once() -> None:
    calls = calls_of(a_call("DynamoDB", 0, 4, "aws"), a_call("DynamoDB", 1, 3, "aws"), a_call("DynamoDB", 5, 6, "aws"), a_call("x", 0, 1))

    assert [(call.name, call.count, call.duration_ms) for call in calls] == [("DynamoDB", 3, 5000.0), ("x", 1, 1000.0)]


def test_a_call_that_never_came_back_lasts_to_the_end() -> None:
    (call,) = calls_of(a_call("slow.example.com", 2, None))
    (without_end,) = calls_of(a_call("slow.example.com", 2, None), end=None)

    assert (call.in_progress, call.duration_ms, call.share) == (True, 8000.0, 0.8)
    assert without_end.duration_ms == 8000.0, "the trace's own duration says where it ends"


def test_faults_errors_and_throttles_are_told() -> None:
    calls = calls_of(a_call("a", 0, 3, fault=True), a_call("b", 0, 2, error=True, throttle=True), a_call("c", 0, 1))

    assert [(call.fault, call.error, call.throttle) for call in calls] == [(True, False, False), (False, True, True), (False, False, False)]


@pytest.mark.parametrize(
    "segments",
    [None, "x", [None], [{"Document": "{"}], [{"Document": "[1]"}], [{"name": "f", "subsegments": [a_call("a", 1, 2)]}],
     [{"name": "f", "start_time": 1, "subsegments": "x"}], [{"name": "f", "start_time": 1, "subsegments": [1, {"name": 2}]}]],
)  # fmt: skip
def test_what_is_no_segment_is_passed_over(segments: Any) -> None:
    assert analyse(an_incident(traces=[{"Id": "1", "Segments": segments}])).traces == ()


def test_the_functions_own_steps_and_inferred_segments_are_no_dependencies() -> None:
    inferred = {"name": "DynamoDB", "start_time": 0, "end_time": 5, "inferred": True, "subsegments": [a_call("again", 0, 5)]}

    assert calls_of({"name": "Initialization", "start_time": 0, "end_time": 5}) == ()
    assert analyse(an_incident(traces=[{"Id": "1", "Segments": [inferred]}])).traces == ()
