"""The message that CloudWatch hands to SNS."""

from __future__ import annotations

import re
from typing import Any, Final

from bot.alarms.fields import dimensions, items, mapping, metric, number, required_state, required_time, seconds, short, state, text
from bot.alarms.regions import account_of_arn, region_code, region_of_arn
from bot.errors import AlarmError
from bot.models.alarm import Alarm, AlarmKind, AlarmMetric

OWN_NAMESPACES: Final = ("AWS/", "LambdaInsights", "ContainerInsights", "CWAgent")
"""Namespaces that AWS's own services and agents write to; a metric filter may not. Source:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html."""

_RULE_NAME: Final = re.compile(r"""\bALARM\s*\(\s*(?:"([^"]+)"|'([^']+)'|([^)"'\s]+))\s*\)""")


def is_notification(message: dict[str, Any]) -> bool:
    """Tell an alarm's message by its keys."""
    return "AlarmName" in message or "NewStateValue" in message


def alarm_of_notification(message: dict[str, Any], *, topic_arn: object = None, published_at: object = None) -> Alarm:
    """Return the alarm in an SNS message.

    Args:
        message: The parsed `Message`.
        topic_arn: The topic that carried it; old messages name no ARN of their own, and the topic is in the alarm's region.
        published_at: The envelope's time, for a message without one.

    Raises:
        AlarmError: A field without which nothing can be done is missing or of another shape; it is named.
    """
    arn, trigger = text(message.get("AlarmArn")), mapping(message.get("Trigger"))
    name = text(message.get("AlarmName")) or name_of_arn(arn)
    if name is None:
        raise AlarmError(f"AlarmName: expected a name; found {short(message.get('AlarmName'))}")
    metrics, expressions = watched(trigger)
    rule = text(message.get("AlarmRule"))
    children = tuple(child for c in items(message.get("TriggeringChildren")) if (child := text(c.get("Arn"))))
    contributor_id = text(message.get("AlarmContributorId"))
    return Alarm(
        name=name,
        arn=arn,
        account_id=text(message.get("AWSAccountId")) or account_of_arn(arn) or account_of_arn(topic_arn),
        region=region_of_arn(arn) or region_code(message.get("Region")) or region_of_arn(topic_arn),
        state=required_state(message.get("NewStateValue"), "NewStateValue"),
        previous_state=state(message.get("OldStateValue")),
        reason=text(message.get("NewStateReason")) or "",
        description=text(message.get("AlarmDescription")),
        changed_at=required_time(("StateChangeTime", message.get("StateChangeTime")), ("Timestamp", published_at)),
        kind=kind_of(metrics, expressions, rule=rule, contributor_id=contributor_id, is_composite="TriggeringChildren" in message),
        metrics=metrics,
        expressions=expressions,
        threshold=number(trigger.get("Threshold")),
        comparison=text(trigger.get("ComparisonOperator")),
        period_s=seconds(trigger.get("Period")) or seconds(trigger.get("EvaluationInterval")),
        evaluation_periods=seconds(trigger.get("EvaluationPeriods")),
        children=children or names_in_rule(rule),
        rule=rule,
        contributor_id=contributor_id,
        contributor=dimensions(message.get("AlarmContributorAttributes")),
        late=message.get("ActionExecutedAfterMuteWindow") is True,
        raw=message,
    )


def watched(trigger: dict[str, Any]) -> tuple[tuple[AlarmMetric, ...], tuple[str, ...]]:
    """Return every metric and expression of a Trigger, or of an alarm as DescribeAlarms returns it."""
    found = [metric(trigger, stat=trigger.get("Statistic") or trigger.get("ExtendedStatistic"), period=trigger.get("Period"))]
    expressions = []
    for query in items(trigger.get("Metrics")):
        stat = mapping(query.get("MetricStat"))
        found.append(metric(mapping(stat.get("Metric")), stat=stat.get("Stat"), period=stat.get("Period")))
        if expression := text(query.get("Expression")):
            expressions.append(expression)
    query_text = text(mapping(mapping(trigger.get("EvaluationCriteria")).get("PromQLCriteria")).get("Query"))
    return tuple(m for m in found if m), (*expressions, *([query_text] if query_text else []))


def kind_of(
    metrics: tuple[AlarmMetric, ...],
    expressions: tuple[str, ...],
    *,
    rule: str | None = None,
    contributor_id: str | None = None,
    is_composite: bool = False,
) -> AlarmKind:
    """Return what kind of alarm it is."""
    if contributor_id:
        return "contributor"
    if rule or is_composite:
        return "composite"
    if any("ANOMALY_DETECTION_BAND" in expression for expression in expressions):
        return "anomaly"
    if expressions:
        return "math"
    return "log-filter" if metrics and not any(m.namespace.startswith(OWN_NAMESPACES) for m in metrics) else "metric"


def names_in_rule(rule: str | None) -> tuple[str, ...]:
    """Return the names or ARNs of the alarms that a composite alarm's rule wants in ALARM."""
    return tuple(dict.fromkeys(next(filter(None, found.groups())) for found in _RULE_NAME.finditer(rule or "")))


def name_of_arn(arn: str | None) -> str | None:
    """Return the alarm's name in its ARN; a name may hold colons."""
    parts = (arn or "").split(":", 6)
    return parts[6] or None if len(parts) == 7 and parts[5] == "alarm" else None
