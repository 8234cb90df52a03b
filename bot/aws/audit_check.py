"""Reads the whole audit trail and its copy, and tells whether anything was taken out, changed or put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from bot.aws.audit import COPIED, COPY_PREFIX, HEAD, AuditTrail
from bot.aws.table import Table
from bot.errors import StateError
from bot.models.audit import GENESIS, AuditEntry
from bot.ports import AwsClients

LOOK_BEYOND: Final = 100
"""So many numbers beyond the last one that anything points at are looked at before the trail counts as ended."""

Kind = Literal["gap", "edited", "unreadable", "fork", "twice", "missing-copy", "extra-copy", "other-copy"]

_COPY: Final = re.compile(rf"{re.escape(COPY_PREFIX)}(\d+)-([0-9a-f]{{64}})\.json")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and with which number."""

    kind: Kind
    number: int
    text: str


@dataclass
class Verdict:
    """What the check found."""

    entries: int = 0
    copies: int | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.faults


def check(table: Table, copies: CopyList | None = None) -> Verdict:
    """Check the chain from its start to its end, and each entry's copy where there is a bucket.

    What the table alone cannot show is that its last entries were taken away together with all that points at them; the copy does.

    Raises:
        StateError: The table or the bucket could not be read.
    """
    verdict = Verdict()
    hashes = _check_chain(AuditTrail(table), copies, verdict)
    if copies is not None:
        _check_copies(copies, hashes, verdict)
    return verdict


def _check_chain(trail: AuditTrail, copies: CopyList | None, verdict: Verdict) -> dict[int, str]:
    """Check every entry against the one before it; return the hashes by number."""
    end = max([trail.number_in(HEAD), trail.number_in(COPIED), *(copies.hashes if copies else ())])
    hashes: dict[int, str] = {}
    ids: dict[str, int] = {}
    before: str | None = GENESIS
    number, missing = 0, 0
    while number < end or missing < LOOK_BEYOND:
        if missing > LOOK_BEYOND and number < end - LOOK_BEYOND:
            # Somebody may have written a huge number to the head: nobody reads a billion items to say so.
            missing, number = missing + end - LOOK_BEYOND - number, end - LOOK_BEYOND
        number += 1
        try:
            found = trail.with_hash(number)
        except StateError as exc:
            if missing:
                verdict.faults.append(_gap(number - missing, number - 1))
            verdict.faults.append(Fault("unreadable", number, str(exc)))
            before, missing, end = None, 0, max(end, number)
            continue
        if found is None:
            missing += 1
            continue
        if missing:
            verdict.faults.append(_gap(number - missing, number - 1))
            before = None
        entry, stored = found
        missing, end = 0, max(end, number)
        verdict.faults += _faults_of(entry, number, before, stored)
        if entry.id in ids:
            verdict.faults.append(Fault("twice", number, f"entry {number} is the record {entry.id} of entry {ids[entry.id]} once more"))
        ids.setdefault(entry.id, number)
        hashes[number] = before = entry.hash
    if number - missing < end:
        verdict.faults.append(_gap(number - missing + 1, end))
    verdict.entries = len(hashes)
    return hashes


def _faults_of(entry: AuditEntry, number: int, before: str | None, stored: str) -> Iterator[Fault]:
    if entry.number != number:
        yield Fault("edited", number, f"entry {number} says that it is entry {entry.number}")
    if entry.hash != stored:
        yield Fault(
            "edited", number, f"entry {number} was edited: its content has the hash {_short(entry.hash)}, written was {_short(stored)}"
        )
    if before is not None and entry.before != before:
        told = f"entry {number} follows an entry with the hash {_short(entry.before)}, the one before it has {_short(before)}"
        yield Fault("fork", number, f"{told}: one of the two was replaced")


def _gap(first: int, last: int) -> Fault:
    return Fault("gap", first, f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing")


def _check_copies(copies: CopyList, hashes: dict[int, str], verdict: Verdict) -> None:
    verdict.copies = sum(map(len, copies.hashes.values()))
    for number in sorted({*hashes, *copies.hashes}):
        found, own = copies.hashes.get(number, ()), hashes.get(number)
        if not found:
            verdict.faults.append(Fault("missing-copy", number, f"entry {number} has no copy in {copies.bucket}"))
        for other in sorted(set(found) - {own}):
            told = f"the table's has {_short(own)}" if own else "the table has no such entry"
            verdict.faults.append(
                Fault("extra-copy", number, f"{copies.bucket} holds an entry {number} with the hash {_short(other)}, {told}")
            )
        if own is not None and own in found and (problem := copies.problem_with(number, own)):
            verdict.faults.append(Fault("other-copy", number, problem))


def _short(digest: str) -> str:
    return digest[:12]


@dataclass
class CopyList:
    """The copies in a bucket, listed once."""

    aws: AwsClients
    bucket: str
    hashes: dict[int, list[str]] = field(default_factory=dict)
    _keys: dict[tuple[int, str], str] = field(default_factory=dict)

    @classmethod
    def read(cls, aws: AwsClients, bucket: str) -> CopyList:
        """List them.

        Raises:
            StateError: The bucket could not be read.
        """
        listed = cls(aws, bucket)
        try:
            for page in aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=COPY_PREFIX):
                for key in (item["Key"] for item in page.get("Contents", [])):
                    if found := _COPY.fullmatch(key):
                        listed.hashes.setdefault(int(found[1]), []).append(found[2])
                        listed._keys[int(found[1]), found[2]] = key
        except (BotoCoreError, ClientError) as exc:
            raise StateError(f"list_objects_v2 of {bucket}: {exc}") from exc
        return listed

    def problem_with(self, number: int, digest: str) -> str:
        """Return what is wrong with a copy's content, or an empty text."""
        key = self._keys[number, digest]
        try:
            body = self.aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except (BotoCoreError, ClientError) as exc:
            raise StateError(f"get_object {key} of {self.bucket}: {exc}") from exc
        try:
            found = AuditEntry.model_validate_json(body)
        except ValueError:
            return f"the copy of entry {number} in {self.bucket} is no entry: {key}"
        return "" if found.hash == digest else f"the copy of entry {number} in {self.bucket} was edited: {key}"
