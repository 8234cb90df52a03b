"""A graded incident becomes a case that the playbooks are tested with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import InputError
from bot.models.incident_file import IncidentFile
from bot.models.replies import Vote
from bot.playbooks.cases import incident_of, load_case
from bot.playbooks.engine import diagnose
from bot.playbooks.harvest import cases_from
from bot.playbooks.shipped import load_with_shipped

EVIDENCE = incident_of({"log": ["2026-05-14T03:12:00Z 8f6e Task timed out after 3.00 seconds"], "function": {"Timeout": 3}})


def a_vote(grade: str, cause: str = "", user: str = "U0ONCALL", note: str = "") -> Vote:
    """Return one person's verdict."""
    return Vote.model_validate({"grade": grade, "user_id": user, "at": 1.0, "cause": cause, "note": note})


def test_right_verdict_makes_a_case_that_must_match(tmp_path: Path) -> None:
    """The case is read back as any other, with the same evidence."""
    [case] = cases_from("inc-1", EVIDENCE, "function-timeout", [a_vote("right")])
    path = tmp_path / "case.yaml"
    path.write_text(case.text, encoding="utf-8")
    loaded = load_case(path)

    assert str(case.place) == "cases/function-timeout/inc-1.yaml"
    assert (loaded.case.expect, loaded.case.first) == ("match", True)
    assert loaded.incident == EVIDENCE
    assert diagnose(loaded.incident, load_with_shipped(None)).diagnoses[0].cause == "function-timeout"


def test_wrong_verdict_makes_one_case_for_each_of_the_two_playbooks() -> None:
    """The true one must match, the one that was wrong must stay silent."""
    votes = [a_vote("wrong", "slow-downstream", note="the provider was slow")]

    cases = {str(case.place): case.text for case in cases_from("inc-1", EVIDENCE, "function-timeout", votes)}

    assert set(cases) == {"cases/slow-downstream/inc-1.yaml", "cases/function-timeout/inc-1.yaml"}
    assert "expect: silent" in cases["cases/function-timeout/inc-1.yaml"]
    assert "the provider was slow" in cases["cases/slow-downstream/inc-1.yaml"]


def test_partly_right_does_not_silence_what_was_said() -> None:
    """It was part of the truth."""
    cases = cases_from("inc-1", EVIDENCE, "function-timeout", [a_vote("partly", "slow-downstream")])

    assert [str(case.place) for case in cases] == ["cases/slow-downstream/inc-1.yaml"]


def test_most_votes_decide() -> None:
    """Two who say that it was right outweigh one who does not."""
    votes = [a_vote("right", user="U1"), a_vote("right", user="U2"), a_vote("wrong", "slow-downstream", user="U3")]

    assert str(cases_from("inc-1", EVIDENCE, "function-timeout", votes)[0].place) == "cases/function-timeout/inc-1.yaml"


@pytest.mark.parametrize("votes", [[], [a_vote("wrong")], [a_vote("wrong", "something-else")]])
def test_without_a_cause_of_the_vocabulary_there_is_no_case(votes: list[Vote]) -> None:
    """A case that does not say what must come out tests nothing."""
    with pytest.raises(InputError):
        cases_from("inc-1", EVIDENCE, "function-timeout", votes)


def test_evidence_is_an_incident_file() -> None:
    """Guards the helper above."""
    assert isinstance(EVIDENCE, IncidentFile)
