"""The stretch of time that an investigation looks at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

BEFORE_ALARM: Final = timedelta(minutes=5)
"""Metric data lags one to three minutes behind, and the first failure stands before the first breaching period."""

AFTER_ALARM: Final = timedelta(minutes=2)
"""Failures go on while the alarm is on its way; log lines of the last ones may be ingested a little later."""


class Window(BaseModel):
    """From `start` to `end`, both aware, `start` before `end`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"the window must end after it starts, found {self.start.isoformat()} to {self.end.isoformat()}")
        return self

    @classmethod
    def last(cls, minutes: float, now: datetime) -> Window:
        """Return the window of the last `minutes`."""
        return cls(start=now - timedelta(minutes=minutes), end=now)

    @classmethod
    def from_alarm(cls, state_changed_at: datetime, *, period_s: int, evaluation_periods: int, now: datetime | None = None) -> Window:
        """Return the window around an alarm: the periods that it judged, five minutes before, and two after.

        `now` cuts the window where the time after the alarm has not yet come.
        """
        end = state_changed_at + AFTER_ALARM
        if now is not None and state_changed_at < now < end:
            end = now
        return cls(start=state_changed_at - timedelta(seconds=period_s * evaluation_periods) - BEFORE_ALARM, end=end)

    @property
    def start_ms(self) -> int:
        """Return the start in milliseconds since 1970, as CloudWatch Logs counts."""
        return int(self.start.timestamp() * 1000)

    @property
    def end_ms(self) -> int:
        """Return the end in milliseconds since 1970."""
        return int(self.end.timestamp() * 1000)

    @property
    def minutes(self) -> float:
        """Return the length in minutes."""
        return (self.end - self.start).total_seconds() / 60
