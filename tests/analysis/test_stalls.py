"""The longest silence of an invocation that took too long."""

from __future__ import annotations

from typing import Any

from bot.analysis.analyse import analyse
from bot.analysis.facts import Stall
from tests.analysis.incidents import FUNCTION_GROUP, ID, START_MS, an_incident, report

START = f"START RequestId: {ID} Version: $LATEST"
LATE = f"2026-05-14T03:12:10.000Z {ID} Task timed out after 10.00 seconds"


def stalls_of(*timed: tuple[int, str], kind: str | None = None, **sections: Any) -> tuple[Stall, ...]:
    """Return the silences of lines with their milliseconds."""
    events = [{"timestamp": START_MS + at, "message": line, "stream": "s"} for at, line in timed]
    return analyse(an_incident(kind=kind, logs=[{"group": FUNCTION_GROUP, "events": events}], **sections)).stalls


def test_the_line_before_the_silence_is_told_and_cited() -> None:
    line = f"2026-05-14T03:12:02.000Z\t{ID}\tINFO\tcalling the partner"
    (stall,) = stalls_of((0, START), (500, "one"), (2_000, line), (10_000, LATE), (10_001, report(duration="10000.00")))

    assert (stall.gap_ms, stall.share, stall.before, stall.at_end, stall.outcome) == (
        8_000,
        0.8,
        "INFO calling the partner",
        True,
        "timeout",
    )
    assert (stall.cite[0].ref, stall.cite[0].text) == (FUNCTION_GROUP, line)


def test_a_silence_in_the_middle_is_not_at_the_end() -> None:
    (stall,) = stalls_of((0, START), (100, "asked"), (7_000, "answered"), (10_000, LATE), (10_001, report(duration="10000.00")))

    assert (stall.gap_ms, stall.before, stall.at_end) == (6_900, "asked", False)


def test_code_that_said_nothing_leaves_no_words() -> None:
    (stall,) = stalls_of((0, START), (10_000, LATE), (10_001, report(duration="10000.00")))

    assert (stall.gap_ms, stall.before, stall.at_end) == (10_000, "", True)


def test_a_retry_under_the_same_id_is_no_silence() -> None:
    """Lambda runs a failed asynchronous event again after a minute, with the same request id."""
    first = ((0, START), (10, "a"), (3_000, LATE), (3_001, report(duration="3000.00")))
    (stall,) = stalls_of(*first, (63_000, START), (63_010, "a"), (66_000, LATE), (66_001, report(duration="3000.00")))

    assert stall.gap_ms == 2_990


def test_only_what_took_too_long_is_measured() -> None:
    quiet = ((0, START), (10, "a"), (9_000, "b"), (9_100, report(duration="9100.00")))
    slow = ((0, START), (10, "a"), (30_500, "b"), (31_000, report(duration="31000.00")))

    assert stalls_of(*quiet) == ()
    assert [stall.gap_ms for stall in stalls_of(*slow, kind="http-api")] == [30_490]
