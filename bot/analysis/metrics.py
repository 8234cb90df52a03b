"""Looking metrics up in the file: the right series, reduced to one number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile, MetricSeries

Scope = Literal["function", "account", "any"]

_STATS: Final = {"average": "avg", "maximum": "max", "minimum": "min", "samplecount": "count"}


def series_of(
    incident: IncidentFile, namespace: str, names: Iterable[str], stat: str, scope: Scope = "any", *, function_name: str | None = None
) -> list[MetricSeries]:
    """Return the series of a metric.

    Args:
        incident: The file.
        namespace: Its namespace.
        names: Its name; several where AWS renamed it.
        stat: Statistic, in any case and either spelling (`Maximum`, `max`).
        scope: `function`: of a function and not of one alias or version, unless only those were read; `account`: without dimensions.
        function_name: With scope `function`: its name; series of other functions are left out.
    """
    wanted = set(names)
    found = [
        series for series in incident.metrics or []
        if series.Namespace == namespace and series.MetricName in wanted and _stat(series.Stat) == _stat(stat)
    ]  # fmt: skip
    if scope == "account":
        return [series for series in found if not series.Dimensions]
    if scope == "any":
        return found
    own = [s for s in found if "FunctionName" in s.Dimensions and (function_name is None or s.Dimensions["FunctionName"] == function_name)]
    return [s for s in own if "Resource" not in s.Dimensions] or own


def reduce_series(series: Iterable[MetricSeries], by: Callable[[list[float]], float]) -> float | None:
    """Reduce the values of all series to one number; None where nothing was read. A series with no value says that nothing was recorded."""
    listed = list(series)
    if not listed:
        return None
    values = [value for one in listed for value in one.Values]
    return float(by(values)) if values else 0.0


def cite_metric(series: MetricSeries, value: float) -> Citation:
    """Return a citation of a metric's value."""
    dimensions = ",".join(f"{key}={name}" for key, name in sorted(series.Dimensions.items()))
    ref = f"{series.Namespace} {series.MetricName}" + (f" {dimensions}" if dimensions else "")
    return Citation(section="metrics", ref=ref, text=f"{series.MetricName} {series.Stat} = {value:g}")


def _stat(name: str) -> str:
    lowered = name.lower()
    return _STATS.get(lowered, lowered)


def mean(values: list[float]) -> float:
    """Return the plain mean."""
    return sum(values) / len(values)
