"""The window's metrics as numbers."""

from __future__ import annotations

from statistics import median
from typing import Final

from bot.analysis.facts import Traffic
from bot.analysis.metrics import cite_metric, mean, reduce_series, series_of
from bot.analysis.roles import function_name_of
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile, MetricSeries

_SERVER_ERRORS: Final = (
    ("AWS/ApiGateway", ("5XXError", "5xx")),
    ("AWS/ApplicationELB", ("HTTPCode_ELB_5XX_Count",)),
    ("AWS/Lambda", ("Url5xxCount", "Url5xxError")),
    ("AWS/ApiGateway", ("IntegrationError", "ExecutionError")),
    ("AWS/AppSync", ("5XXError",)),
)
_CLIENT_ERRORS: Final = (
    ("AWS/ApiGateway", ("4XXError", "4xx")),
    ("AWS/ApplicationELB", ("HTTPCode_ELB_4XX_Count",)),
    ("AWS/Lambda", ("Url4xxCount", "Url4xxError")),
    ("AWS/ApiGateway", ("ClientError",)),
    ("AWS/AppSync", ("4XXError",)),
)
_REQUESTS: Final = (
    ("AWS/ApiGateway", ("Count",)),
    ("AWS/ApplicationELB", ("RequestCount",)),
    ("AWS/Lambda", ("UrlRequestCount",)),
)
"""Names by front door; function URLs have an older and a newer spelling.

Sources: the metrics pages of API Gateway, Elastic Load Balancing, AppSync and Lambda (urls-monitoring)."""


def traffic(incident: IncidentFile) -> Traffic:
    """Sum, or take the worst of, what the metrics say; None where a metric was not read."""
    name = function_name_of(incident.target.function_name)

    def of_function(metric: str, stat: str) -> list[MetricSeries]:
        return series_of(incident, "AWS/Lambda", (metric,), stat, "function", function_name=name)

    invocations = reduce_series(of_function("Invocations", "Sum"), sum)
    errors = reduce_series(of_function("Errors", "Sum"), sum)
    return Traffic(
        invocations=invocations,
        errors=errors,
        error_rate=round(errors / invocations, 4) if errors is not None and invocations else None,
        throttles=reduce_series(of_function("Throttles", "Sum"), sum),
        duration_max_ms=reduce_series(of_function("Duration", "Maximum"), max),
        duration_avg_ms=reduce_series(of_function("Duration", "Average"), mean),
        duration_p99_ms=reduce_series(of_function("Duration", "p99"), max),
        duration_rise=_rise([value for series in of_function("Duration", "Maximum") for value in series.Values]),
        concurrent_max=reduce_series(of_function("ConcurrentExecutions", "Maximum"), max),
        front_door_5xx=_first_sum(incident, _SERVER_ERRORS),
        front_door_4xx=_first_sum(incident, _CLIENT_ERRORS),
        front_door_count=_first_sum(incident, _REQUESTS),
        integration_latency_max_ms=reduce_series(series_of(incident, "AWS/ApiGateway", ("IntegrationLatency",), "Maximum"), max),
        iterator_age_max_ms=reduce_series(of_function("IteratorAge", "Maximum"), max),
        cite=_cites(incident),
    )


def _rise(values: list[float]) -> float | None:
    usual = median(values) if len(values) >= 3 else 0.0
    return round(max(values) / usual, 2) if usual > 0 else None


def _first_sum(incident: IncidentFile, sources: tuple[tuple[str, tuple[str, ...]], ...]) -> float | None:
    for namespace, names in sources:
        found = reduce_series(series_of(incident, namespace, names, "Sum"), sum)
        if found is not None:
            return found
    return None


def _cites(incident: IncidentFile) -> tuple[Citation, ...]:
    made = []
    for series in incident.metrics or []:
        if series.Values:
            value = sum(series.Values) if series.Stat.lower() == "sum" else max(series.Values)
            made.append(cite_metric(series, value))
    return tuple(made[:40])
