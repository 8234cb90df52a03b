"""One line of an access log, in whatever format the owner chose: JSON with any key names, CLF, a load balancer's fields, WAF's JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.analysis.gateway_words import ALB_REASONS, EDGE_CACHE, RESPONSE_TYPES, Reason, reason_in


@dataclass(frozen=True, slots=True)
class AccessRow:
    """What one access log line says of one request."""

    status: int | None = None
    reason: Reason | None = None
    detail: str = ""
    fragment: str = ""
    """The telling part, for the citation."""
    latency_ms: float | None = None
    function_request_id: str | None = None
    function_status: int | None = None
    """The status that the function itself returned."""
    service_status: int | None = None
    """The status that the Lambda service answered the gateway with; 4xx: it refused to run the function."""


_STATUS_KEYS: Final = ("status", "st", "statuscode", "responsestatus", "httpstatus", "response_status", "elb_status_code", "responsecode")
_SERVICE_KEYS: Final = ("integrationstatus", "integration_status", "integration.integrationstatus", "is", "integrationstatuscode")
_FUNCTION_KEYS: Final = ("integration.status", "fs", "functionstatus", "lambdastatus", "function_status", "target_status_code")
_LATENCY_KEYS: Final = (
    "responselatency",
    "rl",
    "response_latency",
    "latency",
    "integrationlatency",
    "il",
    "integration_latency",
    "integration.latency",
)
_REQUEST_KEYS: Final = (
    "lrid", "awsendpointrequestid", "integration.requestid", "integrationrequestid", "lambdarequestid", "aws_endpoint_request_id",
    "integration_request_id",
)  # fmt: skip
"""Lower-cased names that people give to $context variables, after the variable itself or as the developer guide's examples do.
Source: API Gateway developer guide, "Variables for access logging"."""

_ALB_START = re.compile(r"^(?:http|https|h2|ws|wss|grpcs) \d{4}-\d\d-\d\dT\S+ app/")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_ALB_REASON = re.compile(r"\b(" + "|".join(sorted(ALB_REASONS, key=len, reverse=True)) + r")\b")
_CLF_STATUS = re.compile(r'" "?(\d{3})\b')
_TYPE_WORD = re.compile(r"\b(" + "|".join(sorted(RESPONSE_TYPES, key=len, reverse=True)) + r")\b")
_EDGE_WORD = re.compile(r"\b(" + "|".join(EDGE_CACHE) + r")\b")


def access_row(message: str) -> AccessRow | None:
    """Return what an access log line says, or None for a line in no known format."""
    if message[:1] == "{":
        return _json_row(message)
    if _ALB_START.match(message):
        return _alb_row(message)
    if "Lambda" in message:
        if match := _ALB_REASON.search(message):
            return AccessRow(reason=ALB_REASONS[match.group(1)], detail=match.group(1), fragment=match.group(1))
        if match := _EDGE_WORD.search(message):
            return AccessRow(reason=EDGE_CACHE[match.group(1)], detail=match.group(1), fragment=match.group(1))
    return _plain_row(message)


def _plain_row(message: str) -> AccessRow | None:
    """CLF and other lines of words; the status follows the quoted request line."""
    status = _CLF_STATUS.search(message)
    kind = _TYPE_WORD.search(message)
    reason = (RESPONSE_TYPES[kind.group(1)] if kind else None) or reason_in(message)
    if status is None and reason is None:
        return None
    return AccessRow(int(status.group(1)) if status else None, reason, kind.group(1) if kind else "", kind.group(1) if kind else "")


def _alb_row(message: str) -> AccessRow:
    tokens = _TOKEN.findall(message)
    status, target = (_status(tokens[i]) if len(tokens) > i else None for i in (8, 9))
    match = _ALB_REASON.search(message)
    total = (
        sum(value for value in (_number(token) for token in tokens[5:8]) if value is not None and value >= 0) if len(tokens) > 8 else None
    )
    reason = ALB_REASONS[match.group(1)] if match else None
    actions = tokens[22] if len(tokens) > 22 else ""
    if reason is None and status == 403 and target is None and "waf" in actions:
        reason = "waf"
    if reason is None and status == 503 and target is None:
        reason = "no-target"
    detail = match.group(1) if match else ""
    return AccessRow(status, reason, detail, detail, None if total is None else round(total * 1000, 3), None, target)


def _json_row(message: str) -> AccessRow | None:
    document = _load(message)
    if document is None:
        return _plain_row(message)
    flat = {key.lower(): value for key, value in _flatten(document)}
    status = _status(_first(flat, _STATUS_KEYS))
    service, function = _status(_first(flat, _SERVICE_KEYS)), _status(_first(flat, _FUNCTION_KEYS))
    reason, detail = _json_reason(flat, status, service)
    latency_ms = _number(_first(flat, _LATENCY_KEYS))
    return AccessRow(status, reason, detail, detail, latency_ms, _first(flat, _REQUEST_KEYS), function, service)


def _json_reason(flat: dict[str, str], status: int | None, service: int | None) -> tuple[Reason | None, str]:
    """The most telling value: an error's words, then WAF, then the gateway's type, then what the Lambda service answered."""
    if status is not None and status < 400:
        return None, ""
    for key, value in flat.items():
        if len(value) > 3 and (reason := reason_in(value)):
            in_authorizer = "auth" in key
            if in_authorizer and reason in ("permission", "function-error", "malformed-response", "timeout", "throttled-lambda"):
                reason = "authorizer-permission" if reason == "permission" else "authorizer-failed"
            return reason, value
    for key, value in flat.items():
        if value in ("WAF_BLOCK", "WAFBLOCK") or (value == "BLOCK" and ("waf" in key or ("action" in key and "webaclid" in flat))):
            return "waf", value
        if "auth" in key and "error" in key and value not in ("-", ""):
            return "authorizer-failed", value
    return _reason_of_type(flat, status, service)


def _reason_of_type(flat: dict[str, str], status: int | None, service: int | None) -> tuple[Reason | None, str]:
    kind = next((value for value in flat.values() if value in RESPONSE_TYPES), None)
    if kind == "INTEGRATION_FAILURE" and status == 504:
        return "timeout", kind
    if service == 429:
        return "throttled-lambda", "429"
    if kind in ("INTEGRATION_FAILURE", "API_CONFIGURATION_ERROR") and service is not None and service >= 400:
        return ("permission" if service == 403 else "service-error" if service >= 500 else "other"), kind or ""
    return (RESPONSE_TYPES[kind], kind) if kind else (None, "")


def _flatten(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flatten(value, f"{name}.")
        elif isinstance(value, str | int | float):
            yield name, str(value)


def _load(message: str) -> dict[str, Any] | None:
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _first(flat: dict[str, str], keys: tuple[str, ...]) -> str | None:
    return next((flat[key] for key in keys if flat.get(key) not in (None, "", "-")), None)


def _status(value: str | None) -> int | None:
    text = (value or "").strip('"')
    return int(text) if len(text) == 3 and text.isdigit() else None


def _number(value: str | None) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None
