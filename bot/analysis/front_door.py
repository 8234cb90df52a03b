"""The front door: its limit, what callers see, and whether that is the gateway's word or the function's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from bot.analysis.facts import FrontDoorFacts, GatewayOutcome
from bot.analysis.gateway import GatewayTable
from bot.analysis.limits import front_door_kind, front_door_limit_ms, integrations
from bot.models.incident_file import IncidentFile

StatusFrom = Literal["client", "gateway-log", "access-log", "alarm", "unknown"]

_ALARM_STATUSES: Final = {
    "HTTPCode_ELB_500_Count": 500,
    "HTTPCode_ELB_502_Count": 502,
    "HTTPCode_ELB_503_Count": 503,
    "HTTPCode_ELB_504_Count": 504,
}
"""Alarms whose metric counts one status. Source: Elastic Load Balancing, "CloudWatch metrics for your Application Load Balancer"."""

_RATE_KEYS: Final = frozenset(
    {"throttlingratelimit", "throttlingburstlimit", "throttling_rate_limit", "throttling_burst_limit", "ratelimit", "burstlimit"}
)
_PROXY_TYPES: Final = ("AWS_PROXY", "LAMBDA_PROXY")


def front_door_facts(incident: IncidentFile, table: GatewayTable, outcomes: tuple[GatewayOutcome, ...]) -> FrontDoorFacts:
    """Put together what is known of the front door."""
    limit = front_door_limit_ms(incident)
    timeout_ms = function_timeout_ms(incident)
    status, status_from = _status(incident, table)
    return FrontDoorFacts(
        kind=front_door_kind(incident),
        limit_ms=limit,
        function_timeout_ms=timeout_ms,
        function_outlives_it=None if limit is None or timeout_ms is None else timeout_ms > limit,
        payload_format=_only(entry.get("payloadFormatVersion") or entry.get("PayloadFormatVersion") for entry in integrations(incident)),
        is_proxy=_is_proxy(incident),
        gateway_throttle_zero=_throttles_everything(incident),
        status=status,
        status_from=status_from,
        handler_answered=_handler_answered(incident, table, outcomes, status),
        forwards_host=_forwards_host(incident),
        domain_without_mapping=_domain_without_mapping(incident),
    )


_OWN_HOST = re.compile(r"\.(execute-api|lambda-url)\.|\.cloudfront\.net|\.elb\.amazonaws\.com")
"""Host names that AWS gives; any other is a custom domain."""


def _domain_without_mapping(incident: IncidentFile) -> bool | None:
    """Tell whether a custom domain is called that is mapped to nothing; None where the host or the mappings are unknown."""
    request = (incident.client.request if incident.client else None) or {}
    headers = request.get("headers") if isinstance(request.get("headers"), dict) else {}
    host = next((str(value) for name, value in (headers or {}).items() if str(name).lower() == "host"), None)
    host = host or urlsplit(str(request.get("url") or "")).hostname
    gateway = incident.gateway or {}
    mappings = [gateway[key] for key in ("apiMappings", "basePathMappings") if isinstance(gateway.get(key), list)]
    if not host or not mappings:
        return None
    return not _OWN_HOST.search(host) and not any(mappings)


_AWS_ORIGIN = re.compile(r"\.(?:execute-api|lambda-url)\.[a-z0-9-]+\.(?:amazonaws\.com|on\.aws)")
_FORWARDS_HOST: Final = frozenset(
    {"216adef6-5c7f-47e4-b989-5492eafa07d3", "33f36d7e-f396-46d9-90e0-52428a34d9dc", "managed-allviewer", "allviewer",
     "managed-allviewerandcloudfrontheaders-2022-06", "allviewerandcloudfrontheaders-2022-06"}
)  # fmt: skip
"""Managed origin request policies that send the viewer's Host on, by id and name. Source: CloudFront developer guide, "Use managed origin
request policies"."""


def _forwards_host(incident: IncidentFile) -> bool | None:
    """Tell whether a distribution overwrites the Host by which API Gateway and function URLs are found."""
    gateway = incident.gateway or {}
    origins = _items(gateway.get("Origins"))
    if not any(_AWS_ORIGIN.search(str(origin.get("DomainName"))) for origin in origins):
        return None
    behaviours = [gateway.get("DefaultCacheBehavior"), *_items(gateway.get("CacheBehaviors"))]
    return any(_sends_host(one) for one in behaviours if isinstance(one, dict))


