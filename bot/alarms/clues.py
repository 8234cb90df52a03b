"""What an alarm's metrics say about where to look: one clue for each kind of dimension."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from bot.models.alarm import Alarm, AlarmMetric

ClueKind = Literal["function", "rest-api", "api", "target-group", "load-balancer", "queue", "stream", "table", "mapping", "metric-filter"]

FUNCTION_DIMENSIONS: Final = ("FunctionName", "function_name", "functionName", "Function", "LambdaFunctionName")
"""AWS's own name, Lambda Insights' (`function_name`), and what embedded metrics are seen to use."""

_IN_EXPRESSION: Final = re.compile(r"""["']?FunctionName["']?\\?["']?\s*=\s*\\?["']([A-Za-z0-9_-]{1,140})\\?["']""")
"""A function in SEARCH('{AWS/Lambda,FunctionName} FunctionName="orders"') or in Metrics Insights' WHERE."""


@dataclass(frozen=True, slots=True)
class Clue:
    """Where to look. `name` is the dimension's value; the rest narrows it down."""

    kind: ClueKind
    name: str
    qualifier: str | None = None
    stage: str | None = None
    route: str | None = None
    namespace: str | None = None


def clues(alarm: Alarm) -> tuple[Clue, ...]:
    """Return where to look, the surest first and each once."""
    found = [clue for metric in alarm.metrics for clue in _of_metric(metric)]
    found += _of_metric(AlarmMetric(namespace="", name="", dimensions=alarm.contributor))
    found += [Clue("function", name) for expression in alarm.expressions for name in _IN_EXPRESSION.findall(expression)]
    found += [Clue("metric-filter", m.name, namespace=m.namespace) for m in alarm.metrics if is_custom(m.namespace)]
    return tuple(dict.fromkeys(found))


def is_custom(namespace: str) -> bool:
    """Tell a namespace of the customer's own."""
    return not namespace.startswith("AWS/") and namespace not in ("", "LambdaInsights", "ContainerInsights", "CWAgent")


def _of_metric(metric: AlarmMetric) -> Iterator[Clue]:
    where = metric.dimensions
    function = next((where[name] for name in FUNCTION_DIMENSIONS if where.get(name)), None)
    if function:
        yield Clue("function", function.partition(":")[0], qualifier=_qualifier(where.get("Resource") or function))
    if where.get("ApiName"):
        yield Clue("rest-api", where["ApiName"], stage=where.get("Stage"), route=_route(where))
    if where.get("ApiId"):
        yield Clue("api", where["ApiId"], stage=where.get("Stage"), route=where.get("Route"))
    if where.get("TargetGroup"):
        yield Clue("target-group", where["TargetGroup"])
    elif where.get("LoadBalancer"):
        yield Clue("load-balancer", where["LoadBalancer"])
    if where.get("EventSourceMappingUUID"):
        yield Clue("mapping", where["EventSourceMappingUUID"])
    if metric.namespace == "AWS/SQS" and where.get("QueueName"):
        yield Clue("queue", where["QueueName"])
    if metric.namespace == "AWS/Kinesis" and where.get("StreamName"):
        yield Clue("stream", where["StreamName"])
    if metric.namespace == "AWS/DynamoDB" and where.get("TableName"):
        yield Clue("table", where["TableName"])


def _qualifier(resource: str) -> str | None:
    """Return alias or version of `fn:alias`; a path (`/orders`) is an API's Resource and none."""
    name, _, qualifier = resource.partition(":")
    return qualifier if qualifier and qualifier != "$LATEST" and not name.startswith("/") else None


def _route(where: dict[str, str]) -> str | None:
    if not where.get("Resource"):
        return None
    return f"{where.get('Method') or 'ANY'} {where['Resource']}"
