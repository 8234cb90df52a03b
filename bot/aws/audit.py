"""The audit trail in DynamoDB: a chain of entries that only grows, and its copy in S3.

Items by key, none of which expires: `audit#<number>` (an entry, put under the condition that it is not there), `audit-id#<record>` and
`audit-fn#<function>` (where to find entries), `audit-head` (up to where those two are complete), `audit-copied` (up to where S3 has all).

The chain is what counts; the other items only spare reading it from its start. A worker may die between any two writes: whoever appends
next walks from the head to the real end and completes what it passes, so `audit-head` = n says that every entry up to n can be found.

A copy that S3 did not take is no reason to refuse what was done: it is logged, `audit-copied` stays behind, and the next append (or sweep)
copies from there. Until then, and wherever a copy was lost, `medic audit verify --bucket` names the number.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from bot.aws.table import Condition, Table
from bot.errors import StateError
from bot.models.audit import GENESIS, AuditEntry, AuditRecord
from bot.ports import AwsClients

logger = logging.getLogger(__name__)

KEYS: Final = "audit"
"""All keys begin so; template.yaml lets only the changing worker write them."""

HEAD: Final = "audit-head"
COPIED: Final = "audit-copied"

COPY_PREFIX: Final = "audit/"

RACES: Final = 50
"""How often an append finds its place taken before it gives up; each time the chain has grown by somebody else's entry."""

COPIES_AT_ONCE: Final = 25
"""A trail that was written before the bucket was named is copied in portions, so that no click waits for all of it."""

_NEW: Final = Condition("attribute_not_exists(#pk)")


@dataclass(frozen=True)
class AuditCopy:
    """The bucket that outlives the table; its default retention locks each object.

    A lock needs a checksum with the upload. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """

    aws: AwsClients
    bucket: str

    def put(self, entry: AuditEntry) -> None:
        """Write the copy of an entry; writing it twice makes a second, equal version.

        Raises:
            StateError: S3 did not take it.
        """
        key = copy_key(entry)
        try:
            self.aws.client("s3").put_object(
                Bucket=self.bucket,
                Key=key,
                Body=entry.model_dump_json().encode(),
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
            )
        except (BotoCoreError, ClientError) as exc:
            raise StateError(f"put_object {key} in {self.bucket}: {exc}") from exc


def copy_key(entry: AuditEntry) -> str:
    """Return the key of an entry's copy; keys sort as the chain does, and hold the hash."""
    return f"{COPY_PREFIX}{entry.number:010}-{entry.hash}.json"


@dataclass(frozen=True)
class AuditTrail:
    """Reads the trail."""

    table: Table

    def entry(self, number: int) -> AuditEntry | None:
        """Return an entry.

        Raises:
            StateError: What stands there is no entry.
        """
        found = self.with_hash(number)
        return found[0] if found else None

    def with_hash(self, number: int) -> tuple[AuditEntry, str] | None:
        """Return an entry and the hash that was written beside it.

        Raises:
            StateError: What stands there is no entry.
        """
        item = self.table.get(f"audit#{number}")
        if item is None:
            return None
        try:
            return AuditEntry.model_validate(json.loads(item["entry"])), str(item.get("hash", ""))
        except (KeyError, TypeError, ValueError, ValidationError) as exc:
            raise StateError(f"audit#{number}: what the table holds is no entry: {exc}") from exc

    def number_in(self, pk: str) -> int:
        """Return the number that an item points at, 0 for none."""
        return int((self.table.get(pk) or {}).get("number", 0))

    def about(self, function_name: str, limit: int) -> tuple[AuditEntry, ...]:
        """Return the last entries about a function, newest first."""
        found: list[AuditEntry] = []
        number: int | None = self.number_in(_function_key(function_name))
        while number and len(found) < limit:
            entry = self.entry(number)
            # Each link leads backwards; one that does not was tampered with, and must not lead in a circle.
            if entry is None or (found and number >= found[-1].number):
                logger.error("audit trail is broken", extra={"number": number, "function": function_name})
                break
            found.append(entry)
            number = entry.earlier
        return tuple(found)


