"""What a chart of an incident shows, before anybody draws it."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from bot.models.diagnosis import Strict


class ChartLine(Strict):
    """One metric over time."""

    label: str
    namespace: str
    name: str
    dimensions: dict[str, str] = Field(default_factory=dict)
    stat: str
    period_s: int = 60
    points: tuple[tuple[float, float], ...] = ()
    """Seconds since 1970 and value, oldest first."""


class ChartPanel(Strict):
    """Metrics of one unit, with the limit that they are held against."""

    unit: str
    lines: tuple[ChartLine, ...] = Field(min_length=1)
    limit: float | None = None
    limit_label: str = ""


class ChartMark(Strict):
    """A moment: the alarm, a deployment, a change."""

    at: float
    label: str


class ChartPlan(Strict):
    """A chart: one panel, or two over the same time."""

    title: str
    region: str = ""
    start: AwareDatetime
    end: AwareDatetime
    panels: tuple[ChartPanel, ...] = Field(min_length=1, max_length=2)
    marks: tuple[ChartMark, ...] = ()
    alt: str
    """What it shows, in words, for those who do not see it."""
