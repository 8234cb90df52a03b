"""Shows in the first message how far the collectors are, without holding them up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.errors import BotError
from bot.evidence.collect import Progress, ProgressListener
from bot.models.incident import Asking, Report
from bot.workflow.desk import Case

logger = logging.getLogger(__name__)


@contextmanager
def progress_of(case: Case, incident_id: str) -> Iterator[ProgressListener]:
    """Return what the collectors tell their progress to; it is shown until the block ends, and never after."""

    def show(asking: Asking) -> None:
        incident = case.desk.store.incident(incident_id)
        if incident and incident.thread_ts and incident.phase == "investigating":
            case.desk.messenger.show_progress(Report(incident=incident, event=case.event, progress=asking))

    display = ProgressDisplay(show, case.desk.progress_every_s)
    display.start()
    try:
        yield display.listen
    finally:
        display.stop()


class ProgressDisplay:
    """Shows the newest of many small steps every few seconds, from a thread of its own; a step that is overtaken is not shown."""

    def __init__(self, show: Callable[[Asking], None], every_s: float) -> None:
        self._show = show
        self._every_s = every_s
        self._asked: set[str] = set()
        self._answered: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        """Begin to show; what takes less than one turn shows nothing at all."""
        self._thread.start()

    def listen(self, progress: Progress) -> None:
        """Note a step."""
        (self._asked if progress.state == "started" else self._answered).add(progress.collector)

    def stop(self) -> None:
        """Show nothing more. Waits for a showing that has begun, for the answer that comes next must not be overtaken by it."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        shown: Asking | None = None
        while not self._ended.wait(self._every_s):
            asking = Asking(asked=len(self._asked), answered=len(self._answered))
            if not asking.asked or asking == shown:
                continue
            try:
                self._show(asking)
            except BotError as exc:
                logger.info("progress is not shown any more", extra={"error": type(exc).__name__})
                return
            shown = asking
