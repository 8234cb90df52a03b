"""What a caller's status, body and headers say, by the kind of front door it came through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from bot.analysis.facts import GatewayOutcome, TextRole
from bot.analysis.gateway_words import EDGE_CACHE, ERROR_TYPE_HEADERS, Reason, reason_in
from bot.analysis.limits import front_door_kind, integrations
from bot.analysis.reading import verbatim
from bot.models.diagnosis import Citation
from bot.models.incident_file import Client, IncidentFile

_GATEWAYS: Final = ("rest-api", "http-api", "websocket-api")
_DIRECT: Final = ("direct-invoke", "function-url", "cloudfront", "trigger", "event-source")


def client_outcomes(incident: IncidentFile) -> tuple[GatewayOutcome, ...]:
    """Return what the gateway itself said to the caller; empty where the words could be anyone's."""
    client = incident.client
    if client is None:
        return ()
    kind = front_door_kind(incident)
    found: dict[Reason, GatewayOutcome] = {}
    for reason, role, ref, raw, detail in _told(client, kind, incident):
        if reason not in found:
            cite = Citation(section="client", ref=ref, text=verbatim(raw, detail))
            found[reason] = GatewayOutcome(
                cite=(cite,), status=client.status, reason=reason, detail=detail[:300], latency_ms=client.duration_ms, source=role
            )
    return tuple(found.values())


_Told = tuple[Reason, TextRole, str, str, str]


def _told(client: Client, kind: str | None, incident: IncidentFile) -> Iterator[_Told]:
    body = client.body or ""
    words = _body_reason(body, client, kind, incident)
    if words:
        yield words, "client-body", "client.body", body, body.strip()
    for name in sorted(client.headers):
        value = str(client.headers[name])
        reason = _header_reason(name.lower(), value, kind)
        # A header names only the class of error; what the body says in words is closer.
        if reason and not words:
            yield reason, "client-header", f"client.headers.{name}", value, value
    if not words and (by_status := _status_reason(client, kind)):
        yield by_status, "client-body", "client.status", str(client.status), str(client.status)


def _header_reason(name: str, value: str, kind: str | None) -> Reason | None:
    if name == "x-cache":
        return EDGE_CACHE.get(value.split(" ", 1)[0])
    if name not in ("x-amzn-errortype", "x-amz-errortype"):
        return None
    code = value.split(":", 1)[0]
    if code == "TooManyRequestsException":
        return "throttled-lambda" if kind in _DIRECT else "gateway-throttle" if kind in _GATEWAYS else None
    return ERROR_TYPE_HEADERS.get(code)


def _body_reason(body: str, client: Client, kind: str | None, incident: IncidentFile) -> Reason | None:
    if not body.strip():
        return None
    if kind == "appsync" and (reason := _appsync_reason(body)):
        return reason
    if "TooManyRequestsException" in body and kind not in _GATEWAYS:
        return "throttled-lambda"
    if reason := reason_in(body):
        return reason
    document = _load(body)
    said = document.get("message", document.get("Message", "")) if document is not None else body.strip().strip('"')
    if said is None:
        return _null_message(client, kind)
    if document is not None and ("errorType" in document or "errorMessage" in document):
        return "function-error"
    return _plain_reason(str(said).strip().rstrip("."), client, kind, incident)


def _null_message(client: Client, kind: str | None) -> Reason | None:
    """A REST API says `{"message":null}` when its authorizer is broken, a function URL `{"Message":null}` when its host does not exist."""
    if kind == "rest-api" and client.status in (500, None):
        return "authorizer-failed"
    return "not-found" if kind == "function-url" and client.status == 403 else None


def _plain_reason(said: str, client: Client, kind: str | None, incident: IncidentFile) -> Reason | None:
    """Words that mean different things behind different front doors."""
    if said == "Forbidden" and client.status in (403, None):
        return _forbidden(kind, incident)
    if said == "Unauthorized" and client.status in (401, None) and kind in _GATEWAYS:
        return "unauthorized"
    if said == "Too Many Requests":
        return "gateway-throttle" if kind in _GATEWAYS else "throttled-lambda" if kind in _DIRECT else None
    if said == "Limit Exceeded" and kind == "rest-api":
        return "quota"
    if said == "Service Unavailable" and kind == "http-api" and client.status in (503, None):
        return "timeout"
    if said == "Not Found" and kind == "http-api" and client.status in (404, None):
        return "not-found"
    if said == "Internal Server Error" and kind == "function-url" and client.status == 502:
        return "function-error"
    return None


def _forbidden(kind: str | None, incident: IncidentFile) -> Reason | None:
    """REST says it for a missing API key, a web ACL's block and an unknown stage; what is configured tells which can be meant."""
    gateway = incident.gateway or {}
    if kind == "http-api":
        return "authorizer-denied" if gateway.get("authorizers") else None
    if kind != "rest-api":
        return None
    needs_key = any(entry.get("apiKeyRequired") is True for entry in integrations(incident))
    stage = gateway.get("stage")
    has_acl = bool(gateway.get("webAcl")) or (isinstance(stage, dict) and bool(stage.get("webAclArn")))
    if needs_key == has_acl:
        return None
    return "api-key" if needs_key else "waf"


def _status_reason(client: Client, kind: str | None) -> Reason | None:
    """Statuses with one meaning only. Sources: API Gateway and Lambda developer guides, as for the words."""
    only: dict[tuple[str | None, int | None], Reason] = {
        ("rest-api", 504): "timeout",
        ("function-url", 429): "throttled-lambda",
    }
    return only.get((kind, client.status))


_APPSYNC_TYPES: Final[dict[str, Reason]] = {
    "Lambda:Unhandled": "function-error",
    "Lambda:Handled": "function-error",
    "Lambda:IllegalArgument": "other",
    "ExecutionTimeout": "timeout",
    "MappingTemplate": "mapping",
    "Unauthorized": "unauthorized",
    "UnauthorizedException": "unauthorized",
}
"""errors[].errorType of a GraphQL answer, which is HTTP 200. Source: AppSync developer guide, "Troubleshooting and common mistakes"."""


def _appsync_reason(body: str) -> Reason | None:
    document = _load(body)
    errors = (document or {}).get("errors")
    for error in errors if isinstance(errors, list) else []:
        if not isinstance(error, dict):
            continue
        if reason := reason_in(str(error.get("message", ""))):
            return reason
        if reason := _APPSYNC_TYPES.get(str(error.get("errorType", ""))):
            return reason
    return None


def _load(body: str) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
