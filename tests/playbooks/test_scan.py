"""One pass over all texts for the patterns of all playbooks."""

from __future__ import annotations

import tracemalloc

import pytest

from bot.analysis.texts import Text
from bot.playbooks.patterns import PatternError, PatternSet, compile_pattern
from bot.playbooks.scan import MAX_CAPTURES, MAX_WORDINGS, Scanner, Slot, around
from tests.playbooks.made import DOWNSTREAM, a_playbook, request_id


def a_text(message: str, number: int = 0, **changes: object) -> Text:
    """Return a line of a function's log."""
    values: dict[str, object] = {"role": "function-log", "section": "logs", "ref": "g", "message": message, "raw": message, "index": number}
    return Text(**{**values, **changes})  # type: ignore[arg-type]


def a_scanner(*patterns: str) -> Scanner:
    """Return a scanner for patterns."""
    signals = [{"id": f"s{n}", "confidence": 0.9, "when": {"text": {"pattern": pattern}}} for n, pattern in enumerate(patterns)]
    return Scanner([a_playbook(DOWNSTREAM, signals=signals)])


def slot(pattern: str) -> Slot:
    """Return the slot of a pattern without conditions."""
    return Slot(pattern, frozenset(), frozenset(), handled=True)


class TestPatternSet:
    def test_finds_every_pattern_that_occurs(self) -> None:
        patterns = PatternSet(("timed out", "(?i)REFUSED", "^never$"))

        found, is_sure = patterns.candidates("connection refused, then timed out")
        assert (sorted(found), is_sure) == ([0, 1], True)
        assert patterns.candidates("all is well") == ((), True)

    def test_agrees_with_each_pattern_alone_on_many_of_them(self) -> None:
        """An automaton of many patterns runs out of memory sooner than one; it must not pass for silence."""
        words = tuple(f"error {n}.*code [0-9]{{1,3}}.*(?i)end{n}" for n in range(300))
        patterns = PatternSet(words)

        for n in range(0, 300, 17):
            line = f"{'x' * 500} error {n} with code 42 at the END{n}"
            assert sorted(patterns.candidates(line)[0]) == [k for k, word in enumerate(words) if compile_pattern(word).search(line)]
            assert n in patterns.candidates(line)[0]

    def test_a_bad_pattern_is_an_error_with_res_own_words(self) -> None:
        with pytest.raises(PatternError, match="invalid perl operator"):
            compile_pattern("(?=a)")


class TestSeen:
    def test_a_failure_that_two_logs_tell_of_is_seen_once(self) -> None:
        """The gateway logs the function's own error message; twelve timeouts are not twenty-four."""
        pattern = "Task timed out"
        texts = [a_text("Task timed out after 3.00 seconds", n, role=role) for n in range(12) for role in ("function-log", "gateway-log")]

        hits = a_scanner(pattern).scan(texts).hits[slot(pattern)]

        assert (hits.count, hits.seen) == (24, 12)
        assert [citation.count for citation in hits.citations()] == [12, 12]

    def test_two_lines_of_one_failed_invocation_are_seen_once(self) -> None:
        """The platform and the runtime both say that it ran out of memory."""
        pattern = "killed|OutOfMemory"
        lines = ("Runtime exited with error: signal: killed", "Error Type: Runtime.OutOfMemory")
        texts = [a_text(line, n, request_id=f"r{n}", outcome="oom") for n in range(3) for line in lines]

        hits = a_scanner(pattern).scan(texts).hits[slot(pattern)]

        assert (hits.count, hits.seen) == (6, 3)


class TestScan:
    def test_counts_and_keeps_the_first_place_of_each_wording(self) -> None:
        pattern = "no answer from (?P<host>[a-z]+)"
        texts = [a_text(f"no answer from {host}", n) for n, host in enumerate(["b", "a", "a", "b", "a"])]

        hits = a_scanner(pattern).scan(texts).hits[slot(pattern)]

        assert hits.count == 5
        assert [(wording.groups, wording.count, wording.text.index) for wording in hits.ranked()] == [
            ({"host": "a"}, 3, 1),
            ({"host": "b"}, 2, 0),
        ]

    def test_remembers_failed_invocations_with_their_first_line(self) -> None:
        texts = [a_text("boom", n, request_id=request_id(n % 2), outcome="error") for n in range(4)]

        assert a_scanner("boom").scan(texts).hits[slot("boom")].failed == {request_id(0): 0, request_id(1): 1}

    def test_a_flood_is_counted_to_the_last_line(self) -> None:
        """Places are looked up for so many lines only; the count goes on, for each wording that is cited."""
        pattern = "no answer from (?P<host>[a-z]+)( again)?"
        lines = ["no answer from a", "no answer from b again", "no answer from a", "é: no answer from b"]
        texts = [a_text(lines[n % 4], n, request_id=f"r{n}", outcome="error") for n in range(4 * MAX_CAPTURES)]

        hits = a_scanner(pattern).scan(texts).hits[slot(pattern)]

        assert (hits.count, len(hits.failed)) == (4 * MAX_CAPTURES, 4 * MAX_CAPTURES)
        assert [(wording.fragment, wording.count) for wording in hits.ranked()] == [
            ("no answer from a", 2 * MAX_CAPTURES),
            ("no answer from b again", MAX_CAPTURES),
            ("é: no answer from b", MAX_CAPTURES),
        ]

    def test_groups_after_letters_outside_of_ascii(self) -> None:
        hits = a_scanner("from (?P<host>[^ ]+) (?P<gone>x)?").scan([a_text("é€ from ü1 \U0001f600")]).hits
        found = hits[slot("from (?P<host>[^ ]+) (?P<gone>x)?")].ranked()[0]

        assert (found.groups, found.fragment) == ({"host": "ü1"}, "é€ from ü1 \U0001f600")

    def test_memory_does_not_grow_with_the_log(self) -> None:
        """Every line has a wording of its own; only so many are kept, and all are counted."""
        scanner = a_scanner("item (?P<item>[0-9]+)")
        scanner.scan([a_text("item 0")])

        tracemalloc.start()
        try:
            hits = scanner.scan(a_text(f"item {n}", n) for n in range(20_000)).hits[slot("item (?P<item>[0-9]+)")]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert (hits.count, len(hits.wordings)) == (20_000, MAX_WORDINGS)
        assert peak < 500_000


class TestAround:
    @pytest.mark.parametrize(
        ("message", "words", "line"),
        [
            (f"2026-05-14T03:12:01.000Z {request_id(1)} Task timed out after 3 s", "Task timed out", "Task timed out after 3 s"),
            (f"[ERROR] 2026-05-14T03:12:01Z\t{request_id(1)}\tKeyError: 'a'\nTraceback", "KeyError", "KeyError: 'a'"),
            (
                "first\nClientError: (AccessDenied) when calling GetObject\nlast",
                "AccessDenied",
                "ClientError: (AccessDenied) when calling GetObject",
            ),
            ("[ERROR]\tdenied", "denied", "denied"),
        ],
    )
    def test_is_the_line_without_time_level_and_id(self, message: str, words: str, line: str) -> None:
        start = message.index(words)

        assert around(message, start, start + len(words)) == line

    def test_is_short_and_holds_the_match(self) -> None:
        message = "x" * 5000 + " needle " + "y" * 5000

        found = around(message, 5001, 5007)

        assert "needle" in found
        assert len(found) <= 280
