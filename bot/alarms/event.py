"""The two events that carry an alarm: EventBridge's state change, and the one of an alarm whose action is a function."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.alarms.fields import dimensions, items, mapping, metric, number, required_state, required_time, seconds, short, state, text
from bot.alarms.notification import kind_of, name_of_arn, names_in_rule
from bot.alarms.regions import account_of_arn, region_code, region_of_arn
from bot.errors import AlarmError
from bot.models.alarm import Alarm, AlarmMetric

SOURCE: Final = "aws.cloudwatch"
"""Events with another source and the same detail-type are best-effort doubles (`aws.monitoring`).
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html."""

DETAIL_TYPES: Final = ("CloudWatch Alarm State Change", "CloudWatch Alarm Contributor State Change")


def is_alarm_event(event: dict[str, Any]) -> bool:
    """Tell an alarm's event by source and detail type, or by the keys of a direct action."""
    return event.get("source") == SOURCE and (event.get("detail-type") in DETAIL_TYPES or "alarmData" in event)


def alarm_of_event(event: dict[str, Any]) -> Alarm:
    """Return the alarm in an EventBridge event or in a direct action's event.

    Raises:
        AlarmError: A field without which nothing can be done is missing or of another shape; it is named.
    """
    part = "alarmData" if "alarmData" in event else "detail"
    detail = mapping(event.get(part))
    configuration, now = mapping(detail.get("configuration")), mapping(detail.get("state"))
    resources = event.get("resources")
    arn = text(event.get("alarmArn")) or (text(resources[0]) if isinstance(resources, list) and resources else None)
    name = text(detail.get("alarmName")) or name_of_arn(arn)
    if name is None:
        raise AlarmError(f"{part}.alarmName: expected a name; found {short(detail.get('alarmName'))}")
    metrics, expressions = _watched(configuration)
    judged = _judged(now)
    contributor = mapping(detail.get("alarmContributor"))
    rule = text(configuration.get("alarmRule"))
    triggering = tuple(child for c in items(judged.get("triggeringAlarms")) if (child := text(c.get("arn"))))
    threshold = judged.get("threshold") if "threshold" in judged else configuration.get("threshold")
    return Alarm(
        name=name,
        arn=arn,
        account_id=text(event.get("account")) or text(event.get("accountId")) or account_of_arn(arn),
        region=region_of_arn(arn) or region_code(event.get("region")),
        state=required_state(now.get("value"), f"{part}.state.value"),
        previous_state=state(mapping(detail.get("previousState")).get("value")),
        reason=text(now.get("reason")) or "",
        description=text(configuration.get("description")),
        changed_at=required_time((f"{part}.state.timestamp", now.get("timestamp")), ("time", event.get("time"))),
        kind=kind_of(metrics, expressions, rule=rule, contributor_id=text(contributor.get("id"))),
        metrics=metrics,
        expressions=expressions,
        threshold=number(threshold),
        comparison=text(configuration.get("comparisonOperator")),
        period_s=seconds(judged.get("period")),
        evaluation_periods=seconds(configuration.get("evaluationPeriods")) or _count(judged.get("evaluatedDatapoints")),
        children=triggering or names_in_rule(rule),
        rule=rule,
        contributor_id=text(contributor.get("id")),
        contributor=dimensions(contributor.get("attributes")),
        late=bool(mapping(detail.get("muteDetail"))),
        suppressed_by=text(now.get("actionsSuppressedBy")),
        raw=event,
    )


def _watched(configuration: dict[str, Any]) -> tuple[tuple[AlarmMetric, ...], tuple[str, ...]]:
    found, expressions = [], []
    for query in items(configuration.get("metrics")):
        stat = mapping(query.get("metricStat"))
        found.append(metric(mapping(stat.get("metric")), stat=stat.get("stat"), period=stat.get("period")))
        if expression := text(query.get("expression")):
            expressions.append(expression)
    return tuple(m for m in found if m), tuple(expressions)


def _judged(now: dict[str, Any]) -> dict[str, Any]:
    """Return what the alarm judged: reasonData is JSON in a text, and only it holds the threshold."""
    try:
        return mapping(json.loads(now.get("reasonData") or "{}"))
    except (TypeError, ValueError, RecursionError):
        return {}


def _count(value: object) -> int | None:
    return len(value) or None if isinstance(value, list) else None
