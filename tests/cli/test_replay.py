"""`medic replay` answers from a saved incident file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli.main import main

TIMED_OUT: dict[str, Any] = {
    "version": 1,
    "target": {"function_name": "orders", "region": "eu-west-1", "account_id": "123456789012", "front_door": {"kind": "rest-api"}},
    "client": {"status": 502},
    "function": {"Timeout": 3, "MemorySize": 256},
    "logs": [
        {
            "group": "/aws/lambda/orders",
            "events": [
                {"timestamp": 1772442000000, "message": "START RequestId: 0d8e0a0e-0000-4000-8000-000000000001 Version: $LATEST\n"},
                {
                    "timestamp": 1772442003004,
                    "message": "2026-03-02T09:00:03.004Z 0d8e0a0e-0000-4000-8000-000000000001 Task timed out after 3.00 seconds\n\n",
                },
                {"timestamp": 1772442003004, "message": "END RequestId: 0d8e0a0e-0000-4000-8000-000000000001\n"},
            ],
        }
    ],
}


def run(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Run the command and return exit status, standard output and standard error."""
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    out, err = capfd.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def incident_file(tmp_path: Path) -> Path:
    """An incident in which the function timed out."""
    path = tmp_path / "incident.json"
    path.write_text(json.dumps(TIMED_OUT))
    return path


class TestAnswer:
    def test_json_is_the_only_thing_on_standard_output(self, capfd: pytest.CaptureFixture[str], incident_file: Path) -> None:
        """Other tools read it."""
        status, out, err = run(capfd, "replay", str(incident_file), "--json")

        assert status == 0
        assert json.loads(out)["diagnoses"][0]["cause"] == "function-timeout"
        assert err == ""

    def test_two_runs_give_the_same_bytes(self, capfd: pytest.CaptureFixture[str], incident_file: Path) -> None:
        """The same evidence gives the same answer."""
        first = run(capfd, "replay", str(incident_file), "--json")
        second = run(capfd, "replay", str(incident_file), "--json")

        assert first == second

    def test_a_reader_sees_cause_evidence_and_remedy(self, capfd: pytest.CaptureFixture[str], incident_file: Path) -> None:
        """Without --json the answer is for a person."""
        status, out, _ = run(capfd, "replay", str(incident_file))

        assert status == 0
        for words in ("function-timeout", "Task timed out after 3.00 seconds", "raise timeout"):
            assert words in out

    def test_no_evidence_is_no_diagnosis(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """Exit status 3: nothing is claimed from a file that shows nothing."""
        path = tmp_path / "empty.json"
        path.write_text(json.dumps({"version": 1, "target": {"function_name": "orders"}}))

        status, out, _ = run(capfd, "replay", str(path), "--json")

        assert status == 3
        assert json.loads(out)["verdict"] == "undetermined"


class TestBadInput:
    @pytest.mark.parametrize(
        ("content", "named"),
        [
            ('{"version": 1, "target": {}, "logs": 3}', "logs"),
            ('{"version": 7, "target": {}}', "version"),
            ('{"version": 1}', "target"),
            ('{"version": 1, "target": {}, "logs": [{"group": "g", "events": [{"timestamp": "soon", "message": "x"}]}]}', "timestamp"),
            ("not json", "JSON"),
            ("", "JSON"),
        ],
    )
    def test_the_faulty_field_is_named(self, capfd: pytest.CaptureFixture[str], tmp_path: Path, content: str, named: str) -> None:
        """Exit status 2 with the field on standard error, and nothing on standard output."""
        path = tmp_path / "incident.json"
        path.write_text(content)

        status, out, err = run(capfd, "replay", str(path), "--json")

        assert status == 2
        assert named in err
        assert out == ""

    def test_a_missing_file_is_named(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """The path stands in the message."""
        status, _, err = run(capfd, "replay", str(tmp_path / "nowhere.json"))

        assert status == 2
        assert "nowhere.json" in err

    def test_fifty_megabytes_of_logs_are_answered(self, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        """A large file is read in one go; the one failing invocation in it is still found."""
        chatter = [
            {"timestamp": 1772442000000 + i, "message": f"2026-03-02T09:00:00.000Z\tid\tINFO\t{'x' * 950} {i}\n"} for i in range(50_000)
        ]
        large = {**TIMED_OUT, "logs": [{"group": "/aws/lambda/orders", "events": chatter + TIMED_OUT["logs"][0]["events"]}]}
        path = tmp_path / "large.json"
        path.write_text(json.dumps(large))
        assert path.stat().st_size > 50_000_000

        status, out, _ = run(capfd, "replay", str(path), "--json")

        assert status == 0
        assert json.loads(out)["diagnoses"][0]["cause"] == "function-timeout"
