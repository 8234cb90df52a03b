"""Runs the collectors in parallel under one deadline and puts their answers into an incident file."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from bot.errors import CollectionError, TargetNotFoundError
from bot.evidence.assemble import assemble
from bot.evidence.base import Collector
from bot.evidence.budget import LogBudget
from bot.evidence.collectors import COLLECTORS
from bot.evidence.context import Context, Run, guarded, late
from bot.evidence.names import with_plain_name
from bot.models.incident_file import Client, Target
from bot.models.receipt import Collected, LogsRead, Receipt
from bot.models.window import Window
from bot.ports import AwsClients

logger = logging.getLogger(__name__)

DEFAULT_DEADLINE_S: Final = 20.0


@dataclass(frozen=True)
class Progress:
    """One collector began, answered, or failed; for a display while the others run."""

    collector: str
    state: Literal["started", "answered", "failed"]
    seconds: float = 0.0


ProgressListener = Callable[[Progress], None]


def collect(
    target: Target,
    window: Window,
    aws: AwsClients,
    *,
    deadline_s: float = DEFAULT_DEADLINE_S,
    alarm: Mapping[str, Any] | None = None,
    client: Client | None = None,
    log_budget: LogBudget | None = None,
    progress: ProgressListener | None = None,
    now: datetime | None = None,
) -> Collected:
    """Ask every collector, and return the incident file with what it cost.

    A question that fails or comes after the deadline is a row in `gaps`; it never spoils another one.

    Args:
        target: The function, the front door, or both. What is missing is discovered where AWS tells.
        window: The stretch of time for logs and metrics.
        aws: The clients.
        deadline_s: Seconds after which the answer is returned with what is there.
        alarm: The alarm's message, for the file.
        client: What the caller saw, for the file.
        log_budget: The most that may be read from the logs.
        progress: Called from this thread when a collector begins and ends.
        now: The time to write as `collected_at`.

    Raises:
        TargetNotFoundError: A person asked for a function that does not exist; near names are given. With an alarm or a
            known front door the file is returned instead, and its `function` is null.
    """
    started = time.monotonic()
    run = Run(
        target=with_plain_name(target),
        window=window,
        aws=aws,
        deadline=started + deadline_s,
        budget=log_budget or LogBudget(),
        alarm=alarm,
        client_status=client.status if client else None,
    )
    contexts = _run_all(run, progress or _silent)
    incident = assemble(run, alarm=alarm, client=client, now=now or datetime.now(UTC))
    receipt = Receipt(seconds=round(time.monotonic() - started, 3), api_calls=run.api_calls, questions=len(contexts), logs=_logs_read(run))
    logger.info("evidence collected", extra={"seconds": receipt.seconds, "api_calls": receipt.api_calls, "gaps": len(incident.gaps)})
    return Collected(incident=incident, receipt=receipt)


@dataclass(frozen=True)
class _Ended:
    name: str
    seconds: float
    has_failed: bool


def _run_all(run: Run, progress: ProgressListener) -> dict[str, Context]:
    """Start every collector in a thread of its own, and wait for all of them or the deadline."""
    ended: queue.SimpleQueue[_Ended] = queue.SimpleQueue()
    collectors = {name: cls() for name, cls in COLLECTORS.items() if cls.applies(run)}
    run.results = {name: Future() for name in COLLECTORS}
    contexts = {name: Context(name, each.sections, each.iam_actions, run) for name, each in collectors.items()}
    for name in COLLECTORS:
        if name not in collectors:
            run.results[name].set_exception(CollectionError("there is nothing to ask about", code="NotApplicable"))
    for name, collector in collectors.items():
        progress(Progress(name, "started"))
        # Daemon threads: a call that hangs past the deadline must not keep the process from ending.
        threading.Thread(target=_run_one, args=(collector, contexts[name], ended), name=f"collect-{name}", daemon=True).start()
    _await_all(run, set(contexts), ended, progress)
    _note_late(run, contexts)
    return contexts


def _run_one(collector: Collector, context: Context, ended: queue.SimpleQueue[_Ended]) -> None:
    started = time.monotonic()
    result = context.run.results[context.name]
    value, error = guarded(context, collector.sections[0], collector.collect)
    if error is None:
        result.set_result(value)
    else:
        result.set_exception(error)
    ended.put(_Ended(context.name, time.monotonic() - started, error is not None))


def _await_all(run: Run, running: set[str], ended: queue.SimpleQueue[_Ended], progress: ProgressListener) -> None:
    while running:
        try:
            one = ended.get(timeout=run.remaining_s)
        except queue.Empty:
            return
        running.discard(one.name)
        progress(Progress(one.name, "failed" if one.has_failed else "answered", round(one.seconds, 3)))
        failure = run.results[one.name].exception()
        if isinstance(failure, TargetNotFoundError):
            # Nothing else can be of use: the others are left behind and their answers dropped.
            run.harvest.close()
            raise failure


def _note_late(run: Run, contexts: Mapping[str, Context]) -> None:
    for name, context in contexts.items():
        if not run.results[name].done():
            for operation in context.under_way():
                context.gap(COLLECTORS[name].sections[0], late(operation))


def _logs_read(run: Run) -> LogsRead:
    reads = [meter.read() for meter in run.meters]
    return LogsRead(
        pages=sum(read.pages for read in reads),
        events=sum(read.events for read in reads),
        bytes=sum(read.bytes for read in reads),
        pages_allowed=run.budget.pages,
        events_allowed=run.budget.events,
        bytes_allowed=run.budget.bytes,
        is_spent=any(read.is_spent for read in reads),
    )


def _silent(_: Progress) -> None:
    """Show nothing."""
