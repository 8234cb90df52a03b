"""A clock that a test sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SetClock:
    """Fills the port Clock; stands still until it is moved."""

    def __init__(self, start: datetime | None = None) -> None:
        self.time = start or datetime(2026, 5, 14, 3, 12, 9, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time that was set."""
        return self.time

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)
