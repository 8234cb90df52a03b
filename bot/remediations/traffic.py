"""What a function does now, from its metrics, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.remediations.reads import Reads

PRICING_URL: Final = "https://aws.amazon.com/lambda/pricing/"

GB_SECOND_USD: Final = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""One gigabyte of memory for one second, first tier, US East (N. Virginia). Source: https://aws.amazon.com/lambda/pricing/"""

PROVISIONED_GB_SECOND_USD: Final = {"x86_64": 0.0000041667, "arm64": 0.0000033334}
"""One provisioned gigabyte for one second, whether it runs or not, same region. Source: https://aws.amazon.com/lambda/pricing/"""

STORAGE_GB_SECOND_USD: Final = 0.0000000309
"""One gigabyte of /tmp above the free 512 MB for one second, same region. Source: https://aws.amazon.com/lambda/pricing/"""

TRACE_USD: Final = 0.000005
"""One recorded trace. Source: https://aws.amazon.com/xray/pricing/"""

SAMPLED_PER_S: Final = 1
SAMPLED_SHARE: Final = 0.05
"""Lambda samples the first request of each second and 5 % of the rest.
Source: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"""

DAY_S: Final = 86_400
PERIOD_S: Final = 300
"""A day of five-minute values stays below what one GetMetricData returns.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""


@dataclass(frozen=True, slots=True)
class Traffic:
    """One function's last 24 hours."""

    invocations: float
    duration_s: float
    busiest_per_s: float
    """Calls a second in the busiest five minutes."""
    concurrent_max: float | None

    @property
    def mean_s(self) -> float | None:
        """Return how long a run takes on average."""
        return self.duration_s / self.invocations if self.invocations else None


def metric_query(query_id: str, name: str, stat: str, period_s: int, function_name: str | None = None) -> dict[str, Any]:
    """Return a query for one of Lambda's metrics, of one function or of the whole account."""
    dimensions = [{"Name": "FunctionName", "Value": function_name}] if function_name else []
    metric = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimensions}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period_s, "Stat": stat}}


def metric_values(reads: Reads, queries: list[dict[str, Any]], *, days: int = 1) -> dict[str, dict[datetime, float]]:
    """Return each query's values by time; a query without values is left out."""
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    answer = reads.optional(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=queries,
        StartTime=end - timedelta(days=days),
        EndTime=end,
        ScanBy="TimestampAscending",
    )
    rows = answer.get("MetricDataResults", [])
    return {row["Id"]: dict(zip(row.get("Timestamps", []), row["Values"], strict=False)) for row in rows if row.get("Values")}


def traffic_of(reads: Reads, function_name: str) -> Traffic | None:
    """Return the function's last day, or None where no call was seen."""
    values = metric_values(
        reads,
        [
            metric_query("invocations", "Invocations", "Sum", PERIOD_S, function_name),
            metric_query("duration", "Duration", "Sum", PERIOD_S, function_name),
            metric_query("concurrent", "ConcurrentExecutions", "Maximum", PERIOD_S, function_name),
        ],
    )
    calls = values.get("invocations")
    if not calls:
        return None
    return Traffic(
        invocations=sum(calls.values()),
        duration_s=sum(values.get("duration", {}).values()) / 1000,
        busiest_per_s=max(calls.values()) / PERIOD_S,
        concurrent_max=max(values["concurrent"].values()) if "concurrent" in values else None,
    )


def architecture_of(config: dict[str, Any]) -> str:
    """Return the processor that a configuration names; x86_64 where it names none."""
    named = (config.get("Architectures") or ["x86_64"])[0]
    return named if named in GB_SECOND_USD else "x86_64"


def dollars(amount: float) -> str:
    """Return an amount of dollars with as many decimals as it takes to see it."""
    if amount == 0:
        return "$0"
    return f"${amount:,.2f}" if amount >= 0.01 else "less than $0.01"


def daily_change(what: str, old_usd: float, new_usd: float, basis: str) -> str:
    """Return the sentence on what a change costs a day."""
    return f"{what}: {dollars(old_usd)} → {dollars(new_usd)} a day {basis} (list price of us-east-1, {PRICING_URL})"
