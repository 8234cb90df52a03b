"""Who must be allowed to invoke the function: the service in front of it, and the ARN that it presents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from bot.analysis.arn_match import UNKNOWN, UNKNOWN_PATH, is_known
from bot.analysis.limits import front_door_kind, integration_uri, integrations
from bot.analysis.roles import function_name_of
from bot.models.incident_file import IncidentFile


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller as the function's resource policy sees it. `arn` has `UNKNOWN` where the file does not tell."""

    service: str
    arn: str | None
    account_id: str | None
    needed_source_arn: str | None
    qualifier: str | None = None
    qualifier_known: bool = False
    action: str = "lambda:InvokeFunction"


_API_KINDS: Final = ("rest-api", "http-api", "websocket-api")
_QUALIFIED = re.compile(r":function:[A-Za-z0-9_.\-]+:([A-Za-z0-9$_\-]+|\$\{[^}]+\})(?:/invocations)?$")
_LAMBDA_ARN = re.compile(r"arn:(aws[\w-]*):lambda:([\w-]+):(\d{12}):function:")

_TRIGGER_SERVICES: Final = {
    "sns": "sns.amazonaws.com",
    "s3": "s3.amazonaws.com",
    "events": "events.amazonaws.com",
    "cognito-idp": "cognito-idp.amazonaws.com",
    "iot": "iot.amazonaws.com",
    "logs": "logs.amazonaws.com",
    "ses": "ses.amazonaws.com",
    "config": "config.amazonaws.com",
    "lex": "lexv2.amazonaws.com",
    "codecommit": "codecommit.amazonaws.com",
    "secretsmanager": "secretsmanager.amazonaws.com",
    "cloudwatch": "lambda.alarms.cloudwatch.amazonaws.com",
    "elasticloadbalancing": "elasticloadbalancing.amazonaws.com",
}
"""Services that invoke a function by its resource policy, by the service part of their ARN. Queues and streams do not: their mapping polls
with the execution role. Source: Lambda developer guide, "Granting Lambda function access to AWS services"."""


@dataclass(frozen=True, slots=True)
class Place:
    """Partition, Region and account of the target, as far as the file tells."""

    partition: str = "aws"
    region: str = UNKNOWN
    account_id: str = UNKNOWN


def place_of(incident: IncidentFile) -> Place:
    """Read where the target lives, from the target or from any function ARN at hand."""
    partition, region, account = "aws", incident.target.region, incident.target.account_id
    candidates = [(incident.function or {}).get("FunctionArn"), incident.target.function_name]
    candidates += [integration_uri(entry) for entry in integrations(incident)]
    for candidate in candidates:
        if isinstance(candidate, str) and (match := _LAMBDA_ARN.search(candidate)):
            partition, region, account = match.group(1), region or match.group(2), account or match.group(3)
            break
    return Place(partition, region or UNKNOWN, account or UNKNOWN)


def caller_of(incident: IncidentFile) -> Caller | None:
    """Return the caller that the front door is; None where its service needs no statement or is unknown."""
    kind = front_door_kind(incident)
    if kind in _API_KINDS:
        return _api_caller(incident, kind)
    place = place_of(incident)
    account = None if place.account_id == UNKNOWN else place.account_id
    if kind == "alb":
        arn = (incident.load_balancer or {}).get("target_group_arn")
        known = arn if isinstance(arn, str) else None
        return Caller("elasticloadbalancing.amazonaws.com", known, account, known)
    if kind in ("trigger", "event-source"):
        return _trigger_caller(incident, account)
    return None


def _api_caller(incident: IncidentFile, kind: str) -> Caller | None:
    door = incident.target.front_door
    place = place_of(incident)
    api_id = (door.id if door else None) or _text((incident.gateway or {}).get("id"))
    called = [integration_uri(entry) for entry in integrations(incident)]
    if _calls_only_others(incident, called):
        return None
    route = (door.route if door else None) or _only_route(incident)
    stage = (door.stage if door else None) or _stage_name((incident.gateway or {}).get("stage"))
    tail, needed_tail = _api_tail(kind, route)
    start = f"arn:{place.partition}:execute-api:{place.region}:{place.account_id}:{api_id or UNKNOWN}"
    needed = f"{start}/{stage or '*'}/{needed_tail}" if is_known(start) else None
    qualifiers = {_qualifier(uri) for uri in called if uri}
    is_one = len(qualifiers) == 1 and not any("${" in str(uri) for uri in called)
    return Caller(
        "apigateway.amazonaws.com", f"{start}/{stage or UNKNOWN}/{tail}", None if place.account_id == UNKNOWN else place.account_id, needed,
        next(iter(qualifiers)) if is_one else None, is_one,
    )  # fmt: skip


