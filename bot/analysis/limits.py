"""What stands in front of the function, and how long it waits for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bot.analysis.roles import function_name_of
from bot.models.incident_file import IncidentFile

REST_LIMIT_MS: Final = 29_000
"""Default and, without a raised quota (L-E5AE38E3), the most. Source: API Gateway developer guide, "Quotas for configuring and running a
REST API"."""

HTTP_API_LIMIT_MS: Final = 30_000
"""Hard. Source: API Gateway developer guide, "Quotas for configuring and running an HTTP API"."""

WEBSOCKET_LIMIT_MS: Final = 29_000
"""Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API"."""

APPSYNC_LIMIT_MS: Final = 30_000
"""Request execution time for queries, mutations and subscriptions. Source: AWS AppSync endpoints and quotas, AWS general reference."""

EDGE_LIMITS_MS: Final = {"viewer-request": 5_000, "viewer-response": 5_000, "origin-request": 30_000, "origin-response": 30_000}
"""Function timeout of Lambda@Edge by event type. Source: CloudFront developer guide, "Quotas on Lambda@Edge"."""

_LIMITS: Final = {
    "rest-api": REST_LIMIT_MS,
    "http-api": HTTP_API_LIMIT_MS,
    "websocket-api": WEBSOCKET_LIMIT_MS,
    "appsync": APPSYNC_LIMIT_MS,
}
_TIMEOUT_KEYS: Final = ("timeoutInMillis", "TimeoutInMillis")


def front_door_kind(incident: IncidentFile) -> str | None:
    """Return the kind of front door: from the target, else from what was found in front."""
    if incident.target.kind:
        return incident.target.kind
    kind = (incident.gateway or {}).get("kind")
    if isinstance(kind, str):
        return kind
    if incident.function_url:
        return "function-url"
    return "alb" if incident.load_balancer else None


def integrations(incident: IncidentFile) -> list[dict[str, Any]]:
    """Return the gateway's integrations, narrowed to the target's route or function where the file tells which they are."""
    listed = (incident.gateway or {}).get("integrations")
    every = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    route = incident.target.front_door.route if incident.target.front_door else None
    on_route = [entry for entry in every if route and str(entry.get("route") or entry.get("RouteKey") or "") == route]
    if on_route:
        return on_route
    target = function_name_of(incident.target.function_name)
    own = [entry for entry in every if target and function_name_of(integration_uri(entry)) == target]
    return own or every


def integration_uri(entry: dict[str, Any]) -> str | None:
    """Return what an integration calls."""
    value = entry.get("uri") or entry.get("IntegrationUri") or entry.get("integrationUri")
    return value if isinstance(value, str) else None


def front_door_limit_ms(incident: IncidentFile) -> int | None:
    """Return after how long the front door stops waiting; None where it does not or where that is unknown.

    Where integrations differ and the route is unknown, the longest counts, so that nothing is called too slow by mistake.
    """
    kind = front_door_kind(incident)
    if kind == "cloudfront":
        return _cloudfront_limit_ms(incident.gateway or {})
    default = _LIMITS.get(kind or "")
    set_to = [value for entry in integrations(incident) for value in _timeouts(entry)]
    if default is None:
        return None
    return max(set_to) if set_to else default


def _timeouts(entry: dict[str, Any]) -> Iterator[int]:
    for key in _TIMEOUT_KEYS:
        value = entry.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            yield int(value)


def _cloudfront_limit_ms(gateway: dict[str, Any]) -> int | None:
    """Known for Lambda@Edge where the event type is, and for a function URL as origin where the read timeout is."""
    behaviour = gateway.get("DefaultCacheBehavior")
    associations = (behaviour.get("LambdaFunctionAssociations") or {}) if isinstance(behaviour, dict) else {}
    items = associations.get("Items") if isinstance(associations, dict) else None
    limits = [
        EDGE_LIMITS_MS[item["EventType"]] for item in items or [] if isinstance(item, dict) and item.get("EventType") in EDGE_LIMITS_MS
    ]
    if limits:
        return max(limits)
    origins = (gateway.get("Origins") or {}).get("Items") if isinstance(gateway.get("Origins"), dict) else None
    reads = [
        (origin.get("CustomOriginConfig") or {}).get("OriginReadTimeout")
        for origin in origins or []
        if isinstance(origin, dict) and ".lambda-url." in str(origin.get("DomainName", ""))
    ]
    seconds = [value for value in reads if isinstance(value, int)]
    return max(seconds) * 1000 if seconds else None
