"""What is weak in playbooks that load."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.playbooks.lint import lint
from tests.playbooks.made import DOWNSTREAM, TIMEOUT, write_set

OWN = DOWNSTREAM.replace("slow-downstream\n    cause", "slow-made\n    cause")


def linted(tmp_path: Path, playbook: str, *, with_cases: bool = True) -> list[str]:
    """Return the findings on one playbook, without the name of its file."""
    write_set(tmp_path, playbook)
    if with_cases:
        (tmp_path / "cases" / "slow-made").mkdir(parents=True)
        (tmp_path / "cases" / "slow-made" / "one.yaml").write_text("because: b", "utf-8")
    return [finding.removeprefix(f"{tmp_path / 'slow-made.yaml'}:") for finding in lint(tmp_path)]


class TestLint:
    def test_a_good_playbook_has_no_finding(self, tmp_path: Path) -> None:
        assert linted(tmp_path, OWN) == []

    def test_a_pattern_needs_a_source(self, tmp_path: Path) -> None:
        findings = linted(tmp_path, OWN.replace(", source: a recorded line", ""))

        assert [finding.startswith("9: signals.0.when.text: the pattern") and "names no source" in finding for finding in findings] == [
            True
        ]

    @pytest.mark.parametrize("pattern", ["x*", "(error)?", "a|"])
    def test_a_pattern_must_not_match_the_empty_text(self, tmp_path: Path, pattern: str) -> None:
        findings = linted(tmp_path, OWN.replace("Read timed out on (?P<host>[a-z.]+)", pattern).replace("{{ host }}", "It"))

        assert ["matches the empty text" in finding for finding in findings] == [True]

    @pytest.mark.parametrize(
        ("pattern", "is_bare"),
        [("error", True), ("(?i)Forbidden", True), (r"\bdenied\b", True), ("ENOSPC", False), ("OutOfMemoryError", False)],
    )
    def test_a_bare_common_word_is_no_pattern(self, tmp_path: Path, pattern: str, is_bare: bool) -> None:
        findings = linted(tmp_path, OWN.replace("Read timed out on (?P<host>[a-z.]+)", pattern).replace("{{ host }}", "It"))

        assert ["is only the bare word" in finding for finding in findings] == [True] * is_bare

    def test_a_remediation_must_help_its_cause(self, tmp_path: Path) -> None:
        findings = linted(tmp_path, OWN + "    remediations:\n      - action: raise-memory\n")

        assert findings == ["13: remediations.0.action: raise-memory does not help slow-downstream; what helps: enable-tracing"]

    def test_a_playbook_needs_cases(self, tmp_path: Path) -> None:
        assert ["has no cases" in finding for finding in linted(tmp_path, OWN, with_cases=False)] == [True]

    def test_two_that_supersede_each_other_are_found(self, tmp_path: Path) -> None:
        write_set(tmp_path, TIMEOUT + "    supersedes: [slow-downstream]\n", DOWNSTREAM + "    supersedes: [function-timeout]\n")

        assert sum("supersedes" in finding and "as well" in finding for finding in lint(tmp_path)) == 2

    def test_faults_and_findings_come_together_in_the_order_of_lines(self, tmp_path: Path) -> None:
        findings = linted(tmp_path, OWN.replace("hop: downstream", "hop: nowhere").replace("title:", "titel:"))

        assert [finding.split(":")[0] for finding in findings] == ["1", "3", "5"]

    def test_a_users_playbook_may_name_the_shipped_ones(self, tmp_path: Path) -> None:
        """`supersedes` reaches into the shipped set, which is not under test here and adds no findings."""
        assert linted(tmp_path, OWN + "    supersedes: [function-timeout]\n") == []
