"""The variables that a playbook's texts may use."""

from __future__ import annotations

from typing import Any, Final

from bot.analysis.facts import Facts
from bot.models.incident_file import IncidentFile
from bot.playbooks.assess import Assessment

FRONT_DOORS: Final = {
    "rest-api": "REST API",
    "http-api": "HTTP API",
    "websocket-api": "WebSocket API",
    "function-url": "function URL",
    "alb": "load balancer",
    "cloudfront": "CloudFront distribution",
    "appsync": "AppSync API",
    "event-source": "event source",
    "trigger": "trigger",
    "direct-invoke": "direct caller",
}


class Context:
    """What all texts about one incident share."""

    def __init__(self, incident: IncidentFile, facts: Facts) -> None:
        kind = incident.target.kind or facts.front_door.kind
        status = facts.front_door.status
        if status is None and incident.client is not None:
            status = incident.client.status
        self._shared: dict[str, Any] = {
            "function": incident.target.function_name or "the function",
            "front_door": FRONT_DOORS.get(kind or "", "front door"),
            "status": status,
            "region": incident.target.region or "its region",
            "window": window_words(incident),
            "facts": facts,
            "incident": incident,
            "timeout_s": _timeout_s(incident, facts),
            "memory_mb": _memory_mb(incident, facts),
        }

    def of(self, assessment: Assessment) -> dict[str, Any]:
        """Return the variables for the texts of one playbook."""
        return {**assessment.bindings, **self._shared, "count": assessment.count}


def window_words(incident: IncidentFile) -> str:
    """Return the span that the logs cover, in words."""
    stamps = [event.timestamp for group in incident.logs or () for event in group.events]
    if not stamps:
        return "the time that was read"
    span_s = (max(stamps) - min(stamps)) / 1000
    for limit, size, unit in ((90, 1, "second"), (90 * 60, 60, "minute"), (48 * 3600, 3600, "hour")):
        if span_s < limit:
            number = max(1, round(span_s / size))
            return f"{number} {unit}{'s' * (number != 1)}"
    return f"{round(span_s / 86400)} days"


def _timeout_s(incident: IncidentFile, facts: Facts) -> float | int | None:
    configured = (incident.function or {}).get("Timeout")
    if isinstance(configured, int | float) and not isinstance(configured, bool):
        return configured
    return next((item.timeout_s for item in facts.invocations if item.timeout_s), None)


def _memory_mb(incident: IncidentFile, facts: Facts) -> int | None:
    configured = (incident.function or {}).get("MemorySize")
    if isinstance(configured, int) and not isinstance(configured, bool):
        return configured
    return next((item.memory_size_mb for item in facts.invocations if item.memory_size_mb), None)
