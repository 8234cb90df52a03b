"""From an incident and playbooks to the answer."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bot.models.diagnosis import Answer, Citation
from bot.models.incident_file import IncidentFile
from bot.playbooks.calibration import calibrated
from bot.playbooks.engine import diagnose, examine
from bot.playbooks.explain import explain
from bot.playbooks.model import Playbook
from tests.playbooks.made import DOWNSTREAM, EXIT, TIMEOUT, a_playbook, an_incident, invocation, request_id, timed_out

SET = (a_playbook(TIMEOUT), a_playbook(DOWNSTREAM), a_playbook(EXIT))
SLOW = "Read timed out on api.example.com"


def signal(name: str, confidence: float, pattern: str) -> dict[str, Any]:
    """Return a signal on one pattern."""
    return {"id": name, "confidence": confidence, "when": {"text": {"pattern": pattern}}}


def causes(answer: Answer) -> list[str]:
    """Return the causes of an answer, best first."""
    return [diagnosis.cause for diagnosis in answer.diagnoses]


def stands_in(citation: Citation, incident: IncidentFile) -> bool:
    """Tell whether a log citation is a verbatim part of a message of its group."""
    groups = [group for group in incident.logs or [] if group.group == citation.ref]
    return any(citation.text in event.message for group in groups for event in group.events)


class TestDiagnosis:
    def test_says_what_was_seen_and_cites_it(self) -> None:
        incident = an_incident(*timed_out(1), *timed_out(2), function={"Timeout": 3})

        answer = diagnose(incident, SET)

        assert answer.verdict == "diagnosed"
        first = answer.diagnoses[0]
        assert (first.cause, first.confidence, first.hop) == ("function-timeout", calibrated(0.9), "function")
        assert first.summary == "checkout stopped at its 3.00 s limit twice."
        assert first.evidence == [Citation(section="logs", ref="/aws/lambda/checkout", text="Task timed out after 3.00 seconds", count=2)]
        assert all(stands_in(citation, incident) for citation in first.evidence)

    def test_is_the_same_bytes_on_every_run(self) -> None:
        incident = an_incident(*timed_out(1, SLOW), *timed_out(2), function={"Timeout": 3})

        assert diagnose(incident, SET).to_json() == diagnose(incident, tuple(reversed(SET))).to_json()

    def test_a_citation_stands_in_the_file_although_the_pattern_saw_it_unescaped(self) -> None:
        """JSON log lines escape quotes; the pattern is written for the words, the citation for the file."""
        line = '{"timestamp":"2026-05-14T03:12:01Z","level":"ERROR","message":"Read timed out on api.example.com \\"GET /rates\\""}'
        incident = an_incident(line)
        playbook = a_playbook(DOWNSTREAM, signals=[signal("quoted", 0.9, 'Read timed out on (?P<host>[a-z.]+) "GET')])

        first = diagnose(incident, [playbook]).diagnoses[0]

        assert first.evidence
        assert all(stands_in(citation, incident) for citation in first.evidence)

    def test_further_signals_and_corroboration_close_the_gap(self) -> None:
        playbook = a_playbook(
            DOWNSTREAM,
            signals=[signal("one", 0.6, "Read timed out on (?P<host>[a-z.]+)"), signal("two", 0.5, "giving up")],
            stronger=[{"because": "it retried", "by": 0.5, "when": {"text": {"pattern": "attempt 3 of 3"}}}],
            weaker=[{"because": "it recovered", "by": 0.2, "when": {"text": {"pattern": "recovered"}}}],
        )

        def sure(*lines: str) -> float:
            return examine(an_incident(*lines), [playbook]).assessments[0].confidence

        assert sure(SLOW) == 0.6
        assert sure(SLOW, "giving up") == 0.7
        assert sure(SLOW, "giving up", "attempt 3 of 3") == 0.85
        assert sure(SLOW, "recovered") == 0.4
        assert sure("attempt 3 of 3") == 0.0

    def test_confidence_never_reaches_certainty(self) -> None:
        playbook = a_playbook(DOWNSTREAM, signals=[signal("one", 1.0, "Read timed out on (?P<host>[a-z.]+)")])

        assert diagnose(an_incident(SLOW), [playbook]).diagnoses[0].confidence == 0.99

    def test_a_text_that_fails_never_costs_the_diagnosis(self, caplog: pytest.LogCaptureFixture) -> None:
        """The title stands in for a summary that cannot be written; advice that cannot is left out."""
        playbook = a_playbook(
            DOWNSTREAM,
            signals=[signal("one", 0.9, "Read timed out")],
            summary="{{ incident.function.Timeout }} s",
            advice=["{{ facts.runs.failed / 0 }}", "Look there."],
        )

        with caplog.at_level(logging.WARNING):
            first = diagnose(an_incident(SLOW), [playbook]).diagnoses[0]

        assert (first.summary, first.advice) == ("A dependency is slow.", ["Look there."])
        assert len(caplog.records) == 2

    def test_two_playbooks_for_one_cause_are_one_diagnosis(self) -> None:
        second = a_playbook(DOWNSTREAM.replace("id: slow-downstream", "id: slow-database"), signals=[signal("db", 0.6, "lock wait")])

        answer = diagnose(an_incident(SLOW, "lock wait of 20 s"), [a_playbook(DOWNSTREAM), second])

        assert causes(answer) == ["slow-downstream"]
        assert [citation.text for citation in answer.diagnoses[0].evidence] == [SLOW, "lock wait of 20 s"]


class TestSilence:
    def test_a_veto_that_is_true_silences(self) -> None:
        assert causes(diagnose(an_incident(*timed_out(1), function={"Timeout": 900}), SET)) == []

    def test_a_veto_that_is_unknown_does_not(self) -> None:
        assert causes(diagnose(an_incident(*timed_out(1)), SET)) == ["function-timeout"]

    def test_below_the_bar_the_answer_is_a_hypothesis_with_the_check_that_would_tell(self) -> None:
        weak = [
            a_playbook(DOWNSTREAM, signals=[signal("one", 0.3, "Read timed out on (?P<host>[a-z.]+)")]),
            a_playbook(EXIT, signals=[signal("one", 0.4, "exit status (?P<code>[0-9]+)")]),
            a_playbook(TIMEOUT, signals=[signal("one", 0.2, "(?P<seconds>[0-9]+) s")]),
        ]

        answer = diagnose(an_incident(SLOW, "exit status 1 after 3 s"), weak)

        assert answer.verdict == "undetermined"
        assert [(one.cause, one.check) for one in answer.hypotheses] == [
            ("runtime-exit", "the last lines"),
            ("slow-downstream", "the dependency's own latency"),
        ]

    def test_a_hint_makes_a_hypothesis_and_never_a_diagnosis(self) -> None:
        hinted = a_playbook(DOWNSTREAM, hint={"when": {"text": {"pattern": "still waiting"}}})

        answer = diagnose(an_incident("still waiting"), [hinted])

        assert (answer.verdict, [one.cause for one in answer.hypotheses]) == ("undetermined", ["slow-downstream"])

    def test_what_can_cite_nothing_is_no_diagnosis(self) -> None:
        """Absence alone proves nothing that could be shown to anybody."""
        when = {"not": {"value": {"path": "function.Timeout", "gt": 5}}}
        playbook = a_playbook(DOWNSTREAM, signals=[{"id": "one", "confidence": 0.9, "when": when}], summary="slow")

        answer = diagnose(an_incident(function={"Timeout": 3}), [playbook])

        assert (answer.verdict, [one.cause for one in answer.hypotheses]) == ("undetermined", ["slow-downstream"])

    def test_a_healthy_function_is_no_fault_although_it_handled_errors(self) -> None:
        line = f"2026-05-14T03:12:01.000Z\t{request_id(1)}\tERROR\t{SLOW}"
        lines = [line for number in range(2, 8) for line in invocation(request_id(number))]

        answer = diagnose(an_incident(*invocation(request_id(1), line), *lines), SET)

        assert answer.verdict == "no-fault"
        assert answer.diagnoses == []
        assert answer.looked_at


class TestRanking:
    def supersedes(self, *others: str) -> Playbook:
        """Return the downstream playbook, which explains others."""
        return a_playbook(DOWNSTREAM, supersedes=list(others))

    def test_a_cause_stands_before_what_it_explains(self) -> None:
        answer = diagnose(an_incident(*timed_out(1, SLOW)), [self.supersedes("function-timeout"), a_playbook(TIMEOUT)])

        assert [(one.cause, one.explained_by) for one in answer.diagnoses] == [
            ("slow-downstream", None),
            ("function-timeout", "slow-downstream"),
        ]
        assert answer.diagnoses[1].remediations == []

    def test_explaining_reaches_through_a_playbook_that_did_not_match(self) -> None:
        playbooks = [self.supersedes("runtime-exit"), a_playbook(EXIT, supersedes=["function-timeout"]), a_playbook(TIMEOUT)]

        answer = diagnose(an_incident(*timed_out(1), "", SLOW), playbooks)

        assert [one.explained_by for one in answer.diagnoses] == [None, "slow-downstream"]

    def test_two_that_supersede_each_other_do_not_vanish(self) -> None:
        playbooks = [self.supersedes("function-timeout"), a_playbook(TIMEOUT, supersedes=["slow-downstream"])]

        answer = diagnose(an_incident(*timed_out(1), SLOW), playbooks)

        assert [(one.cause, one.explained_by) for one in answer.diagnoses] == [
            ("function-timeout", None),
            ("slow-downstream", "function-timeout"),
        ]

    def test_the_first_failure_in_an_invocation_outranks_what_it_drags_behind_it(self) -> None:
        """The timeout is surer, but it came after the read that nobody answered."""
        assert causes(diagnose(an_incident(*timed_out(1, SLOW)), SET)) == ["slow-downstream", "function-timeout"]

    def test_the_cause_of_most_failures_outranks_that_of_one(self) -> None:
        many = [line for number in range(2, 12) for line in timed_out(number)]
        name = request_id(1)
        once = invocation(
            name, f"RequestId: {name} Error: Runtime exited with error: exit status 9", status="error\tError Type: Runtime.ExitError"
        )
        surer = a_playbook(EXIT, signals=[signal("one", 0.98, "Runtime exited with error: exit status (?P<code>[0-9]+)")])

        assert causes(diagnose(an_incident(*once, *many), [surer, a_playbook(TIMEOUT)]))[0] == "function-timeout"

    def test_one_failure_does_not_explain_all_others(self) -> None:
        many = [line for number in range(2, 12) for line in timed_out(number)]

        answer = diagnose(an_incident(*timed_out(1, SLOW), *many), [self.supersedes("function-timeout"), a_playbook(TIMEOUT)])

        assert (answer.diagnoses[0].cause, answer.diagnoses[0].explained_by) == ("function-timeout", None)

    def test_healthy_traffic_changes_nothing(self) -> None:
        """Not the place, not the confidence, not the count."""
        chatter = ("retrying upstream (1/3)", "caught ReadTimeout, answered 400", SLOW)
        healthy = [line for number in range(100, 400) for line in invocation(request_id(number), chatter[number % 3])]
        sick = [*timed_out(1, SLOW), *timed_out(2)]

        quiet, busy = diagnose(an_incident(*sick), SET), diagnose(an_incident(*sick, *healthy), SET)

        assert busy.diagnoses == quiet.diagnoses

    def test_ties_are_broken_by_the_id(self) -> None:
        twins = [a_playbook(EXIT, signals=[signal("one", 0.8, "code (?P<code>[0-9]+)")]), a_playbook(DOWNSTREAM)]

        assert causes(diagnose(an_incident(SLOW, "code 1"), twins)) == ["runtime-exit", "slow-downstream"]


class TestRemedies:
    FUNCTION = {"Timeout": 3, "MemorySize": 128}  # noqa: RUF012

    def test_an_action_that_does_not_mend_the_cause_is_never_offered(self) -> None:
        playbook = a_playbook(DOWNSTREAM, remediations=[{"action": "raise-memory"}])

        first = diagnose(an_incident(SLOW, function=self.FUNCTION), [playbook]).diagnoses[0]

        assert first.remediations == []
        assert [(one.action, one.why) for one in first.declined] == [("raise-memory", "it does not mend slow-downstream")]

    def test_a_precondition_that_is_unknown_holds_an_action_back(self) -> None:
        when = {"value": {"path": "concurrency.ReservedConcurrentExecutions", "equals": None}}
        playbook = a_playbook(TIMEOUT, remediations=[{"action": "raise-timeout", "when": when}])

        first = diagnose(an_incident(*timed_out(1), function=self.FUNCTION), [playbook]).diagnoses[0]

        assert first.remediations == []
        assert [one.action for one in first.declined] == ["raise-timeout"]

    def test_a_reason_against_wins_over_an_offer(self) -> None:
        declines = [
            {"action": "raise-timeout", "when": {"value": {"path": "function.Timeout", "lt": 5}}, "why": "{{ timeout_s }} s is meant"}
        ]
        playbook = a_playbook(TIMEOUT, declines=declines)

        first = diagnose(an_incident(*timed_out(1), function=self.FUNCTION), [playbook]).diagnoses[0]

        assert first.remediations == []
        assert [(one.action, one.why) for one in first.declined] == [("raise-timeout", "3 s is meant")]


class TestExplain:
    def test_says_of_every_condition_whether_it_held_and_what_was_seen(self) -> None:
        lines = explain(examine(an_incident(*timed_out(1)), SET))

        assert lines[0] == "verdict: diagnosed"
        text = "\n".join(lines)
        assert "function-timeout: matches with 0.90 (shown as 0.96), place 1" in text
        assert "yes     /Task timed out after" in text
        assert "unknown function.Timeout > 600: the section was not read" in text
        assert "runtime-exit: silent" in text
        assert "no      /Runtime exited with error" in text
