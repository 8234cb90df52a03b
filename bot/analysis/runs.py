"""One invocation while its lines are read, and the count of all of them.

Healthy invocations are kept only as counts, so that one failing run among thousands of good ones reads the same as alone.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final

from bot.analysis.facts import Invocation, Outcome, Runs, TextRole
from bot.analysis.platform import PlatformEvent
from bot.analysis.reading import Text, verbatim
from bot.models.diagnosis import Citation

FULL_MEMORY_RATIO: Final = 0.97
"""Max Memory Used at the kill can read a little less than Memory Size: 3007 of 3008, 510 of 512 MB.

Source: public incident logs, 2024-2026."""

NOTABLE_COLD_INIT_MS: Final = 3000.0
"""A healthy cold start longer than this is worth a row of its own; shorter ones are only counted."""

MAX_ROWS_PER_KIND: Final = 20
"""Rows of one kind; later ones of the kind only raise the count of the last, so that a thousand failures stay readable."""

TIMEOUT_SLACK: Final = 1.05
"""A run that Lambda stops reads its Timeout or a little more: 3003.17 ms of 3 s. One far above it ran under another setting.

Source: public incident logs, 2017-2026."""

_TIMEOUT_TYPES: Final = frozenset({"Sandbox.Timedout", "Sandbox.Timeout"})


@dataclass(slots=True)
class Run:
    """What is known of one invocation while its lines are read."""

    request_id: str | None
    started_ms: int | None = None
    ended_ms: int | None = None
    reported: bool = False
    duration_ms: float | None = None
    init_ms: float | None = None
    memory_mb: int | None = None
    used_mb: int | None = None
    status: str | None = None
    error_type: str | None = None
    timeout_s: float | None = None
    killed: bool = False
    failed: bool = False
    heap: bool = False
    faulted: bool = False
    succeeded: bool = False
    cold: bool = False
    role: TextRole = "function-log"
    group: str = ""
    raw: str | None = None
    fragment: str | None = None

    def show(self, text: Text, fragment: str | None = None) -> None:
        """Keep the line that tells most so far; only what the file holds anyway, no copy of it."""
        self.role, self.group, self.raw, self.fragment = text.role, text.ref, text.raw, fragment

    def blame(self, text: Text, fragment: str | None) -> None:
        """Keep the first text that tells the failure."""
        if not self.failed:
            self.show(text, fragment)
        self.failed = True
        if self.started_ms is None and self.ended_ms is None:
            self.ended_ms = text.timestamp

    def report(self, text: Text, event: PlatformEvent) -> None:
        """Take the values of a REPORT line or its JSON forms."""
        self.duration_ms = event.duration_ms if event.duration_ms is not None else self.duration_ms
        self.init_ms = event.init_duration_ms or self.init_ms
        self.memory_mb = event.memory_size_mb or self.memory_mb
        self.used_mb = event.max_memory_used_mb or self.used_mb
        self.cold = self.cold or event.init_duration_ms is not None
        if not self.failed and not self.faulted:
            self.show(text)
        self.succeeded = self.succeeded or event.status == "success"
        if event.status and event.status != "success":
            self.status = event.status
            self.error_type = event.error_type or self.error_type
            self.blame(text, f"Status: {event.status}" if not event.error_type else event.error_type)


class RunCounter:
    """Decides how runs ended, counts them, and keeps rows of those worth one."""

    def __init__(self, limit_ms: int | None, timeout_s: float | None) -> None:
        self._limit_ms = limit_ms
        self._timeout_s = timeout_s
        self._durations = array("d")
        self._counts: dict[str, int] = {}
        self._ratio: float | None = None
        self._used: int | None = None
        self._rows: dict[tuple[object, ...], list[tuple[Run, Outcome]]] = {}
        self._extra: dict[tuple[object, ...], int] = {}

    def outcome(self, run: Run) -> Outcome:
        """Decide from the strongest sign: memory, then time, then any failure, then a REPORT without one.

        The platform's own word goes before the look of a line: code that logs a caught error through a JSON logger
        writes the very shape in which the Node.js runtime writes an uncaught one.
        """
        if run.succeeded and not run.failed:
            return "ok"
        ratio = _ratio(run)
        if run.error_type == "Runtime.OutOfMemory" or run.heap or (run.killed and (ratio is None or ratio >= FULL_MEMORY_RATIO)):
            return "oom"
        if run.timeout_s is not None or run.status == "timeout" or run.error_type in _TIMEOUT_TYPES:
            return "timeout"
        if run.failed or run.faulted:
            return "error"
        if self._took_all_its_time(run):
            return "timeout"
        if run.reported:
            return "ok"
        return "running" if run.started_ms is not None else "unknown"

    def _took_all_its_time(self, run: Run) -> bool:
        """Older REPORT lines carry no status, and the line "Task timed out" may be out of the window."""
        if self._timeout_s is None or run.duration_ms is None or run.status is not None:
            return False
        return self._timeout_s * 1000 <= run.duration_ms <= self._timeout_s * 1000 * TIMEOUT_SLACK

    def add(self, run: Run, outcome: Outcome) -> None:
        """Count a run, and keep it if it did not end well or stands out."""
        over = bool(self._limit_ms and run.duration_ms and run.duration_ms > self._limit_ms)
        ratio = _ratio(run)
        for name, holds in (("total", True), (outcome, True), ("cold", run.cold), ("over", over)):
            if holds:
                self._counts[name] = self._counts.get(name, 0) + 1
        if ratio is not None:
            self._ratio = max(self._ratio or 0.0, ratio)
        if run.used_mb is not None:
            self._used = max(self._used or 0, run.used_mb)
        if outcome == "ok" and run.duration_ms is not None:
            self._durations.append(run.duration_ms)
        slow_init = run.init_ms is not None and run.init_ms >= NOTABLE_COLD_INIT_MS
        if run.raw is not None and (outcome not in ("ok", "unknown") or over or slow_init):
            self._keep(run, outcome, over)

    def _keep(self, run: Run, outcome: Outcome, over: bool) -> None:
        kind = (outcome, run.status, run.error_type, run.timeout_s, run.cold, over)
        rows = self._rows.setdefault(kind, [])
        if len(rows) < MAX_ROWS_PER_KIND:
            rows.append((run, outcome))
        else:
            self._extra[kind] = self._extra.get(kind, 0) + 1

    def rows(self) -> tuple[Invocation, ...]:
        """Return the kept runs by start time."""
        made: list[Invocation] = []
        for kind, rows in self._rows.items():
            for position, (run, outcome) in enumerate(rows):
                extra = self._extra.get(kind, 0) if position == len(rows) - 1 else 0
                made.append(self._row(run, outcome, bool(kind[5]), 1 + extra))
        return tuple(sorted(made, key=lambda row: (row.started_ms or row.ended_ms or 0, row.request_id or "")))

    def _row(self, run: Run, outcome: Outcome, over: bool, count: int) -> Invocation:
        seconds = run.timeout_s
        if seconds is None and outcome == "timeout" and run.duration_ms is not None:
            seconds = self._timeout_s or round(run.duration_ms / 1000, 2)
        started = run.started_ms
        if started is None and run.ended_ms is not None and run.duration_ms is not None:
            started = run.ended_ms - round(run.duration_ms)
        return Invocation(
            cite=(_cite(run, count),), count=count, request_id=run.request_id, outcome=outcome, started_ms=started, ended_ms=run.ended_ms,
            duration_ms=run.duration_ms, init_duration_ms=run.init_ms, memory_size_mb=run.memory_mb, max_memory_used_mb=run.used_mb,
            memory_ratio=_ratio(run), status=run.status, error_type=run.error_type, timeout_s=seconds, cold=run.cold,
            over_front_door_limit=over,
        )  # fmt: skip

    def runs(self) -> Runs:
        """Return the counts."""
        get = self._counts.get
        ordered = sorted(self._durations)
        return Runs(
            total=get("total", 0), ok=get("ok", 0), failed=get("error", 0) + get("timeout", 0) + get("oom", 0), timed_out=get("timeout", 0),
            out_of_memory=get("oom", 0), cold=get("cold", 0), over_front_door_limit=get("over", 0),
            ok_duration_p99_ms=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else None,
            ok_duration_max_ms=ordered[-1] if ordered else None, max_memory_ratio=self._ratio, max_memory_used_mb=self._used,
        )  # fmt: skip


def _ratio(run: Run) -> float | None:
    return round(run.used_mb / run.memory_mb, 4) if run.used_mb is not None and run.memory_mb else None


def _cite(run: Run, count: int) -> Citation:
    return Citation(section="logs", ref=run.group, text=verbatim(run.raw or "", run.fragment), count=count)
