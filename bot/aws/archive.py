"""An investigation packed for the table: compressed, in items of a size that DynamoDB takes."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import Final

from bot.errors import IncidentFileError, StateError
from bot.models.incident import Findings
from bot.models.incident_file import IncidentFile, LogEvent, LogGroup

CHUNK_BYTES: Final = 350_000
"""An item may have 400 KB with its names. Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

MAX_CHUNKS: Final = 8
"""About 2.8 MB compressed, some 30 MB of log lines; beyond that log events are left out, and the file says how many."""

STORED_KEY: Final = "stored"
"""Key that the file has when log events were left out: how many are kept, and of how many."""


@dataclass(frozen=True)
class Packed:
    """What goes into the table."""

    head: bytes
    chunks: tuple[bytes, ...]
    sha256: str
    complete: bool


def pack(findings: Findings, max_bytes: int = CHUNK_BYTES * MAX_CHUNKS) -> Packed:
    """Return an investigation in chunks, its log events cut down when they don't fit.

    Raises:
        StateError: It does not fit even without a single log event.
    """
    content = _compress(findings.evidence)
    total = sum(len(group.events) for group in findings.evidence.logs or [])
    keep = total
    while len(content) > max_bytes:
        if keep == 0:
            raise StateError(f"the incident file has {len(content)} bytes compressed and no log events left to leave out")
        keep = min(keep // 2, int(keep * max_bytes / len(content)))
        content = _compress(_trimmed(findings, keep, total))
    head = {**findings.model_dump(mode="json", exclude={"evidence"}), "complete": keep == total}
    return Packed(
        head=gzip.compress(json.dumps(head).encode(), mtime=0),
        chunks=tuple(content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)),
        sha256=hashlib.sha256(content).hexdigest(),
        complete=keep == total,
    )


def unpack(name: str, head: bytes, content: bytes, sha256: str) -> Findings:
    """Return a packed investigation.

    Raises:
        StateError: It is damaged.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StateError(f"{name}: the kept incident file is damaged, its checksum differs")
    try:
        values = json.loads(gzip.decompress(head))
        return Findings.model_validate({**values, "evidence": IncidentFile.from_json(gzip.decompress(content))})
    except (OSError, EOFError, ValueError, IncidentFileError) as exc:
        raise StateError(f"{name}: the kept investigation cannot be read: {exc}") from exc


def _compress(evidence: IncidentFile) -> bytes:
    return gzip.compress(evidence.model_dump_json(exclude_unset=True).encode("utf-8", "backslashreplace"), mtime=0)


def _trimmed(findings: Findings, keep: int, total: int) -> IncidentFile:
    """Return the file with `keep` log events: those that the answer cites first, then the newest."""
    cited = [citation.text for diagnosis in findings.answer.diagnoses for citation in diagnosis.evidence if citation.section == "logs"]
    events = [(at, event) for at, group in enumerate(findings.evidence.logs or []) for event in group.events]
    ranked = sorted(range(len(events)), key=lambda i: (not _is_cited(events[i][1], cited), -events[i][1].timestamp))
    kept = set(ranked[:keep])
    groups: list[list[LogEvent]] = [[] for _ in findings.evidence.logs or []]
    for i, (at, event) in enumerate(events):
        if i in kept:
            groups[at].append(event)
    logs = [
        LogGroup.model_validate({**group.model_dump(exclude={"events"}), "events": groups[at]})
        for at, group in enumerate(findings.evidence.logs or [])
    ]
    return findings.evidence.model_copy(update={"logs": logs, STORED_KEY: {"log_events": keep, "of": total}})


def _is_cited(event: LogEvent, cited: list[str]) -> bool:
    return any(text in event.message for text in cited)
