"""Silences: how long an invocation that took too long wrote nothing, and what it said before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.analysis.facts import Invocation, Stall
from bot.analysis.log_lines import FUNCTION_ROLES, Line
from bot.analysis.reading import MAX_CITATION_CHARS, Text

MIN_GAP_MS: Final = 1_000
"""Shorter silences are nothing to speak of."""

MAX_PREFIX_CHARS: Final = 60


@dataclass(slots=True)
class _Silence:
    """The longest silence of one invocation so far."""

    row: Invocation
    at_ms: int | None = None
    said: Text | None = None
    gap_ms: int = 0
    before: Text | None = None
    is_at_end: bool = False


class StallReader:
    """Takes log lines in order and measures the silences of the invocations that took too long."""

    def __init__(self, rows: Iterable[Invocation]) -> None:
        wanted = (row for row in rows if row.outcome == "timeout" or row.over_front_door_limit)
        self._open = {row.request_id: _Silence(row) for row in wanted if row.request_id is not None}

    def see(self, line: Line) -> None:
        """Take one line into account."""
        text = line.text
        silence = self._open.get(text.request_id or "") if self._open else None
        if silence is None or text.timestamp is None or text.role not in FUNCTION_ROLES:
            return
        kind = line.platform.kind if line.platform else None
        # A second START is a retry under the same id: what lies between the two is nobody's silence.
        if silence.at_ms is not None and kind != "start" and text.timestamp - silence.at_ms > silence.gap_ms:
            silence.gap_ms = text.timestamp - silence.at_ms
            silence.before, silence.is_at_end = silence.said, kind is not None
        silence.at_ms = text.timestamp
        if kind is None or silence.said is None or kind == "start":
            silence.said = text

    def stalls(self) -> tuple[Stall, ...]:
        """Return the longest silence of each invocation, in the order of the rows."""
        return tuple(_stall(one, one.before) for one in self._open.values() if one.before is not None and one.gap_ms >= MIN_GAP_MS)


def _own_words(message: str, request_id: str | None) -> str:
    """Return a line without the time and the request id that the runtime puts before it."""
    head, found, rest = message.partition(request_id or "\0")
    is_prefix = found and message[:1] != "{" and len(head) < MAX_PREFIX_CHARS
    return " ".join((rest if is_prefix else message).split())[:MAX_CITATION_CHARS]


def _stall(silence: _Silence, before: Text) -> Stall:
    row = silence.row
    share = round(min(1.0, silence.gap_ms / row.duration_ms), 4) if row.duration_ms else None
    is_start = before.message.startswith("START RequestId:") or '"platform.start"' in before.message
    return Stall(
        cite=(before.cite(),), count=row.count, request_id=row.request_id,
        outcome=row.outcome, gap_ms=silence.gap_ms, share=share, before="" if is_start else _own_words(before.message, row.request_id),
        at_end=silence.is_at_end,
    )  # fmt: skip
