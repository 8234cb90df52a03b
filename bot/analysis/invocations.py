"""Invocations put together from log lines: how each ended, and counts over all of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from bot.analysis.facts import Invocation, Runs
from bot.analysis.fault_shapes import FaultShape, fault_shape
from bot.analysis.log_lines import Line, Outcomes
from bot.analysis.platform import PlatformEvent
from bot.analysis.reading import Text
from bot.analysis.runs import Run, RunCounter

SAME_CRASH_MS: Final = 50
"""The lines of one crash stand this close together."""

MAX_OPEN_AFTER_REPORT: Final = 1_000
"""Lines that follow an invocation's REPORT (a timeout, a crash) stand next to it. After so many further invocations it is counted
and its details are dropped, so that memory does not grow with them."""

_OOM_TYPES: Final = frozenset(
    {"Runtime.OutOfMemory", "MemoryError", "java.lang.OutOfMemoryError", "System.OutOfMemoryException", "NoMemoryError"}
)


@dataclass(slots=True)
class InvocationTable:
    """All invocations of a file, and how they ended."""

    outcomes: Outcomes
    rows: tuple[Invocation, ...] = ()
    runs: Runs = field(default_factory=Runs)


class InvocationReader:
    """Takes log lines in order and puts invocations together."""

    def __init__(self, front_door_limit_ms: int | None = None, timeout_s: float | None = None) -> None:
        self._counter = RunCounter(front_door_limit_ms, timeout_s)
        self._runs: dict[str, Run | None] = {}
        """None: it was reported long ago, and is counted."""
        self._reported: deque[str] = deque()
        self._loose: Run | None = None
        self._crash: Run | None = None
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

    def _run(self, text: Text, request_id: str | None) -> Run | None:
        """Return the invocation that a line belongs to, None for one that is closed."""
        if request_id is None:
            self._settle_loose()
            self._loose = Run(None)
            return self._loose
        if request_id in self._runs:
            return self._runs[request_id]
        run = self._runs[request_id] = Run(request_id)
        if text.role != "function-log":
            self._foreign.add(request_id)
        return run

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
            self._see_report(event.request_id, text, event)
        elif event.kind == "timeout":
            if run := self._run(text, text.request_id):
                run.timeout_s = event.timeout_s
                run.blame(text, event.detail)
        elif event.kind == "error":
            self._see_error(text, event)

    def _see_start(self, line: Line, event: PlatformEvent, place: tuple[str, str | None]) -> None:
        ordinal = self._starts[place] = self._starts.get(place, 0) + 1
        if event.request_id is None:
            return
        run = self._run(line.text, event.request_id)
        if run is None:
            return
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

    def _see_report(self, request_id: str, text: Text, event: PlatformEvent) -> None:
        run = self._run(text, request_id)
        if run is None:
            return
        if event.kind == "report":
            if not run.reported:
                self._reported.append(request_id)
            run.reported = True
            run.ended_ms = text.timestamp
        run.report(text, event)
        if len(self._reported) > MAX_OPEN_AFTER_REPORT:
            self._close(self._reported.popleft())

    def _close(self, request_id: str) -> None:
        if run := self._runs[request_id]:
            self._runs[request_id] = None
            outcome = self._outcomes.by_id[request_id] = self._counter.outcome(run)
            if request_id in self._foreign:
                self._foreign.discard(request_id)
            else:
                self._counter.add(run, outcome)

    def _see_error(self, text: Text, event: PlatformEvent) -> None:
        run = self._run(text, text.request_id)
        if run is None:
            return
        run.killed = run.killed or "signal: killed" in event.detail
        run.error_type = run.error_type or event.error_type
        run.blame(text, event.detail.partition("\n")[0])

    def _see_fault(self, text: Text, request_id: str, shape: FaultShape) -> None:
        run = self._run(text, request_id)
        if run is None:
            return
        run.heap = run.heap or is_out_of_memory(shape)
        run.faulted = True
        run.error_type = run.error_type or shape.error_type
        if not run.failed:
            run.show(text, shape.message.partition("\n")[0] or shape.error_type)
        if run.started_ms is None and run.ended_ms is None:
            run.ended_ms = text.timestamp

    def table(self) -> InvocationTable:
        """Return what was put together from the lines seen; no more can be seen afterwards."""
        for request_id in self._runs:
            self._close(request_id)
        self._settle_loose()
        self._count_crash()
        runs = self._counter.runs().model_copy(update={"init_timeouts": self._init_timeouts, "init_errors": self._init_errors})
        return InvocationTable(self._outcomes, self._counter.rows(), runs)

    def _settle_loose(self) -> None:
        """Failure lines that name no invocation: the lines of one crash (`... Error: ...`, `Runtime.ExitError`) count once."""
        run, self._loose = self._loose, None
        if run is None or run.raw is None or run.role != "function-log":
            return
        if self._crash is not None and _same_crash(self._crash, run):
            self._crash.error_type = self._crash.error_type or run.error_type
            self._crash.killed = self._crash.killed or run.killed
            return
        self._count_crash()
        self._crash = run

    def _count_crash(self) -> None:
        if self._crash is not None:
            self._counter.add(self._crash, self._counter.outcome(self._crash))
            self._crash = None


def _same_crash(first: Run, second: Run) -> bool:
    if first.timeout_s is not None or second.timeout_s is not None or first.ended_ms is None or second.ended_ms is None:
        return False
    return first.group == second.group and 0 <= second.ended_ms - first.ended_ms <= SAME_CRASH_MS


def is_out_of_memory(shape: FaultShape) -> bool:
    """Tell whether a fault says that memory ran out, in the sandbox or in the runtime's own heap."""
    if shape.error_type in _OOM_TYPES:
        return "unable to create" not in shape.message
    return "heap out of memory" in shape.message or "signal: killed" in shape.message
