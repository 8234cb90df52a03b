"""How much of the logs an investigation may read, and how much it did."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from bot.models.receipt import LogsRead

DEFAULT_BYTES: Final = 8_000_000
"""Eight full pages: FilterLogEvents returns 1 MB at most.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""


@dataclass(frozen=True)
class LogBudget:
    """The most that may be read from all log groups together."""

    pages: int = 120
    events: int = 40_000
    bytes: int = DEFAULT_BYTES

    def share(self, fraction: float) -> LogBudget:
        """Return a part of the budget, so that one group cannot spend what another needs."""
        return LogBudget(
            pages=max(1, int(self.pages * fraction)), events=max(1, int(self.events * fraction)), bytes=max(1, int(self.bytes * fraction))
        )


class LogMeter:
    """Counts what is read against a budget; shared by the threads that read one log group."""

    def __init__(self, budget: LogBudget) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._pages = self._events = self._bytes = 0
        self._was_refused = False

    def allows_a_page(self) -> bool:
        """Tell whether another page may be asked for, and remember when not."""
        with self._lock:
            budget = self.budget
            allowed = self._pages < budget.pages and self._events < budget.events and self._bytes < budget.bytes
            self._was_refused = self._was_refused or not allowed
            return allowed

    def count(self, events: int, size_bytes: int) -> None:
        """Count a page that was read."""
        with self._lock:
            self._pages += 1
            self._events += events
            self._bytes += size_bytes

    @property
    def events_left(self) -> int:
        """Return how many events may still be read, never less than one: a page cannot be asked for none."""
        with self._lock:
            return max(1, self.budget.events - self._events)

    @property
    def is_spent(self) -> bool:
        """Return whether a page was wanted that the budget did not allow."""
        return self._was_refused

    def read(self) -> LogsRead:
        """Return what was read so far."""
        with self._lock:
            return LogsRead(
                pages=self._pages,
                events=self._events,
                bytes=self._bytes,
                pages_allowed=self.budget.pages,
                events_allowed=self.budget.events,
                bytes_allowed=self.budget.bytes,
                is_spent=self._was_refused,
            )
