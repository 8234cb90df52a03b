"""The audit trail against moto: it only grows, whatever races or dies, and whatever is done to it shows."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.aws.audit import AuditCopy, DynamoAuditLog
from bot.aws.audit_check import CopyList, check
from bot.aws.table import Table
from bot.errors import StateError
from bot.models.audit import GENESIS, AuditEntry, AuditRecord
from tests.dynamodb import OneClient, make_table

BUCKET = "audit-copies"


@dataclass
class Clients:
    """Fills the port AwsClients with DynamoDB, whose calls wait for one another, and S3."""

    dynamodb: Any
    s3: Any
    serial: OneClient = field(init=False)

    def __post_init__(self) -> None:
        """Make the serial one."""
        self.serial = OneClient(self.dynamodb)

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client."""
        return self.s3 if service == "s3" else self.serial.client(service)


class Killed(BaseException):
    """The process is gone."""


class Killing:
    """Fills the port AwsClients; the process dies after its n-th call."""

    def __init__(self, clients: Clients, calls: int) -> None:
        self.clients = clients
        self.left = calls

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client."""
        return _Killing(self, self.clients.client(service))


class _Killing:
    def __init__(self, owner: Killing, client: Any) -> None:
        self._owner = owner
        self._client = client

    def __getattr__(self, name: str) -> Any:
        def called(**kwargs: Any) -> Any:
            result = getattr(self._client, name)(**kwargs)
            self._owner.left -= 1
            if self._owner.left == 0:
                raise Killed
            return result

        return called


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """Start moto with an empty table and a bucket with object lock."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        dynamodb, s3 = boto3.client("dynamodb", region_name="eu-west-1"), boto3.client("s3", region_name="eu-west-1")
        make_table(dynamodb, "state")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}, ObjectLockEnabledForBucket=True)
        yield Clients(dynamodb, s3)
        dynamodb.close()
        s3.close()


@pytest.fixture
def log(clients: Clients) -> DynamoAuditLog:
    """Return an empty trail without a copy."""
    return DynamoAuditLog(Table(clients, "state"))


@pytest.fixture
def copied(clients: Clients) -> DynamoAuditLog:
    """Return an empty trail with a copy."""
    return DynamoAuditLog(Table(clients, "state"), AuditCopy(clients, BUCKET))


def a_record(name: object, function: str = "checkout", **details: Any) -> AuditRecord:
    """Return a record."""
    return AuditRecord(id=f"rec-{name}", event="requested", at=1764000000.25, by="U1", function_name=function, details=details)


def kinds(log: DynamoAuditLog, copies: CopyList | None = None) -> list[tuple[str, int]]:
    """Return what the check finds."""
    return [(fault.kind, fault.number) for fault in check(log.table, copies).faults]


class TestAppend:
    def test_chains_each_entry_to_the_one_before(self, log: DynamoAuditLog) -> None:
        """And links it to the last one about the same function."""
        first, second, third = (log.append(a_record(i, name)) for i, name in enumerate(["checkout", "orders", "checkout"]))

        assert (first.number, first.before, first.earlier) == (1, GENESIS, None)
        assert (second.before, third.before) == (first.hash, second.hash)
        assert (second.earlier, third.earlier) == (None, 1)
        assert kinds(log) == []

    def test_keeps_values_as_they_were(self, log: DynamoAuditLog) -> None:
        """What is read back has the hash that was written."""
        entry = log.append(a_record("x", old=None, new=0.1, big=10**30, text="ü\u2028…", nested={"a": [1, 2.0, True]}))

        assert log.entry(1) == entry
        assert kinds(log) == []

    def test_of_the_same_record_is_done_once(self, log: DynamoAuditLog) -> None:
        """However late the second delivery comes."""
        first = log.append(a_record("a"))
        log.append(a_record("b"))

        assert log.append(a_record("a")) == first
        assert check(log.table).entries == 2

    def test_of_many_at_once_makes_one_chain(self, log: DynamoAuditLog) -> None:
        """Workers race for each number; every record is in, once, though half of them came twice."""
        with ThreadPoolExecutor(8) as pool:
            entries = list(pool.map(lambda i: log.append(a_record(i % 16, f"fn-{i % 16 % 3}")), range(24)))

        assert sorted({entry.number for entry in entries}) == list(range(1, 17))
        assert kinds(log) == []
        assert {entry.id for entry in log.about("fn-1", 99)} == {f"rec-{i}" for i in range(16) if i % 3 == 1}

    @pytest.mark.parametrize("calls", range(1, 12))
    def test_killed_after_any_call_is_completed_by_whoever_comes_next(self, clients: Clients, copied: DynamoAuditLog, calls: int) -> None:
        """Another's record comes first, then the retry: nothing is there twice, nothing is lost, all is found and copied."""
        copied.append(a_record("before"))
        killing = Killing(clients, calls)
        dying = DynamoAuditLog(Table(killing, "state"), AuditCopy(killing, BUCKET))
        with contextlib.suppress(Killed):
            dying.append(a_record("a"))
        copied.append(a_record("other"))
        copied.append(a_record("a"))
        copied.append(a_record("after"))

        verdict = check(copied.table, CopyList.read(clients, BUCKET))
        assert (verdict.entries, verdict.faults) == (4, [])
        assert sorted(entry.id for entry in copied.about("checkout", 99)) == ["rec-a", "rec-after", "rec-before", "rec-other"]

    def test_says_when_the_table_fails(self, clients: Clients) -> None:
        """No change may go on without its entry."""
        with pytest.raises(StateError, match="in gone"):
            DynamoAuditLog(Table(clients, "gone")).append(a_record("a"))

    def test_never_expires(self, clients: Clients, log: DynamoAuditLog) -> None:
        """The table's own expiry takes nothing of it."""
        log.append(a_record("a"))

        items = clients.dynamodb.scan(TableName="state")["Items"]
        assert {item["pk"]["S"] for item in items} == {"audit#1", "audit-id#rec-a", "audit-fn#checkout", "audit-head"}
        assert not any("expires_at" in item for item in items)


