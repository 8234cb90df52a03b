"""The stretch of time around an alarm or before a question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from bot.models.window import Window

NOON = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)


class TestWindow:
    def test_begins_before_the_periods_that_the_alarm_judged(self) -> None:
        """The alarm is minutes behind the first failure."""
        window = Window.from_alarm(NOON, period_s=60, evaluation_periods=3)

        assert (window.start, window.end) == (NOON - timedelta(minutes=8), NOON + timedelta(minutes=2))

    def test_does_not_reach_into_the_future(self) -> None:
        """Seconds after the alarm there is nothing later to read."""
        now = NOON + timedelta(seconds=20)

        assert Window.from_alarm(NOON, period_s=60, evaluation_periods=1, now=now).end == now

    def test_the_last_minutes_end_now(self) -> None:
        """A person asks about what just happened."""
        window = Window.last(30, NOON)

        assert (window.start, window.end, window.minutes) == (NOON - timedelta(minutes=30), NOON, 30)
        assert window.end_ms - window.start_ms == 30 * 60 * 1000

    def test_refuses_to_run_backwards_or_without_a_zone(self) -> None:
        """A naive time would be read as local on one machine and as UTC on another."""
        with pytest.raises(ValidationError, match="must end after it starts"):
            Window(start=NOON, end=NOON)
        with pytest.raises(ValidationError, match="timezone"):
            Window(start=NOON.replace(tzinfo=None), end=NOON)
