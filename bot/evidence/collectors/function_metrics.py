"""The function's own metrics and the account's concurrency, in one call."""

from __future__ import annotations

from typing import ClassVar, Final

from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context
from bot.evidence.metrics import queries, read_metrics

LAMBDA: Final = "AWS/Lambda"

OF_FUNCTION: Final = {
    "Invocations": ("Sum",),
    "Errors": ("Sum",),
    "Throttles": ("Sum",),
    "Duration": ("Average", "Maximum", "p99"),
    "ConcurrentExecutions": ("Maximum",),
    "ProvisionedConcurrencySpilloverInvocations": ("Sum",),
    "ProvisionedConcurrencyUtilization": ("Maximum",),
    "UrlRequestCount": ("Sum",),
    "Url4xxCount": ("Sum",),
    "Url5xxCount": ("Sum",),
    "UrlRequestLatency": ("Maximum",),
    "IteratorAge": ("Maximum",),
    "AsyncEventAge": ("Maximum",),
    "AsyncEventsDropped": ("Sum",),
    "DeadLetterErrors": ("Sum",),
    "DestinationDeliveryFailures": ("Sum",),
}
"""Statistics that say something of each metric.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

OF_ACCOUNT: Final = {
    "ConcurrentExecutions": ("Maximum",),
    "UnreservedConcurrentExecutions": ("Maximum",),
    "ClaimedAccountConcurrency": ("Maximum",),
}


@COLLECTORS.register("function-metrics")
class FunctionMetrics(Collector):
    """What the function and the account's pool did in the window."""

    sections = ("metrics",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"cloudwatch:GetMetricData"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"

    def collect(self, context: Context) -> None:
        """Read them; nothing else needs to be known first."""
        own = {"FunctionName": str(context.target.function_name)}
        read_metrics(context, queries(LAMBDA, own, OF_FUNCTION) + queries(LAMBDA, {}, OF_ACCOUNT))