def _sends_host(behaviour: dict[str, Any]) -> bool:
    policy = behaviour.get("OriginRequestPolicy")
    named = policy.get("Name") or policy.get("Id") if isinstance(policy, dict) else policy
    name = behaviour.get("OriginRequestPolicyId") or behaviour.get("OriginRequestPolicyName") or named
    if isinstance(name, str) and name.lower() in _FORWARDS_HOST:
        return True
    own = (
        policy.get("HeadersConfig") or (policy.get("OriginRequestPolicyConfig") or {}).get("HeadersConfig")
        if isinstance(policy, dict)
        else None
    )
    sent = own if isinstance(own, dict) else {}
    if str(sent.get("HeaderBehavior")) in ("allViewer", "allViewerAndWhitelistCloudFront"):
        return True
    forwarded = (behaviour.get("ForwardedValues") or {}).get("Headers")
    listed = [header for part in (sent.get("Headers"), forwarded) for header in _values(part)]
    return any(header.lower() in ("host", "*") for header in listed)


def _values(part: object) -> list[str]:
    found = part.get("Items") if isinstance(part, dict) else part
    return [str(value) for value in found] if isinstance(found, list) else []


def _items(part: object) -> list[dict[str, Any]]:
    """Rows of a CloudFront list, which AWS wraps in `Items`."""
    found = part.get("Items") if isinstance(part, dict) else part
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def function_timeout_ms(incident: IncidentFile) -> int | None:
    """Return the function's own Timeout in milliseconds."""
    timeout = (incident.function or {}).get("Timeout")
    return int(timeout * 1000) if isinstance(timeout, int | float) and not isinstance(timeout, bool) else None


def _only(values: Iterator[object]) -> str | None:
    found = {str(value) for value in values if value}
    return next(iter(found)) if len(found) == 1 else None


def _is_proxy(incident: IncidentFile) -> bool | None:
    kinds = {
        str(entry.get("type") or entry.get("IntegrationType"))
        for entry in integrations(incident)
        if entry.get("type") or entry.get("IntegrationType")
    }
    return None if len(kinds) != 1 else kinds <= set(_PROXY_TYPES)


def _throttles_everything(incident: IncidentFile) -> bool:
    gateway = incident.gateway or {}
    parts = [gateway.get(key) for key in ("stage", "throttle", "throttleSettings", "usagePlans", "usage_plans", "routeSettings", "quota")]
    return any(_has_zero(part) for part in parts)


def _has_zero(value: object, name: str = "") -> bool:
    if isinstance(value, dict):
        return any(_has_zero(item, str(key).lower()) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_zero(item, name) for item in value)
    return name in _RATE_KEYS and isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def _status(incident: IncidentFile, table: GatewayTable) -> tuple[int | None, StatusFrom]:
    """The caller's own word, else the commonest failing status that a gateway logged, else the alarm's metric."""
    if incident.client is not None and incident.client.status is not None:
        return incident.client.status, "client"
    logs: tuple[Literal["gateway-log", "access-log"], ...] = ("gateway-log", "access-log")
    for role in logs:
        counted = table.statuses.get(role)
        if counted:
            return min(counted, key=lambda status: (-counted[status], status)), role
    trigger: Any = (incident.alarm or {}).get("Trigger")
    metric = trigger.get("MetricName") if isinstance(trigger, dict) else None
    if metric in _ALARM_STATUSES:
        return _ALARM_STATUSES[metric], "alarm"
    return None, "unknown"


def _handler_answered(incident: IncidentFile, table: GatewayTable, outcomes: tuple[GatewayOutcome, ...], status: int | None) -> bool | None:
    """True where a log shows the function returning this status; False where the gateway gave its own reason for it."""
    if status is None:
        return None
    own = sum(outcome.count for outcome in outcomes if outcome.status in (status, None))
    returned = table.handler_statuses.get(status, 0)
    if returned and returned >= own:
        return True
    if own:
        return False
    headers = {name.lower() for name in incident.client.headers} if incident.client else set()
    return False if "x-amzn-errortype" in headers else None
