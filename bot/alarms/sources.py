"""From a load balancer, a queue, a stream or a metric filter to the functions behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from bot.alarms.apis import of_rest_api
from bot.alarms.candidates import Candidate, functions_in
from bot.alarms.clues import Clue
from bot.alarms.questions import NotThere, Questions
from bot.models.incident_file import FrontDoor

_FUNCTION_LOG: Final = re.compile(r"/aws/lambda/(?:(?P<edge>us-east-1)\.)?(?P<name>[A-Za-z0-9_-]+)")
_EXECUTION_LOG: Final = re.compile(r"API-Gateway-Execution-Logs_(?P<id>[a-z0-9]+)/(?P<stage>.+)")


def behind_target_group(arn: str, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the function that is registered in a target group."""
    try:
        answer = ask.ask("load_balancer", "elbv2", "describe_target_health", TargetGroupArn=arn) or {}
    except NotThere:
        notes.append(f"target group {arn.rpartition(':')[2]} does not exist any more")
        return []
    door = FrontDoor(kind="alb", id=arn)
    targets = [(t.get("Target") or {}).get("Id") for t in answer.get("TargetHealthDescriptions") or []]
    return [replace(c, front_door=door) for target in targets for c in functions_in(target)]


def behind_load_balancer(arn: str, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the functions in the target groups of a load balancer."""
    try:
        groups = ask.pages("load_balancer", "elbv2", "describe_target_groups", "TargetGroups", LoadBalancerArn=arn)
    except NotThere:
        notes.append(f"load balancer {arn.rpartition(':')[2]} does not exist any more")
        return []
    arns = [str(g["TargetGroupArn"]) for g in groups if g.get("TargetType") == "lambda" and g.get("TargetGroupArn")]
    return [candidate for group in arns for candidate in behind_target_group(group, ask, notes)]


def behind_event_source(arn: str, ask: Questions) -> list[Candidate]:
    """Return the functions that a mapping feeds from a queue or stream."""
    mappings = ask.pages("event_sources", "lambda", "list_event_source_mappings", "EventSourceMappings", EventSourceArn=arn)
    return [candidate for mapping in mappings for candidate in _of_mapping(mapping)]


def behind_table(name: str, ask: Questions) -> list[Candidate]:
    """Return the functions that a table's stream feeds; its ARN ends in a time that no metric says."""
    mappings = ask.pages("event_sources", "lambda", "list_event_source_mappings", "EventSourceMappings")
    ours = [m for m in mappings if f":table/{name}/stream/" in str(m.get("EventSourceArn"))]
    return [candidate for mapping in ours for candidate in _of_mapping(mapping)]


def behind_mapping(uuid: str, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the function of one mapping."""
    try:
        return _of_mapping(ask.ask("event_sources", "lambda", "get_event_source_mapping", UUID=uuid) or {})
    except NotThere:
        notes.append(f"event source mapping {uuid} does not exist any more")
        return []


def behind_queue(clue: Clue, arn: str, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the functions that a queue feeds, or, for a dead-letter queue, that its source queues feed."""
    found = behind_event_source(arn, ask)
    if found:
        return found
    try:
        url = (ask.ask("event_sources", "sqs", "get_queue_url", QueueName=clue.name) or {}).get("QueueUrl")
        answer = ask.ask("event_sources", "sqs", "list_dead_letter_source_queues", QueueUrl=url) if url else None
    except NotThere:
        notes.append(f"queue {clue.name} does not exist any more")
        return []
    names = [str(source).rpartition("/")[2] for source in (answer or {}).get("queueUrls") or []]
    if names:
        notes.append(f"{clue.name} is the dead-letter queue of {', '.join(names)}")
    prefix = arn.rpartition(":")[0]
    return [candidate for name in names for candidate in behind_event_source(f"{prefix}:{name}", ask)]


def behind_metric_filter(clue: Clue, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the functions whose logs feed a metric of the customer's own."""
    filters = ask.pages(
        "logs", "logs", "describe_metric_filters", "metricFilters", metricName=clue.name, metricNamespace=clue.namespace or ""
    )
    groups = list(dict.fromkeys(str(f["logGroupName"]) for f in filters if f.get("logGroupName")))
    if not groups:
        notes.append(f"no log metric filter writes {clue.namespace}/{clue.name}")
    found: list[Candidate] = []
    for group in groups:
        found += of_log_group(group, ask, notes)
    return found


def of_log_group(group: str, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the functions that write to a log group, by its name or by their own configuration."""
    execution = _EXECUTION_LOG.fullmatch(group)
    if execution:
        return of_rest_api(execution["id"], Clue("rest-api", group, stage=execution["stage"]), ask)
    own = _FUNCTION_LOG.fullmatch(group)
    if own:
        return [Candidate(own["name"])]
    functions = ask.pages("function", "lambda", "list_functions", "Functions")
    found = [Candidate(str(f["FunctionName"])) for f in functions if _log_group(f) == group]
    if not found:
        notes.append(f"no function logs to {group}")
    return found


def _log_group(function: dict[str, Any]) -> object:
    return (function.get("LoggingConfig") or {}).get("LogGroup")


def _of_mapping(mapping: dict[str, Any]) -> list[Candidate]:
    door = FrontDoor(kind="event-source", id=mapping.get("EventSourceArn"))
    return [replace(c, front_door=door) for c in functions_in(mapping.get("FunctionArn"))]