@dataclass(frozen=True)
class DynamoAuditLog(AuditTrail):
    """Fills the port AuditLog."""

    copy: AuditCopy | None = None

    def append(self, record: AuditRecord) -> AuditEntry:
        """Add a record at the end of the chain; the same id is added once.

        Raises:
            StateError: It could not be written.
        """
        entry = self._append(record)
        if self.copy is not None:
            self._copy(entry)
        return entry

    def copy_rest(self) -> None:
        """Copy what S3 does not have yet, oldest first; what fails is logged and stays for the next time."""
        if self.copy is None:
            return
        try:
            done, head = self.number_in(COPIED), self.number_in(HEAD)
            for number in range(done + 1, min(done + COPIES_AT_ONCE, head) + 1):
                entry = self.entry(number)
                if entry is None:
                    logger.error("audit entry is missing and cannot be copied", extra={"number": number})
                else:
                    self.copy.put(entry)
                self._raise_to(COPIED, number)
        except StateError:
            logger.exception("audit entries were not copied; the next append tries again", extra={"bucket": self.copy.bucket})

    def _copy(self, entry: AuditEntry) -> None:
        """Copy a new entry at once, and then what was left behind before it."""
        try:
            if self.copy is not None and self.number_in(COPIED) == entry.number - 1:
                self.copy.put(entry)
                self._raise_to(COPIED, entry.number)
                return
        except StateError:
            logger.exception("audit entry was not copied; the next append tries again", extra={"number": entry.number})
            return
        self.copy_rest()

    def _append(self, record: AuditRecord) -> AuditEntry:
        # The head first: a record that is not behind it is in the index when that is read afterwards, or is passed on the way.
        last, before = self._end()
        known = self.number_in(_record_key(record.id))
        if known and (written := self.entry(known)) is not None and written.id == record.id:
            return written
        earlier = self.number_in(_function_key(record.function_name)) if record.function_name else 0
        for _ in range(RACES):
            while (passed := self.entry(last + 1)) is not None:
                last, before = passed.number, passed.hash
                self._index(passed)
                if passed.id == record.id:
                    return passed
                earlier = max(earlier, passed.number if passed.function_name == record.function_name else 0)
            entry = AuditEntry(**record.model_dump(), number=last + 1, before=before, earlier=earlier or None)
            if self.table.put(f"audit#{entry.number}", {"entry": entry.model_dump_json(), "hash": entry.hash}, _NEW):
                self._index(entry)
                self._raise_to(HEAD, entry.number, hash=entry.hash)
                return entry
        raise StateError(f"{record.id}: {RACES} other records were quicker; it is not in the audit trail")

    def _end(self) -> tuple[int, str]:
        """Return number and hash of an entry near the end: the one that the head names.

        Where somebody took that entry away, the chain goes on behind it all the same, with the hash that it had: the gap stays to be seen.
        """
        head = self.table.get(HEAD)
        if head is None:
            return 0, GENESIS
        number = int(head.get("number", 0))
        entry = self.entry(number)
        if entry is None:
            logger.error("the last entry of the audit trail is missing", extra={"number": number})
        return number, entry.hash if entry else str(head.get("hash", GENESIS))

    def _index(self, entry: AuditEntry) -> None:
        """Make an entry findable. Doing so twice changes nothing."""
        self.table.put(_record_key(entry.id), {"number": entry.number}, _NEW)
        if entry.function_name:
            self._raise_to(_function_key(entry.function_name), entry.number)

    def _raise_to(self, pk: str, number: int, **more: object) -> None:
        values = {"number": number, **more}
        self.table.change(pk, values, Condition("attribute_not_exists(#number) OR #number < :new", {"new": number}))


def _record_key(record_id: str) -> str:
    return f"audit-id#{record_id}"


def _function_key(function_name: str) -> str:
    return f"audit-fn#{function_name}"
