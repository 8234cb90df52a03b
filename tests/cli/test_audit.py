"""`medic audit` on a table and a bucket in moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.aws.audit import AuditCopy, DynamoAuditLog
from bot.aws.clients import Boto3Clients, Connection
from bot.aws.table import Table
from bot.cli.main import main
from bot.models.audit import AuditRecord
from tests.dynamodb import make_table
from tests.environment import forget_aws

WHERE = ["--table", "state", "--region", "eu-west-1"]


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Write three entries about two functions, with copies; return a client of the table."""
    forget_aws(monkeypatch, tmp_path)
    with mock_aws():
        client, s3 = boto3.client("dynamodb", region_name="eu-west-1"), boto3.client("s3", region_name="eu-west-1")
        make_table(client, "state")
        s3.create_bucket(Bucket="copies", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        aws = Boto3Clients(Connection(region="eu-west-1"))
        log = DynamoAuditLog(Table(aws, "state"), AuditCopy(aws, "copies"))
        for name, function in (("a", "checkout"), ("b", "orders"), ("c", "checkout")):
            log.append(
                AuditRecord(
                    id=name,
                    event="applied",
                    at=1763710269,
                    by="U1",
                    change_id=f"chg-{name}",
                    action="raise-timeout",
                    function_name=function,
                    details={"timeout": [3, 10]},
                )
            )
        yield client
        client.close()
        s3.close()


@pytest.mark.usefixtures("dynamodb")
class TestVerify:
    def test_whole_trail_ends_with_zero(self, capsys: pytest.CaptureFixture[str]) -> None:
        """And says how much was looked at."""
        assert status("audit", "verify", *WHERE, "--bucket", "copies") == 0
        assert capsys.readouterr().out == "3 entries, 3 copies: whole\n"

    def test_broken_trail_ends_with_one_and_names_the_entry(self, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
        """An operator knows where to look."""
        dynamodb.delete_item(TableName="state", Key={"pk": {"S": "audit#2"}})

        assert status("audit", "verify", *WHERE, "--bucket", "copies") == 1
        said = capsys.readouterr().out
        assert "BROKEN" in said
        assert "2  gap: entry 2 is missing" in said
        assert "2  extra-copy: copies holds an entry 2" in said

    def test_json_has_every_fault(self, dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
        """For a job that runs every night."""
        dynamodb.delete_item(TableName="state", Key={"pk": {"S": "audit#1"}})

        assert status("audit", "verify", *WHERE, "--json") == 1
        verdict = json.loads(capsys.readouterr().out)
        assert (verdict["is_whole"], verdict["entries"], verdict["copies"]) == (False, 2, None)
        assert [(fault["kind"], fault["number"]) for fault in verdict["faults"]] == [("gap", 1)]

    def test_bucket_that_cannot_be_read_is_no_whole_trail(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A check that did not happen must not pass."""
        assert status("audit", "verify", *WHERE, "--bucket", "no-such-bucket") == 1
        assert "NoSuchBucket" in capsys.readouterr().err


@pytest.mark.usefixtures("dynamodb")
class TestShow:
    def test_newest_comes_first(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Who, when, what, with old and new value."""
        assert status("audit", "show", "checkout", *WHERE) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == ["3", "1"]
        assert "applied" in lines[0]
        assert 'chg-c  {"timeout": [3, 10]}' in lines[0]

    def test_json_has_the_hashes(self, capsys: pytest.CaptureFixture[str]) -> None:
        """No more than were asked for."""
        assert status("audit", "show", "checkout", *WHERE, "--limit", "1", "--json") == 0
        (entry,) = json.loads(capsys.readouterr().out)
        assert (entry["number"], entry["earlier"], len(entry["hash"])) == (3, 1, 64)

    def test_unknown_function_has_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        """And says so."""
        assert status("audit", "show", "unknown", *WHERE) == 0
        assert capsys.readouterr().out == "no entry about unknown\n"


def status(*args: str) -> int:
    """Run the command and return its exit status."""
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    return int(ended.value.code or 0)
