"""Which function an alarm is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.alarms.apis import behind_api, behind_rest_api
from bot.alarms.candidates import Candidate, distinct, ranked
from bot.alarms.children import with_children
from bot.alarms.clues import Clue, ClueKind, clues
from bot.alarms.questions import Questions
from bot.alarms.sources import (
    behind_event_source,
    behind_load_balancer,
    behind_mapping,
    behind_metric_filter,
    behind_queue,
    behind_table,
    behind_target_group,
)
from bot.models.alarm import Alarm
from bot.models.incident_file import Gap, Target
from bot.models.window import Window
from bot.ports import AwsClients

IAM_ACTIONS: Final = frozenset(
    {
        "apigateway:GET",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "lambda:GetEventSourceMapping",
        "lambda:GetFunctionConfiguration",
        "lambda:ListEventSourceMappings",
        "lambda:ListFunctions",
        "logs:DescribeMetricFilters",
        "sqs:GetQueueUrl",
        "sqs:ListDeadLetterSourceQueues",
    }
)
"""Every IAM action that the search needs; all of them read."""


@dataclass(frozen=True)
class ResolvedTarget:
    """The functions that an alarm may be about, best first, and the window to look at.

    `alarm` is the alarm with the metrics of its children. `notes` are sentences for the thread. `deleted` names functions that
    do not exist any more; they stay among the targets, since that may be the very cause.
    """

    alarm: Alarm
    targets: tuple[Target, ...]
    window: Window
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    deleted: tuple[str, ...] = ()

    @property
    def best(self) -> Target | None:
        """Return the function to investigate first, or None where none was found."""
        return self.targets[0] if self.targets else None


def resolve(alarm: Alarm, aws: AwsClients, *, now: datetime) -> ResolvedTarget:
    """Find the functions behind an alarm. A question that fails becomes a gap; nothing raises but a fault of our own."""
    ask, notes = Questions(aws, alarm.region), list[str]()
    alarm = with_children(alarm, ask, notes)
    window = alarm.window(now)
    found = distinct([candidate for clue in clues(alarm) for candidate in _behind(clue, alarm, ask, notes)])
    candidates = ranked(found, window, ask)
    notes += _sentences(alarm, candidates)
    return ResolvedTarget(
        alarm=alarm,
        targets=tuple(_target(candidate, alarm) for candidate in candidates),
        window=window,
        notes=tuple(dict.fromkeys(notes)),
        gaps=tuple(ask.gaps),
        deleted=tuple(dict.fromkeys(c.function_name for c in candidates if c.deleted)),
    )


def _behind(clue: Clue, alarm: Alarm, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the functions that one clue leads to."""
    if clue.kind == "function":
        return [Candidate(clue.name, clue.qualifier)]
    if clue.kind == "metric-filter":
        # A metric that names its function needs no filter to lead there.
        named = any(c.kind == "function" for c in clues(alarm))
        return [] if named else behind_metric_filter(clue, ask, notes)
    by_name: dict[ClueKind, Callable[[], list[Candidate]]] = {
        "rest-api": lambda: behind_rest_api(clue, ask, notes),
        "api": lambda: behind_api(clue, ask, notes),
        "mapping": lambda: behind_mapping(clue.name, ask, notes),
        "table": lambda: behind_table(clue.name, ask),
    }
    if clue.kind in by_name:
        return by_name[clue.kind]()
    return _behind_arn(clue, alarm, ask, notes)


def _behind_arn(clue: Clue, alarm: Alarm, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Follow a clue whose question wants an ARN, which the metric's name, region and account make up."""
    if alarm.region is None or alarm.account_id is None:
        notes.append(f"{clue.kind} {clue.name}: the alarm says neither ARN nor account, so it cannot be looked up")
        return []
    partition = "aws-cn" if alarm.region.startswith("cn-") else "aws-us-gov" if alarm.region.startswith("us-gov-") else "aws"
    where = f"{alarm.region}:{alarm.account_id}"
    if clue.kind == "target-group":
        return behind_target_group(f"arn:{partition}:elasticloadbalancing:{where}:{clue.name}", ask, notes)
    if clue.kind == "load-balancer":
        return behind_load_balancer(f"arn:{partition}:elasticloadbalancing:{where}:loadbalancer/{clue.name}", ask, notes)
    if clue.kind == "queue":
        return behind_queue(clue, f"arn:{partition}:sqs:{where}:{clue.name}", ask, notes)
    return behind_event_source(f"arn:{partition}:kinesis:{where}:stream/{clue.name}", ask)


def _target(candidate: Candidate, alarm: Alarm) -> Target:
    return Target(
        function_name=candidate.function_name,
        qualifier=candidate.qualifier,
        region=alarm.region,
        account_id=candidate.account_id or alarm.account_id,
        front_door=candidate.front_door,
    )


def _sentences(alarm: Alarm, candidates: list[Candidate]) -> list[str]:
    """Say what a reader must know about the choice."""
    said = [
        f"function {c.function_name}{f' (alias {c.qualifier})' if c.qualifier else ''} does not exist any more"
        for c in candidates
        if c.deleted
    ]
    if alarm.late:
        said.append("the notice waited for the end of a mute window, so the alarm is older than it looks")
    if not candidates:
        watched = ", ".join(sorted({f"{m.namespace}/{m.name}" for m in alarm.metrics})) or "no metric"
        said.append(f"no function was found behind alarm {alarm.name}, which watches {watched}")
    elif len(candidates) > 1:
        first = candidates[0]
        if first.errors is None:
            said.append(f"{len(candidates)} functions are behind this alarm; which of them failed could not be read")
        else:
            figures = f"{first.errors:.0f} errors and {first.throttles or 0:.0f} throttles"
            said.append(f"{len(candidates)} functions are behind this alarm; {first.function_name} had the most to answer for: {figures}")
    return said
