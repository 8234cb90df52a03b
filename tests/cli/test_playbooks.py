"""`medic playbooks` and `medic bench`, by their exit statuses and what they print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.main import main
from tests.playbooks.made import DOWNSTREAM, an_incident, timed_out, write_set
from tests.playbooks.test_bench import a_bench, a_label
from tests.playbooks.test_trial import MATCH, OWN, SILENT, a_folder


def run(*arguments: object) -> int:
    """Run `medic` and return its exit status."""
    with pytest.raises(SystemExit) as raised:
        main([str(argument) for argument in arguments])
    return int(str(raised.value.code))


class TestLint:
    def test_is_0_for_good_playbooks(self, tmp_path: Path) -> None:
        assert run("playbooks", "lint", a_folder(tmp_path, matches=MATCH, silent=SILENT)) == 0

    def test_is_1_with_every_finding_printed(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = a_folder(tmp_path, OWN.replace("hop:", "hpo:"), matches=MATCH)

        assert run("playbooks", "lint", folder) == 1
        assert f"{folder / 'slow-made.yaml'}:5: hpo: unknown key 'hpo', did you mean 'hop'?" in capsys.readouterr().out

    def test_is_2_for_a_path_that_is_not_there(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("playbooks", "lint", tmp_path / "nowhere") == 2
        assert "nowhere: no such file or folder" in capsys.readouterr().err


class TestTest:
    def test_is_0_when_all_cases_pass(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("playbooks", "test", a_folder(tmp_path, matches=MATCH, silent=SILENT)) == 0
        assert capsys.readouterr().out == "1 playbooks, 2 cases: 0 failures; 0 changed thresholds: 0 noticed by no case\n"

    def test_is_1_when_one_fails(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("playbooks", "test", a_folder(tmp_path, matches=MATCH)) == 1
        assert "FAILED" in capsys.readouterr().out


class TestSchemaAndDocs:
    def test_the_schema_is_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("playbooks", "schema") == 0
        assert json.loads(capsys.readouterr().out)["title"] == "Lambda Medic playbook"

    def test_docs_are_written_and_checked(self, tmp_path: Path) -> None:
        folder = a_folder(tmp_path / "set", matches=MATCH, silent=SILENT)

        assert run("playbooks", "docs", folder, "--output", tmp_path / "docs", "--check") == 1
        assert run("playbooks", "docs", folder, "--output", tmp_path / "docs") == 0
        assert run("playbooks", "docs", folder, "--output", tmp_path / "docs", "--check") == 0

    def test_docs_of_faulty_playbooks_are_refused(self, tmp_path: Path) -> None:
        assert run("playbooks", "docs", write_set(tmp_path, DOWNSTREAM.replace("hop:", "hpo:")), "--output", tmp_path / "docs") == 2


class TestExplain:
    def test_an_unknown_playbook_is_named_with_the_known_ones(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "incident.json"
        path.write_text(an_incident(*timed_out(1)).to_json(), "utf-8")

        assert run("playbooks", "explain", path, "--only", "no-such") == 2
        assert "unknown playbook 'no-such'; known: " in capsys.readouterr().err

    def test_prints_a_users_own_playbook_condition_by_condition(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "incident.json"
        path.write_text(an_incident("Read timed out on api.example.com").to_json(), "utf-8")

        assert run("playbooks", "explain", path, "--playbooks", write_set(tmp_path / "own", OWN), "--only", "slow-made") == 0
        assert "yes     /Read timed out on (?P<host>[a-z.]+)/: in 1 line" in capsys.readouterr().out


class TestBench:
    def test_is_2_for_a_partial_table_and_prints_none(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = a_bench(tmp_path, [a_label("a"), a_label("b")], a=timed_out(1))

        assert run("bench", folder) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "the label 'b' has no file" in shown.err

    def test_prints_the_tables_and_writes_both_forms(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = a_bench(tmp_path / "bench", [a_label("a")], a=timed_out(1))

        assert run("bench", folder, "--json", tmp_path / "b.json", "--markdown", tmp_path / "b.md") == 0
        assert (tmp_path / "b.md").read_text("utf-8") == capsys.readouterr().out
        assert json.loads((tmp_path / "b.json").read_text("utf-8"))["incidents"] == 1
