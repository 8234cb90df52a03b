"""Cases beside playbooks, and changed thresholds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import PlaybookError
from bot.playbooks.cases import incident_of, load_case
from bot.playbooks.mutate import mutants
from bot.playbooks.trial import try_playbooks
from tests.playbooks.made import DOWNSTREAM, a_playbook, write_set

MATCH = "because: It says so.\nincident:\n  log: [Read timed out on api.example.com]\nexpect: match\nfirst: true\n"
SILENT = "because: It was the code.\nincident: {log: [it broke]}\nexpect: silent\nundetermined: true\n"
OWN = DOWNSTREAM.replace("slow-downstream\n    cause", "slow-made\n    cause")
THRESHOLD = OWN.replace(
    "when: {text: {pattern: 'Read timed out on (?P<host>[a-z.]+)', source: a recorded line}}",
    "when: {value: {path: client.duration_ms, gte: 5000}}",
).replace("{{ host }}", "It")


def a_folder(tmp_path: Path, playbook: str = OWN, **cases: str) -> Path:
    """Return a folder with one playbook of the user's own, and cases."""
    folder = write_set(tmp_path, playbook)
    (folder / "cases" / "slow-made").mkdir(parents=True)
    for name, text in cases.items():
        (folder / "cases" / "slow-made" / f"{name}.yaml").write_text(text, "utf-8")
    return folder


class TestTry:
    def test_passes_with_a_matching_and_a_silent_case(self, tmp_path: Path) -> None:
        trial = try_playbooks(a_folder(tmp_path, matches=MATCH, silent=SILENT))

        assert (trial.failed, trial.unwatched, trial.playbooks, trial.cases) == ([], [], 1, 2)

    @pytest.mark.parametrize(("cases", "missing"), [({"one": MATCH}, "silent"), ({"one": SILENT}, "match"), ({}, "match")])
    def test_fails_without_one_of_each(self, tmp_path: Path, cases: dict[str, str], missing: str) -> None:
        trial = try_playbooks(a_folder(tmp_path, **cases))

        assert any(f"has no case with `expect: {missing}`" in failure for failure in trial.failed)

    def test_a_case_that_comes_out_otherwise_fails_with_its_reason(self, tmp_path: Path) -> None:
        trial = try_playbooks(a_folder(tmp_path, matches=MATCH, silent=SILENT.replace("it broke", "Read timed out on b.c")))

        assert any("silent.yaml:1: expected silent, but slow-made matches (It was the code.)" in failure for failure in trial.failed)

    def test_expected_remediations_are_compared_in_full(self, tmp_path: Path) -> None:
        playbook = OWN + "    remediations: [{action: enable-tracing}]\n"
        case = MATCH.replace("incident:\n", "incident:\n  function: {TracingConfig: {Mode: PassThrough}}\n")

        wrong = try_playbooks(a_folder(tmp_path, playbook, matches=case + "remediations: []\n", silent=SILENT))
        (tmp_path / "cases" / "slow-made" / "matches.yaml").write_text(case + "remediations: [enable-tracing]\n", "utf-8")

        assert any("expected the remediations none, got enable-tracing" in failure for failure in wrong.failed)
        assert try_playbooks(tmp_path).failed == []

    def test_a_changed_threshold_that_no_case_notices_is_reported_with_its_line(self, tmp_path: Path) -> None:
        """A case far above the threshold would pass with half of it, and with `>` in place of `>=`."""
        far = "because: b\nincident: {client: {duration_ms: 90000}}\nexpect: match\n"
        none = "because: b\nincident: {client: {duration_ms: 10}}\nexpect: silent\n"

        trial = try_playbooks(a_folder(tmp_path, THRESHOLD, far=far, none=none))

        assert trial.failed == []
        assert [line.partition(": ")[2] for line in trial.unwatched] == [
            "signals.0.when.value.gte: no case notices gte to gt",
            "signals.0.when.value.gte: no case notices gte 5000 to 2500",
            "signals.0.when.value.gte: no case notices gte 5000 to 10000",
        ]
        assert {line.partition(": ")[0] for line in trial.unwatched} == {f"{tmp_path / 'slow-made.yaml'}:9"}

    def test_cases_at_the_threshold_notice_every_change(self, tmp_path: Path) -> None:
        at = "because: b\nincident: {client: {duration_ms: 5000}}\nexpect: match\n"
        below = "because: b\nincident: {client: {duration_ms: 4999}}\nexpect: silent\n"

        trial = try_playbooks(a_folder(tmp_path, THRESHOLD, at=at, below=below))

        assert (trial.failed, trial.unwatched, trial.mutants) == ([], [], 3)


class TestMutants:
    def test_change_one_bound_or_count_at_a_time(self) -> None:
        conditions = {
            "all": [
                {"text": {"pattern": "ab", "min": 2}},
                {"metric": {"namespace": "n", "name": "m", "gt": 0}},
                {"value": {"path": "function.Timeout", "lt": {"path": "function.MemorySize", "times": 0.5}}},
                {"fact": {"of": "invocations", "where": {"duration_ms": {"gte": 100}}}},
            ]
        }
        playbook = a_playbook(DOWNSTREAM, signals=[{"id": "one", "confidence": 0.9, "when": conditions}], summary="s")

        assert [mutant.change for mutant in mutants(playbook)] == [
            "min 2 to 3", "min 2 to 1", "gt to gte", "gt 0 to -1", "gt 0 to 1",
            "lt to lte", "lt 0.5 × function.MemorySize to 0.25 ×", "lt 0.5 × function.MemorySize to 1 ×",
            "gte to gt", "gte 100 to 50", "gte 100 to 200",
        ]  # fmt: skip


class TestCases:
    def test_a_partial_incident_is_filled_in(self) -> None:
        incident = incident_of({"target": {"function_name": "signup"}, "log": ["a", {"level": "ERROR", "message": "b"}]})

        assert incident.version == 1
        assert incident.target.region == "eu-west-1"
        assert incident.logs is not None
        assert [(group.group, [event.message for event in group.events]) for group in incident.logs] == [
            ("/aws/lambda/signup", ["a", '{"level":"ERROR","message":"b"}'])
        ]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("because: b\nincident: {}\nexpect: match\nfrist: true\n", ":4: frist: "),
            ("because: b\nincident: {}\nexpect: maybe\n", ":3: expect: "),
            ("because: b\nincident: {function: 5}\nexpect: match\n", ":2: incident: function: "),
            ("because: b\nbecause: c\nincident: {}\nexpect: match\n", ":2: because: duplicate key"),
            ("because: b\nincident: {}\nexpect: silent\nfirst: true\n", "a silent case has neither"),
        ],
    )
    def test_a_case_that_cannot_be_read_names_its_line(self, tmp_path: Path, text: str, message: str) -> None:
        path = tmp_path / "case.yaml"
        path.write_text(text, "utf-8")

        with pytest.raises(PlaybookError) as raised:
            load_case(path)

        assert message in str(raised.value)