def _calls_only_others(incident: IncidentFile, called: list[str | None]) -> bool:
    """The gateway names its functions, and the target is not among them: then it is an authorizer or nothing of this gateway."""
    target = function_name_of(incident.target.function_name)
    named = [function_name_of(uri) for uri in called if uri and ":function:" in uri]
    return bool(target and named and target not in named)


def _only_route(incident: IncidentFile) -> str | None:
    routes = {str(entry.get("route") or entry.get("RouteKey") or "") for entry in integrations(incident)} - {""}
    return next(iter(routes)) if len(routes) == 1 else None


def _api_tail(kind: str, route: str | None) -> tuple[str, str]:
    """Return the part after the stage, as it is known and as the narrowest pattern would have it."""
    if route is None:
        return (UNKNOWN_PATH, "*") if kind != "rest-api" else (f"{UNKNOWN}/{UNKNOWN_PATH}", "*")
    if kind == "websocket-api" or route.startswith("$"):
        return route, route
    method, _, path = route.partition(" ")
    method = UNKNOWN if method in ("ANY", "*") else method
    path = path.strip().lstrip("/")
    known_path = re.sub(r"\{[^}]*\}", UNKNOWN_PATH, path) if path else UNKNOWN_PATH if " " not in route else ""
    needed_path = re.sub(r"\{[^}]*\}", "*", path) if path else "*" if " " not in route else ""
    return f"{method}/{known_path}", f"{'*' if method == UNKNOWN else method}/{needed_path}"


def _trigger_caller(incident: IncidentFile, account: str | None) -> Caller | None:
    arn = incident.target.front_door.id if incident.target.front_door else None
    if not arn or not arn.startswith("arn:"):
        return None
    parts = arn.split(":", 5)
    service = _TRIGGER_SERVICES.get(parts[2]) if len(parts) > 5 else None
    if service is None:
        return None
    return Caller(service, arn, parts[4] or account, arn)


def authorizer_caller(incident: IncidentFile) -> Caller | None:
    """Return the gateway as the caller of an authorizer, when the target is that authorizer."""
    authorizers = (incident.gateway or {}).get("authorizers")
    target = function_name_of(incident.target.function_name)
    if not isinstance(authorizers, list) or not target:
        return None
    place = place_of(incident)
    api_id = _text((incident.gateway or {}).get("id")) or (incident.target.front_door.id if incident.target.front_door else None)
    for entry in authorizers:
        uri = _authorizer_uri(entry)
        if not uri or function_name_of(uri) != target:
            continue
        authorizer_id = _text(entry.get("id") or entry.get("AuthorizerId") or entry.get("authorizerId"))
        if (match := _LAMBDA_ARN.search(uri)) and place.account_id == UNKNOWN:
            place = Place(match.group(1), match.group(2), match.group(3))
        start = f"arn:{place.partition}:execute-api:{place.region}:{place.account_id}:{api_id or UNKNOWN}/authorizers/"
        return Caller(
            "apigateway.amazonaws.com", start + (authorizer_id or UNKNOWN), None if place.account_id == UNKNOWN else place.account_id,
            start + (authorizer_id or "*") if is_known(start) else None, _qualifier(uri), True,
        )  # fmt: skip
    return None


def _authorizer_uri(entry: Any) -> str | None:
    return _text(entry.get("authorizerUri") or entry.get("AuthorizerUri")) if isinstance(entry, dict) else None


def _qualifier(uri: str) -> str | None:
    match = _QUALIFIED.search(uri)
    return match.group(1) if match else None


def _stage_name(stage: object) -> str | None:
    return _text(stage.get("stageName") or stage.get("StageName")) if isinstance(stage, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
