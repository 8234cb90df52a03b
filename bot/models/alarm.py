"""One CloudWatch alarm's change of state, however it was delivered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.models.window import Window

AlarmState = Literal["ALARM", "OK", "INSUFFICIENT_DATA"]

AlarmKind = Literal["metric", "math", "anomaly", "composite", "contributor", "log-filter"]
"""`log-filter`: one metric in a namespace of the customer's own, where a log metric filter (or the code itself) writes.
`contributor`: one of many series that one alarm watches."""

MAX_JUDGED: Final = timedelta(days=7)
"""Periods times evaluation periods is no more. Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html."""

DEFAULT_PERIOD_S: Final = 60


class AlarmMetric(BaseModel):
    """One metric that an alarm watches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: str
    name: str
    dimensions: dict[str, str] = Field(default_factory=dict)
    stat: str | None = None
    period_s: int | None = None


class Alarm(BaseModel):
    """An alarm that changed its state. None: the delivery does not say.

    `late` is set when the notice waited for the end of a mute window. `raw` is the alarm's own message, untouched.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    arn: str | None = None
    account_id: str | None = None
    region: str | None = None
    """The region's code, for example `us-east-1`."""
    state: AlarmState
    previous_state: AlarmState | None = None
    reason: str = ""
    description: str | None = None
    """Written by the customer: never trusted, never shown unescaped."""
    changed_at: AwareDatetime
    kind: AlarmKind
    metrics: tuple[AlarmMetric, ...] = ()
    expressions: tuple[str, ...] = ()
    threshold: float | None = None
    comparison: str | None = None
    period_s: int | None = None
    evaluation_periods: int | None = None
    children: tuple[str, ...] = ()
    """Composite: ARNs of the alarms that caused this change, or names where the rule alone is known."""
    rule: str | None = None
    contributor_id: str | None = None
    contributor: dict[str, str] = Field(default_factory=dict)
    late: bool = False
    suppressed_by: str | None = None
    """Composite: the alarm that holds this one's actions back."""
    raw: dict[str, Any] = Field(default_factory=dict)

    @property
    def dimensions(self) -> tuple[dict[str, str], ...]:
        """Return the dimensions of every metric, and those that name the contributor."""
        found = [metric.dimensions for metric in self.metrics] + [self.contributor]
        return tuple(d for i, d in enumerate(found) if d and d not in found[:i])

    @property
    def dedup_key(self) -> str:
        """Return what tells this change from every other one, whatever the wrapping and however often it is delivered."""
        where = self.arn or f"{self.account_id}:{self.region}:{self.name}"
        key = f"{where}@{self.changed_at.isoformat(timespec='milliseconds')}"
        return f"{key}#{self.contributor_id}" if self.contributor_id else key

    def window(self, now: datetime | None = None) -> Window:
        """Return the stretch of time to look at: the periods that the alarm judged, and some around them."""
        period_s = self.period_s or max((m.period_s or 0 for m in self.metrics), default=0) or DEFAULT_PERIOD_S
        periods = min(self.evaluation_periods or 1, int(MAX_JUDGED.total_seconds() // period_s) or 1)
        return Window.from_alarm(self.changed_at, period_s=period_s, evaluation_periods=periods, now=now)
