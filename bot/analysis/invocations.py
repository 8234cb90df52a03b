"""Invocations put together from log lines: how each ended, and counts over all of them.

Healthy invocations are kept only as counts, so that one failing run among thousands of good ones reads the same as alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bot.analysis.facts import Invocation, Outcome, Runs, TextRole
from bot.analysis.fault_shapes import FaultShape, fault_shape
from bot.analysis.log_lines import Line, Outcomes
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

SAME_CRASH_MS: Final = 50
"""The lines of one crash stand this close together."""

_TIMEOUT_TYPES: Final = frozenset({"Sandbox.Timedout", "Sandbox.Timeout"})
_OOM_TYPES: Final = frozenset(
    {"Runtime.OutOfMemory", "MemoryError", "java.lang.OutOfMemoryError", "System.OutOfMemoryException", "NoMemoryError"}
)


@dataclass(slots=True)
class _Run:
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


@dataclass(slots=True)
class InvocationTable:
    """All invocations of a file, and how they ended."""

    outcomes: Outcomes
    rows: tuple[Invocation, ...] = ()
    runs: Runs = field(default_factory=Runs)


class InvocationReader:
    """Takes log lines in order and puts invocations together."""

    def __init__(self, front_door_limit_ms: int | None = None, timeout_s: float | None = None) -> None:
        self._limit_ms = front_door_limit_ms
        self._timeout_s = timeout_s
        self._runs: dict[str, _Run] = {}
        self._loose: list[_Run] = []
        self._foreign: set[str] = set()
        self._init_timeouts = 0
        self._init_errors = 0
        self._starts: dict[tuple[str, str | None], int] = {}
        self._pending_init: set[tuple[str, str | None]] = set()
        self._outcomes = Outcomes()

    def see(self, line: Line) -> None:
        """Take one line into account."""
        text, event = line.text, line.platform
        if event is not None:
            self._see_platform(line, event)
        elif text.request_id is not None:  # else a fault, but in no invocation that is known
            shape = fault_shape(text.message)
            if shape is not None and shape.uncaught:
                self._see_fault(text, text.request_id, shape)

    def _run(self, text: Text, request_id: str | None) -> _Run:
        if request_id is None:
            run = _Run(None)
            self._loose.append(run)
            return run
        known = self._runs.get(request_id)
        if known is None:
            known = self._runs[request_id] = _Run(request_id)
            if text.role != "function-log":
                self._foreign.add(request_id)
        return known

    def _see_platform(self, line: Line, event: PlatformEvent) -> None:
        text = line.text
        place = (text.ref, line.stream)
        if event.kind == "init-start":
            self._pending_init.add(place)
        elif event.kind == "init-report":
            self._see_init(text, event)
        elif event.kind == "start":
            self._see_start(line, event, place)
        elif event.kind in ("report", "runtime-done") and event.request_id:
            self._see_report(self._run(text, event.request_id), text, event)
        elif event.kind == "timeout":
            run = self._run(text, text.request_id)
            run.timeout_s = event.timeout_s
            run.blame(text, event.detail)
        elif event.kind == "error":
            self._see_error(text, event)

    def _see_start(self, line: Line, event: PlatformEvent, place: tuple[str, str | None]) -> None:
        ordinal = self._starts[place] = self._starts.get(place, 0) + 1
        if event.request_id is None:
            return
        run = self._run(line.text, event.request_id)
        run.started_ms = line.text.timestamp
        if run.raw is None:
            run.show(line.text)
        if place in self._pending_init:
            self._pending_init.discard(place)
            run.cold = True
            self._outcomes.init_owner[(*place, ordinal)] = event.request_id

    def _see_init(self, text: Text, event: PlatformEvent) -> None:
        if text.role != "function-log":
            return
        if event.status == "timeout":
            self._init_timeouts += 1
        elif event.status in ("error", "failure"):
            self._init_errors += 1

    def _see_report(self, run: _Run, text: Text, event: PlatformEvent) -> None:
        if event.kind == "report":
            run.reported = True
            run.ended_ms = text.timestamp
        run.duration_ms = event.duration_ms if event.duration_ms is not None else run.duration_ms
        run.init_ms = event.init_duration_ms or run.init_ms
        run.memory_mb = event.memory_size_mb or run.memory_mb
        run.used_mb = event.max_memory_used_mb or run.used_mb
        run.cold = run.cold or event.init_duration_ms is not None
        if not run.failed and not run.faulted:
            run.show(text)
        run.succeeded = run.succeeded or event.status == "success"
        if event.status and event.status != "success":
            run.status = event.status
            run.error_type = event.error_type or run.error_type
            run.blame(text, f"Status: {event.status}" if not event.error_type else event.error_type)

    def _see_error(self, text: Text, event: PlatformEvent) -> None:
        run = self._run(text, text.request_id)
        run.killed = run.killed or "signal: killed" in event.detail
        run.error_type = run.error_type or event.error_type
        run.blame(text, event.detail.partition("\n")[0])

    def _see_fault(self, text: Text, request_id: str, shape: FaultShape) -> None:
        run = self._run(text, request_id)
        run.heap = run.heap or is_out_of_memory(shape)
        run.faulted = True
        run.error_type = run.error_type or shape.error_type
        if not run.failed:
            run.show(text, shape.message.partition("\n")[0] or shape.error_type)
        if run.started_ms is None and run.ended_ms is None:
            run.ended_ms = text.timestamp

    def table(self) -> InvocationTable:
        """Return what was put together from the lines seen so far."""
        counter = _Counter(self._limit_ms, self._timeout_s)
        for request_id, run in self._runs.items():
            outcome = counter.outcome(run)
            self._outcomes.by_id[request_id] = outcome
            if request_id not in self._foreign:
                counter.add(run, outcome)
        for run in self._merged_loose():
            counter.add(run, counter.outcome(run))
        runs = counter.runs().model_copy(update={"init_timeouts": self._init_timeouts, "init_errors": self._init_errors})
        return InvocationTable(self._outcomes, counter.rows(), runs)

    def _merged_loose(self) -> Iterable[_Run]:
        """Failure lines that name no invocation: the lines of one crash (`... Error: ...`, `Runtime.ExitError`) count once."""
        previous: _Run | None = None
        for run in self._loose:
            if run.raw is None or run.role != "function-log":
                continue
            if previous is not None and _same_crash(previous, run):
                previous.error_type = previous.error_type or run.error_type
                previous.killed = previous.killed or run.killed
                continue
            if previous is not None:
                yield previous
            previous = run
        if previous is not None:
            yield previous


def _same_crash(first: _Run, second: _Run) -> bool:
    if first.timeout_s is not None or second.timeout_s is not None or first.ended_ms is None or second.ended_ms is None:
        return False
    return first.group == second.group and 0 <= second.ended_ms - first.ended_ms <= SAME_CRASH_MS


def is_out_of_memory(shape: FaultShape) -> bool:
    """Tell whether a fault says that memory ran out, in the sandbox or in the runtime's own heap."""
    if shape.error_type in _OOM_TYPES:
        return "unable to create" not in shape.message
    return "heap out of memory" in shape.message or "signal: killed" in shape.message


class _Counter:
    """Decides how runs ended, counts them, and keeps rows of those worth one."""

    def __init__(self, limit_ms: int | None, timeout_s: float | None) -> None:
        self._limit_ms = limit_ms
        self._timeout_s = timeout_s
        self._durations = array("d")
        self._counts: dict[str, int] = {}
        self._ratio: float | None = None
        self._used: int | None = None
        self._rows: dict[tuple[object, ...], list[tuple[_Run, Outcome]]] = {}
        self._extra: dict[tuple[object, ...], int] = {}

    def outcome(self, run: _Run) -> Outcome:
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
        if run.reported:
            return "ok"
        return "running" if run.started_ms is not None else "unknown"

    def add(self, run: _Run, outcome: Outcome) -> None:
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

    def _keep(self, run: _Run, outcome: Outcome, over: bool) -> None:
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

    def _row(self, run: _Run, outcome: Outcome, over: bool, count: int) -> Invocation:
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


def _ratio(run: _Run) -> float | None:
    return round(run.used_mb / run.memory_mb, 4) if run.used_mb is not None and run.memory_mb else None


def _cite(run: _Run, count: int) -> Citation:
    return Citation(section="logs", ref=run.group, text=verbatim(run.raw or "", run.fragment), count=count)
