"""What to draw of an incident: the failures that were counted, and beside them the time or the concurrency that explains them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bot.alarms.event import alarm_of_event, is_alarm_event
from bot.alarms.notification import alarm_of_notification, is_notification
from bot.analysis.changes import changes, time_ms
from bot.errors import AlarmError
from bot.models.alarm import Alarm
from bot.models.chart import ChartLine, ChartMark, ChartPanel, ChartPlan
from bot.models.incident import Findings, Report
from bot.models.incident_file import IncidentFile, MetricSeries
from bot.slack.escape import brief
from bot.slack.headline import subject

FAILURES: Final = {
    "Errors": "errors",
    "Throttles": "throttles",
    "5XXError": "5xx answers",
    "5xx": "5xx answers",
    "Url5xxCount": "5xx answers",
    "HTTPCode_ELB_5XX_Count": "5xx answers",
    "LambdaUserError": "invalid answers",
    "4XXError": "4xx answers",
    "4xx": "4xx answers",
    "Url4xxCount": "4xx answers",
}
"""Metrics that count failures, with the words for them; the first ones are shown where there are many."""

TIMES: Final = {"Duration": "duration", "IntegrationLatency": "integration latency", "Latency": "latency", "UrlRequestLatency": "latency"}
CONCURRENCY: Final = {"ConcurrentExecutions": "concurrent runs", "UnreservedConcurrentExecutions": "concurrent runs of the pool"}

MAX_LINES: Final = 3
MAX_MARKS: Final = 4
MAX_LABEL_CHARS: Final = 48

THROTTLE_CAUSES: Final = ("throttl", "concurrency", "recursive")


def chart_plan(report: Report) -> ChartPlan | None:
    """Return the chart of a report, or None where no metric has anything to show."""
    findings = report.findings
    if findings is None or not findings.evidence.metrics:
        return None
    alarm = _alarm(findings.evidence)
    panels = _panels(findings, alarm)
    if not panels:
        return None
    marks = _marks(report, findings)
    return ChartPlan(
        title=brief(subject(report))[: MAX_LABEL_CHARS * 2],
        region=findings.answer.target.region or "",
        start=findings.window.start,
        end=findings.window.end,
        panels=panels,
        marks=marks,
        alt=_in_words(panels, marks),
    )


def _panels(findings: Findings, alarm: Alarm | None) -> tuple[ChartPanel, ...]:
    evidence = findings.evidence
    watched = {metric.name for metric in alarm.metrics} if alarm else set()
    failures = _panel("count", _lines(evidence, FAILURES, ("Sum",), watched), watched, alarm)
    times = _panel("ms", _lines(evidence, TIMES, ("Maximum", "p99"), watched), watched, alarm, _timeout(evidence))
    runs = _panel("runs at once", _lines(evidence, CONCURRENCY, ("Maximum",), watched), watched, alarm, _reserved(evidence))
    cause = findings.answer.diagnoses[0].cause if findings.answer.diagnoses else ""
    second = (runs or times) if any(word in cause for word in THROTTLE_CAUSES) or watched & set(CONCURRENCY) else (times or runs)
    panels = [panel for panel in (failures, second) if panel is not None]
    if watched & (set(TIMES) | set(CONCURRENCY)):
        panels.reverse()
    return tuple(panels)


def _panel(
    unit: str, lines: tuple[ChartLine, ...], watched: set[str], alarm: Alarm | None, limit: tuple[float, str] | None = None
) -> ChartPanel | None:
    if not lines:
        return None
    if alarm is not None and alarm.threshold is not None and any(line.name in watched for line in lines):
        limit = alarm.threshold, "alarm threshold"
    return ChartPanel(unit=unit, lines=lines, limit=limit[0] if limit else None, limit_label=limit[1] if limit else "")


def _lines(evidence: IncidentFile, names: dict[str, str], stats: Sequence[str], watched: set[str]) -> tuple[ChartLine, ...]:
    """Return the series with something to show, one of each metric: the alarm's own first, then in the order of the names."""
    order = {name: at for at, name in enumerate(names)}
    found = [series for series in evidence.metrics or [] if series.MetricName in names and series.Stat in stats and any(series.Values)]
    # A function's own series before one of its aliases, an API's own before the account's.
    found.sort(
        key=lambda s: (s.MetricName not in watched, order[s.MetricName], stats.index(s.Stat), "Resource" in s.Dimensions, not s.Dimensions)
    )
    first = list({(s.MetricName, s.Stat): s for s in reversed(found)}.values())[::-1]
    lines = [_line(series, f"{names[series.MetricName]}{'' if series.Stat == 'Sum' else f' ({series.Stat.lower()})'}") for series in first]
    return tuple(line for line in lines if line.points)[:MAX_LINES]


def _line(series: MetricSeries, label: str) -> ChartLine:
    points = sorted(
        (at / 1000, value) for text, value in zip(series.Timestamps, series.Values, strict=False) if (at := time_ms(text)) is not None
    )
    return ChartLine(
        label=label,
        namespace=series.Namespace,
        name=series.MetricName,
        dimensions=series.Dimensions,
        stat=series.Stat,
        period_s=series.Period or 60,
        points=tuple(points),
    )


def _timeout(evidence: IncidentFile) -> tuple[float, str] | None:
    seconds = (evidence.function or {}).get("Timeout")
    return (float(seconds) * 1000, "timeout of the function") if isinstance(seconds, int | float) else None


def _reserved(evidence: IncidentFile) -> tuple[float, str] | None:
    reserved = (evidence.concurrency or {}).get("ReservedConcurrentExecutions")
    return (float(reserved), "reserved concurrency") if isinstance(reserved, int | float) else None


def _marks(report: Report, findings: Findings) -> tuple[ChartMark, ...]:
    window, incident = findings.window, report.incident
    fired_at = incident.alarm_changed_at if incident.alarm_state == "ALARM" else None
    alarm = [ChartMark(at=fired_at, label="alarm")] if fired_at else []
    made = [
        ChartMark(at=c.at_ms / 1000, label=brief(c.name)[:MAX_LABEL_CHARS])
        for c in changes(findings.evidence, None)
        if c.at_ms and not c.failed
    ]
    inside = [mark for mark in [*alarm, *made] if window.start.timestamp() <= mark.at <= window.end.timestamp()]
    return tuple(sorted(inside[:MAX_MARKS], key=lambda mark: mark.at))


def _alarm(evidence: IncidentFile) -> Alarm | None:
    raw: dict[str, Any] = evidence.alarm or {}
    try:
        if is_alarm_event(raw):
            return alarm_of_event(raw)
        return alarm_of_notification(raw) if is_notification(raw) else None
    except AlarmError:
        return None


def _in_words(panels: Iterable[ChartPanel], marks: Iterable[ChartMark]) -> str:
    said = []
    for panel in panels:
        for line in panel.lines:
            at, highest = max(line.points, key=lambda point: point[1])
            said.append(f"{line.label}: highest {number(highest)}{' ms' if panel.unit == 'ms' else ''} at {clock(at)} UTC")
        if panel.limit is not None:
            said.append(f"{panel.limit_label} {number(panel.limit)}{' ms' if panel.unit == 'ms' else ''}")
    said += [f"{mark.label} at {clock(mark.at)} UTC" for mark in marks]
    return f"Chart. {'; '.join(said)}."


def clock(at: float) -> str:
    """Return a time of day in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M")


def number(value: float) -> str:
    """Return a value as a person reads it."""
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.2f}".rstrip("0").rstrip(".")
