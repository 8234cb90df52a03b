"""`medic feedback export` on a table in moto: a graded incident becomes cases on disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.aws.clients import Boto3Clients, Connection
from bot.bootstrap import feedback_store, incident_store
from bot.cli.main import main
from bot.models.incident import Findings, Incident
from bot.models.receipt import Receipt
from bot.models.replies import Vote
from bot.models.window import Window
from bot.playbooks.cases import incident_of
from bot.playbooks.engine import diagnose
from bot.playbooks.shipped import load_with_shipped
from tests.dynamodb import make_table
from tests.environment import forget_aws

WHERE = ["--table", "state", "--region", "eu-west-1"]
EVIDENCE = incident_of({"log": ["2026-05-14T03:12:00Z 8f6e Task timed out after 3.00 seconds"], "function": {"Timeout": 3}})


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Keep an incident with its evidence, and a second one that nobody graded."""
    forget_aws(monkeypatch, tmp_path)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        make_table(client, "state")
        aws = Boto3Clients(Connection(region="eu-west-1"))
        store = incident_store("state", aws)
        now = datetime.now(UTC)
        found = Findings(
            answer=diagnose(EVIDENCE, load_with_shipped(None)), evidence=EVIDENCE, receipt=Receipt(), window=Window.last(30, now)
        )
        for name in ("inc-1", "inc-2"):
            store.create(
                Incident(
                    id=name,
                    origin="question",
                    title="checkout",
                    opened_at=now.timestamp(),
                    channel="C0",
                    phase="answered",
                    answered_by="e1",
                )
            )
            store.save(name, "e1", found)
        feedback_store("state", aws).vote("inc-1", Vote(grade="right", user_id="U0ONCALL", at=1.0))
        yield client
        client.close()


@pytest.mark.usefixtures("table")
class TestExport:
    def test_writes_a_case_that_the_playbooks_are_tested_with(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """One command, and its place is printed."""
        assert status("feedback", "export", "inc-1", *WHERE, "--out", str(tmp_path)) == 0

        path = tmp_path / "cases" / "function-timeout" / "inc-1.yaml"
        assert capsys.readouterr().out.split() == [str(path)]
        assert "expect: match" in path.read_text(encoding="utf-8")

    def test_one_that_nobody_graded_is_no_case(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What it must come to is not known."""
        assert status("feedback", "export", "inc-2", *WHERE, "--out", str(tmp_path)) == 2
        assert "nobody has graded it" in capsys.readouterr().err

    def test_one_that_is_not_kept_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        """After thirty days its evidence is gone."""
        assert status("feedback", "export", "inc-9", *WHERE) == 2
        assert "no evidence of it is kept in state" in capsys.readouterr().err


def status(*args: str) -> int:
    """Run the command and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    return int(ended.value.code or 0)
