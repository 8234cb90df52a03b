"""From a composite alarm to the metrics of its children."""

from __future__ import annotations

from typing import Any, Final

from bot.alarms.fields import text
from bot.alarms.notification import name_of_arn, names_in_rule, watched
from bot.alarms.questions import NotThere, Questions
from bot.models.alarm import Alarm

MAX_DEPTH: Final = 4
MAX_ALARMS: Final = 100
"""DescribeAlarms takes 100 names. Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html."""


def with_children(alarm: Alarm, ask: Questions, notes: list[str]) -> Alarm:
    """Return a composite alarm with the metrics and expressions of the alarms below it; any other alarm as it is.

    A delivery that names no child leaves the rule, which DescribeAlarms has.
    """
    if alarm.kind != "composite":
        return alarm
    wanted = alarm.children or (alarm.arn or alarm.name,)
    seen: set[str] = set()
    metrics, expressions = list(alarm.metrics), list(alarm.expressions)
    for _ in range(MAX_DEPTH):
        names = [name for name in dict.fromkeys(name_of_arn(child) or child for child in wanted) if name not in seen]
        if not names:
            break
        seen.update(names)
        found_metrics, found_composites = _described(names[:MAX_ALARMS], ask, notes)
        for described in found_metrics:
            watched_metrics, watched_expressions = watched(described)
            metrics += watched_metrics
            expressions += watched_expressions
        wanted = tuple(child for composite in found_composites for child in names_in_rule(text(composite.get("AlarmRule"))))
    else:
        notes.append(f"composite alarms below {alarm.name} are nested deeper than {MAX_DEPTH}: looked no further")
    return alarm.model_copy(update={"metrics": tuple(metrics), "expressions": tuple(expressions)})


def _described(names: list[str], ask: Questions, notes: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return metric and composite alarms by name; where some are in ALARM, only those are why the parent is."""
    try:
        answer = ask.ask("alarm", "cloudwatch", "describe_alarms", AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    except NotThere:
        answer = {}
    if answer is None:
        return [], []
    found = [*(answer.get("MetricAlarms") or []), *(answer.get("CompositeAlarms") or [])]
    lost = set(names) - {str(a.get("AlarmName")) for a in found}
    if lost:
        notes.append(f"alarms that do not exist any more: {', '.join(sorted(lost))}")
    red = [a for a in found if a.get("StateValue") == "ALARM"] or found
    return [a for a in red if "AlarmRule" not in a], [a for a in red if "AlarmRule" in a]
