"""Whether callers are served again: the incident's own alarm, and the metric behind it before and after a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.errors import RemediationError
from bot.models.change import Change
from bot.ports import AwsClients
from bot.remediations.calls import call_aws

READS: Final = frozenset({"cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"})
"""The IAM actions that it takes."""

BEFORE_S: Final = 900
"""So much of the time before the change is compared with the time after it."""

PERIOD_S: Final = 60
"""Lambda's metrics come by the minute. Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html"""

ENOUGH: Final = 3.0
"""At the rate of failures before, so many would have been seen since: fewer calls than that prove nothing."""

Points = list[tuple[float, float]]
"""Start of a period, and its value."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen; `said` is for people."""

    alarm_state: str | None
    recovered_at: float | None
    said: str


@dataclass(frozen=True, slots=True)
class _Alarm:
    name: str
    region: str


def look(change: Change, aws: AwsClients, now: float) -> Seen:
    """Look at the alarm, and at its metric or the function's own."""
    alarm_name = alarm_of(change)
    if alarm_name is None:
        return _by_function(change, aws, now)
    try:
        alarm = _described(alarm_name, aws)
        if alarm is None:
            seen = _by_function(change, aws, now)
            return Seen(None, seen.recovered_at, f"alarm {alarm_name.name} is gone; {seen.said}")
        return _by_alarm(change, alarm, alarm_name, aws, now)
    except RemediationError as exc:
        return Seen(None, None, f"the alarm could not be read: {exc}")


def alarm_of(change: Change) -> _Alarm | None:
    """Return the alarm's name and region from its identity: an ARN, or `account:region:name`; a contributor's mark is left out."""
    parts = change.alarm_arn.partition("#")[0].split(":", 6)
    if len(parts) == 7 and parts[0] == "arn":
        return _Alarm(parts[6], parts[3])
    if len(parts) >= 3:
        return _Alarm(":".join(parts[2:]), parts[1])
    return None


