"""`medic approvals check`: whether rules are valid, and whom they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_replay import run

RULES = """
rules:
  - {functions: [pay-*], tags: {tier: gold}, risks: [high], may_ask: [S0ONCALL], may_approve: [S0LEADS], approvals: 2}
  - {may_ask: [anyone], may_approve: [U0LEAD], self_approval: true, lifetime_minutes: 30}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write valid rules."""
    path = tmp_path / "approvals.yaml"
    path.write_text(RULES)
    return path


def test_valid_rules_are_told_in_words(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a rule."""
    status, out, _ = run(capsys, "approvals", "check", str(file))
    assert status == 0
    assert out.splitlines() == [
        "rule 1 (pay-*; tier=gold; risk high): S0ONCALL may ask; 2 people of S0LEADS must approve within 15 minutes,"
        " not of their own requests",
        "rule 2 (*; risk low, medium, high): anyone may ask; 1 person of U0LEAD must approve within 30 minutes, also of their own requests",
    ]


def test_the_rule_of_a_function_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, tags and the change's risk."""
    args = ("approvals", "check", str(file), "--function", "pay-api", "--tag", "tier=gold")
    _, out, _ = run(capsys, *args)
    assert [line.split(": ")[1] for line in out.splitlines()] == ["rule 2", "rule 2", "rule 1"]
    _, out, _ = run(capsys, *args, "--risk", "high")
    assert out.startswith("pay-api at risk high: rule 1: S0ONCALL may ask")


def test_faults_are_printed_with_their_lines(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the status says so."""
    file.write_text("rules:\n  - {may_ask: ['@bob'], may_approve: []}\n")
    status, _, err = run(capsys, "approvals", "check", str(file))
    assert status == 2
    assert f"{file}:2: rules.0.may_ask.0: expected the id of a Slack user" in err
    assert "nobody may approve" in err


def test_no_rules_mean_nobody(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty file is valid."""
    file.write_text("")
    assert run(capsys, "approvals", "check", str(file))[:2] == (0, "no rules: nobody may ask or approve\n")


@pytest.mark.parametrize("args", [("--tag", "x=y"), ("--function", "f", "--tag", "x"), ("--risk", "low")])
def test_unusable_arguments_are_refused(file: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...]) -> None:
    """With what was expected."""
    assert run(capsys, "approvals", "check", str(file), *args)[0] == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name."""
    status, _, err = run(capsys, "approvals", "check", str(tmp_path / "none.yaml"))
    assert status == 2
    assert "none.yaml" in err
