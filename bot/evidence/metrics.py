"""Metrics by one GetMetricData call, in the shape of the incident file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from bot.errors import CollectionError
from bot.evidence.context import Context
from bot.models.window import Window

MAX_QUERIES: Final = 500
"""Queries in one call. Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""

PERIOD_S: Final = 60
"""Lambda and API Gateway publish one point a minute. Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html"""

LONG_WINDOW: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Query:
    """One metric with one statistic."""

    namespace: str
    name: str
    stat: str
    dimensions: Mapping[str, str] = field(default_factory=dict)


def queries(namespace: str, dimensions: Mapping[str, str], stats: Mapping[str, Iterable[str]]) -> list[Query]:
    """Return a query for each metric and statistic of the same dimensions."""
    return [Query(namespace, name, stat, dimensions) for name, wanted in stats.items() for stat in wanted]


def read_metrics(context: Context, wanted: list[Query]) -> None:
    """Read all metrics at once and keep them; a metric without points is kept empty, since AWS answered that it has none."""
    period = PERIOD_S if context.window.end - context.window.start <= LONG_WINDOW else 5 * PERIOD_S
    for start in range(0, len(wanted), MAX_QUERIES):
        _read_batch(context, wanted[start : start + MAX_QUERIES], period)


def _read_batch(context: Context, wanted: list[Query], period: int) -> None:
    points: dict[str, list[tuple[datetime, float]]] = {f"m{n}": [] for n in range(len(wanted))}
    faults: dict[str, str] = {}
    start, end = _whole_minutes(context.window)
    params: dict[str, Any] = {
        "MetricDataQueries": [_asked(f"m{n}", query, period) for n, query in enumerate(wanted)],
        "StartTime": start,
        "EndTime": end,
        "ScanBy": "TimestampAscending",
    }
    for page in context.pages("cloudwatch", "GetMetricData", ("NextToken", "NextToken"), **params):
        for result in page.get("MetricDataResults", []):
            points[result["Id"]] += zip(result.get("Timestamps", []), result.get("Values", []), strict=False)
            if result.get("StatusCode") in ("InternalError", "Forbidden"):
                faults[result["Id"]] = str(result["StatusCode"])
    answered = [n for n in range(len(wanted)) if f"m{n}" not in faults]
    context.answer("metrics", [_series(wanted[n], points[f"m{n}"], period) for n in answered])
    if faults:
        names = ", ".join(sorted({wanted[int(fault[1:])].name for fault in faults}))
        raise CollectionError(f"no data for {names}", operation="cloudwatch:GetMetricData", code=sorted(faults.values())[0])


def _whole_minutes(window: Window) -> tuple[datetime, datetime]:
    """Return the window widened to whole minutes, since a point stands at the start of its minute."""
    start = window.start.replace(second=0, microsecond=0)
    return start, window.end + timedelta(minutes=1) - timedelta(seconds=window.end.second, microseconds=window.end.microsecond)


def _asked(query_id: str, query: Query, period: int) -> dict[str, Any]:
    metric = {
        "Namespace": query.namespace,
        "MetricName": query.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions.items()],
    }
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period, "Stat": query.stat}, "ReturnData": True}


def _series(query: Query, points: list[tuple[datetime, float]], period: int) -> dict[str, Any]:
    ordered = sorted(points, key=lambda point: point[0])
    return {
        "Namespace": query.namespace,
        "MetricName": query.name,
        "Dimensions": dict(query.dimensions),
        "Stat": query.stat,
        "Period": period,
        "Timestamps": [at for at, _ in ordered],
        "Values": [float(value) for _, value in ordered],
    }