class TestAbout:
    def test_gives_the_newest_first_and_no_more_than_asked(self, log: DynamoAuditLog) -> None:
        """Of that function only."""
        for i in range(6):
            log.append(a_record(i, "checkout" if i % 2 else "orders"))

        assert [entry.number for entry in log.about("checkout", 2)] == [6, 4]
        assert log.about("unknown", 9) == ()

    def test_ends_where_a_link_leads_forward(self, log: DynamoAuditLog, clients: Clients) -> None:
        """A tampered link must not lead in a circle."""
        for i in range(2):
            log.append(a_record(i))
        tamper(clients, 2, lambda entry: entry | {"earlier": 2})

        assert [entry.number for entry in log.about("checkout", 9)] == [2]


class TestCopy:
    def test_is_written_with_each_entry(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """Under its number and hash, with the checksum that a lock demands."""
        entry = copied.append(a_record("a"))

        key = f"audit/0000000001-{entry.hash}.json"
        found = clients.s3.get_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
        assert AuditEntry.model_validate_json(found["Body"].read()) == entry
        assert found["ChecksumSHA256"]

    def test_that_s3_did_not_take_shows_and_is_made_up_for(
        self, clients: Clients, copied: DynamoAuditLog, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What was done stays done; the log says so, the check names the number, and the next append copies both."""
        copied.append(a_record("a"))
        refused = DynamoAuditLog(copied.table, AuditCopy(clients, "no-such-bucket"))
        refused.append(a_record("b"))

        assert "audit entry was not copied" in caplog.text
        assert kinds(copied, CopyList.read(clients, BUCKET)) == [("missing-copy", 2)]

        copied.append(a_record("c"))
        assert kinds(copied, CopyList.read(clients, BUCKET)) == []

    def test_of_an_older_trail_is_made_in_portions(self, clients: Clients, log: DynamoAuditLog, copied: DynamoAuditLog) -> None:
        """A bucket that is named later gets everything, without holding up a click."""
        for i in range(30):
            log.append(a_record(i))
        copied.append(a_record("new"))
        first = check(log.table, CopyList.read(clients, BUCKET)).copies
        copied.copy_rest()

        assert first == 25
        assert kinds(log, CopyList.read(clients, BUCKET)) == []


class TestCheck:
    @pytest.fixture(autouse=True)
    def _five_entries(self, copied: DynamoAuditLog) -> None:
        for i in range(5):
            copied.append(a_record(i, new=i))

    def test_names_an_entry_that_was_taken_out(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """And one of the copy."""
        delete(clients, "audit#3")

        assert kinds(copied) == [("gap", 3)]
        assert kinds(copied, CopyList.read(clients, BUCKET)) == [("gap", 3), ("extra-copy", 3)]

    def test_names_an_entry_that_was_edited(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """Its own hash tells, and the next entry's."""
        tamper(clients, 3, lambda entry: entry | {"by": "U2"})

        assert kinds(copied) == [("edited", 3), ("fork", 4)]

    def test_names_an_edit_that_was_hashed_again(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """The chain tells, and so does the copy."""
        tamper(clients, 3, lambda entry: entry | {"by": "U2"}, rehash=True)

        assert kinds(copied) == [("fork", 4)]
        assert kinds(copied, CopyList.read(clients, BUCKET)) == [("fork", 4), ("extra-copy", 3)]

    def test_names_an_edit_of_the_last_entry_by_its_copy(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """No entry follows it that could tell."""
        tamper(clients, 5, lambda entry: entry | {"by": "U2"}, rehash=True)

        assert kinds(copied) == []
        assert kinds(copied, CopyList.read(clients, BUCKET)) == [("extra-copy", 5)]

    def test_names_last_entries_that_were_taken_away(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """The head still names them; where that was changed too, the copy does."""
        delete(clients, "audit#4", "audit#5")
        assert kinds(copied) == [("gap", 4)]

        delete(clients, "audit-head", "audit-copied")
        assert kinds(copied) == []
        assert kinds(copied, CopyList.read(clients, BUCKET)) == [("gap", 4), ("extra-copy", 4), ("extra-copy", 5)]

    def test_gap_at_the_end_stays_when_the_chain_goes_on(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """A new entry does not fill the place of one that was taken away."""
        delete(clients, "audit#5")

        assert copied.append(a_record("new")).number == 6
        assert kinds(copied) == [("gap", 5)]

    def test_trail_without_its_head_goes_on_at_its_end(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """The head only spares the way."""
        delete(clients, "audit-head")

        assert copied.append(a_record("new")).number == 6
        assert copied.append(a_record(2)).number == 3
        assert kinds(copied) == []

    def test_absurd_head_is_told_soon(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """Nobody reads a billion items."""
        clients.dynamodb.put_item(TableName="state", Item={"pk": {"S": "audit-head"}, "number": {"N": "1000000000"}})

        assert kinds(copied) == [("gap", 6)]

    def test_names_an_entry_that_cannot_be_read(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """And one that was put in twice, and one that was moved."""
        clients.dynamodb.put_item(TableName="state", Item={"pk": {"S": "audit#2"}, "entry": {"S": "{"}})
        last = clients.dynamodb.get_item(TableName="state", Key={"pk": {"S": "audit#5"}})["Item"]
        clients.dynamodb.put_item(TableName="state", Item={**last, "pk": {"S": "audit#6"}})

        assert kinds(copied) == [("unreadable", 2), ("edited", 6), ("fork", 6), ("twice", 6)]

    def test_names_copies_that_are_missing_edited_or_too_many(self, clients: Clients, copied: DynamoAuditLog) -> None:
        """Each with its number."""
        entries = [copied.entry(number) for number in range(1, 6)]
        keys = {entry.number: f"audit/{entry.number:010}-{entry.hash}.json" for entry in entries if entry}
        clients.s3.delete_object(Bucket=BUCKET, Key=keys[1])
        clients.s3.put_object(Bucket=BUCKET, Key=keys[2], Body=b"no entry")
        body = clients.s3.get_object(Bucket=BUCKET, Key=keys[3])["Body"].read().replace(b'"U1"', b'"U2"')
        clients.s3.put_object(Bucket=BUCKET, Key=keys[3], Body=body)
        clients.s3.put_object(Bucket=BUCKET, Key=f"audit/0000000009-{'a' * 64}.json", Body=b"{}")
        clients.s3.put_object(Bucket=BUCKET, Key="audit/notes.txt", Body=b"not ours")

        found = kinds(copied, CopyList.read(clients, BUCKET))
        assert found == [("gap", 6), ("missing-copy", 1), ("other-copy", 2), ("other-copy", 3), ("extra-copy", 9)]


def delete(clients: Clients, *keys: str) -> None:
    """Take items out of the table."""
    for key in keys:
        clients.dynamodb.delete_item(TableName="state", Key={"pk": {"S": key}})


def tamper(clients: Clients, number: int, change: Callable[[dict[str, Any]], dict[str, Any]], *, rehash: bool = False) -> None:
    """Edit an entry behind the bot's back, with a fitting hash or without."""
    key = {"pk": {"S": f"audit#{number}"}}
    item = clients.dynamodb.get_item(TableName="state", Key=key)["Item"]
    entry = AuditEntry.model_validate(change(json.loads(item["entry"]["S"])))
    item["entry"] = {"S": entry.model_dump_json()}
    if rehash:
        item["hash"] = {"S": entry.hash}
    clients.dynamodb.put_item(TableName="state", Item=item)