def _described(alarm: _Alarm, aws: AwsClients) -> dict[str, Any] | None:
    asked = {"AlarmNames": [alarm.name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    answer = call_aws(aws, alarm.region, "cloudwatch", "DescribeAlarms", asked)
    found: list[dict[str, Any]] = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return found[0] if found else None


def _by_alarm(change: Change, alarm: dict[str, Any], named: _Alarm, aws: AwsClients, now: float) -> Seen:
    state = str(alarm.get("StateValue", ""))
    changed_at = _seconds(alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp"))
    applied_at = change.applied_at or 0.0
    # The write is in effect some time before it is noted as done.
    began_at = min(applied_at, change.began_at or applied_at)
    if state == "OK" and changed_at is not None and changed_at < began_at:
        # It was over before the change: what the change did shows in the calls alone.
        seen = _by_function(change, aws, now)
        return Seen(state, seen.recovered_at, f"the alarm was OK before the change; {seen.said}")
    recovered_at = (changed_at or now) if state == "OK" else None
    query = _query(alarm)
    if query is None:
        return Seen(state, recovered_at, _by_function(change, aws, now).said)
    queries, wanted, label, stat, period_s = query
    try:
        series = _series(aws, named.region, queries, applied_at, now, period_s)
    except RemediationError as exc:
        return Seen(state, recovered_at, f"the alarm's metric could not be read: {exc}")
    points = series.get(wanted, [])
    before, since = _split(points, applied_at, period_s, now)
    return Seen(state, recovered_at, _told(label, stat, period_s, before, since))


def _query(alarm: dict[str, Any]) -> tuple[list[dict[str, Any]], str, str, str, int] | None:
    """Return queries, the id that counts, its name for people, its statistic and its period; None for a composite alarm."""
    if alarm.get("MetricName"):
        stat, period_s = str(alarm.get("Statistic") or alarm.get("ExtendedStatistic")), int(alarm.get("Period") or PERIOD_S)
        metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions") if alarm.get(key)}
        return [_ask("m", metric, stat, period_s)], "m", str(alarm["MetricName"]), stat, period_s
    queries: list[dict[str, Any]] = alarm.get("Metrics") or []
    shown = [q for q in queries if q.get("ReturnData", True) and q.get("Id") != alarm.get("ThresholdMetricId")]
    if not shown:
        return None
    first, stats = shown[0], [q["MetricStat"] for q in queries if q.get("MetricStat")]
    own = first.get("MetricStat") or {}
    period_s = int(own.get("Period") or first.get("Period") or next((s["Period"] for s in stats), PERIOD_S))
    label = first.get("Label") or own.get("Metric", {}).get("MetricName") or first.get("Expression") or first["Id"]
    return queries, str(first["Id"]), str(label), str(own.get("Stat", "")), period_s


def _by_function(change: Change, aws: AwsClients, now: float) -> Seen:
    """Judge by the function's own calls: as many as would have shown failures before, and none failed."""
    plan, applied_at = change.plan, change.applied_at or 0.0
    names = ("Invocations", "Errors", "Throttles")
    dimensions = [{"Name": "FunctionName", "Value": plan.function_name}]
    queries = [
        _ask(name.lower(), {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimensions}, "Sum", PERIOD_S) for name in names
    ]
    try:
        series = _series(aws, plan.region, queries, applied_at, now, PERIOD_S)
    except RemediationError as exc:
        return Seen(None, None, f"the function's metrics could not be read: {exc}")
    parts = [_split(series.get(name.lower(), []), applied_at, PERIOD_S, now) for name in names]
    calls_before, calls_since = parts[0]
    failed_before, failed_since = _added(parts[1][0], parts[2][0]), _added(parts[1][1], parts[2][1])
    label = "errors and throttles" if any(value for _, value in (*parts[2][0], *parts[2][1])) else "errors"
    said = f"{_told(label, 'Sum', PERIOD_S, failed_before, failed_since)}, at {_sum(calls_since):,.0f} calls since"
    ended = [at + PERIOD_S for at, value in failed_since if value > 0]
    clean_from = max([applied_at, *ended])
    clean_calls = sum(value for at, value in calls_since if at >= clean_from)
    # A throttled request is no invocation, so that both together are what callers tried.
    tried = _sum(calls_before) + _sum(parts[2][0])
    rate = min(1.0, _sum(failed_before) / tried) if tried else 0.0
    recovered = rate > 0 and clean_calls * rate >= ENOUGH
    return Seen(None, clean_from if recovered else None, said)


def _ask(query_id: str, metric: dict[str, Any], stat: str, period_s: int) -> dict[str, Any]:
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Stat": stat, "Period": period_s}, "ReturnData": True}


def _series(aws: AwsClients, region: str, queries: list[dict[str, Any]], applied_at: float, now: float, period_s: int) -> dict[str, Points]:
    start = (applied_at - max(BEFORE_S, period_s)) // period_s * period_s
    asked = {
        "MetricDataQueries": queries,
        "StartTime": datetime.fromtimestamp(start, UTC),
        "EndTime": datetime.fromtimestamp(now, UTC),
        "ScanBy": "TimestampAscending",
    }
    results = call_aws(aws, region, "cloudwatch", "GetMetricData", asked).get("MetricDataResults", [])
    return {str(result["Id"]): sorted(zip(map(_at, result["Timestamps"]), map(float, result["Values"]), strict=True)) for result in results}


def _split(points: Points, applied_at: float, period_s: int, now: float) -> tuple[Points, Points]:
    """Return the whole periods before the change and those since; the one that it falls into is neither."""
    before = [(at, value) for at, value in points if at + period_s <= applied_at]
    since = [(at, value) for at, value in points if at >= applied_at and at + period_s <= now]
    return before, since


def _told(label: str, stat: str, period_s: int, before: Points, since: Points) -> str:
    if stat in ("Sum", "SampleCount"):
        return f"{label} per minute: {_mean(before, 60 / period_s)} before, {_mean(since, 60 / period_s)} since"
    if stat == "Maximum" or stat.startswith("p"):
        return f"{label} ({stat}): {_most(before)} before, {_most(since)} since"
    name = f"{label} ({stat})" if stat else label
    return f"{name}: {_mean(before, 1)} before, {_mean(since, 1)} since"


def _mean(points: Points, times: float) -> str:
    return _number(_sum(points) / len(points) * times) if points else "no data"


def _most(points: Points) -> str:
    return _number(max(value for _, value in points)) if points else "no data"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:,.2g}" if abs(value) < 1 else f"{value:,.1f}"


def _sum(points: Points) -> float:
    return sum(value for _, value in points)


def _added(first: Points, second: Points) -> Points:
    total = dict(first)
    for at, value in second:
        total[at] = total.get(at, 0.0) + value
    return sorted(total.items())


def _at(moment: datetime) -> float:
    return moment.timestamp()


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
