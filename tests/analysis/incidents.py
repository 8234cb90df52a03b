"""Small incident files for tests, written the way the contract writes them."""

from __future__ import annotations

import json
from typing import Any

from bot.analysis.analyse import analyse
from bot.analysis.facts import Facts
from bot.models.incident_file import IncidentFile

FUNCTION_GROUP = "/aws/lambda/checkout"
GATEWAY_GROUP = "API-Gateway-Execution-Logs_a1b2c3d4e5/prod"
START_MS = 1_778_728_320_000
ID = "8f5f0a1e-2a6b-4c3d-9e8f-0123456789ab"
OTHER_ID = "11111111-2222-4333-8444-555555555555"


def an_incident(*, kind: str | None = None, function_name: str | None = "checkout", **sections: Any) -> IncidentFile:
    """Return an incident file with the sections given and nothing else."""
    target = sections.pop("target", None) or {"function_name": function_name, "front_door": {"kind": kind} if kind else None}
    return IncidentFile.from_json(json.dumps({"version": 1, "target": target, **sections}))


def a_log(*messages: str, group: str = FUNCTION_GROUP, stream: str | None = None, start_ms: int = START_MS) -> dict[str, Any]:
    """Return a log group with one event a message, a millisecond apart."""
    events: list[dict[str, Any]] = [{"timestamp": start_ms + i, "message": message} for i, message in enumerate(messages)]
    if stream:
        for event in events:
            event["stream"] = stream
    return {"group": group, "events": events}


def report(request_id: str = ID, *, duration: str = "102.25", size: int = 512, used: int = 80, tail: str = "") -> str:
    """Return a REPORT line as Lambda writes it."""
    return (
        f"REPORT RequestId: {request_id}\tDuration: {duration} ms\tBilled Duration: 103 ms\t"
        f"Memory Size: {size} MB\tMax Memory Used: {used} MB\t{tail}\n"
    )


def facts_of(**sections: Any) -> Facts:
    """Return the facts of an incident with these sections."""
    return analyse(an_incident(**sections))


def a_metric(name: str, *values: float, stat: str = "Sum", namespace: str = "AWS/Lambda", **dimensions: str) -> dict[str, Any]:
    """Return a series, of the function where no dimensions are given."""
    given = dimensions if dimensions or namespace != "AWS/Lambda" else {"FunctionName": "checkout"}
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": given,
        "Stat": stat,
        "Period": 60,
        "Timestamps": [],
        "Values": list(values),
    }
