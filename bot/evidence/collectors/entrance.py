"""The entrance: how callers reach the function, from what is asked about, from its policies, else by searching the APIs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final

from bot.errors import CollectionError
from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context, Run
from bot.models.incident_file import FrontDoor, FrontDoorKind

MAX_SEARCHED_APIS: Final = 40
"""APIs of each kind whose integrations are read when no policy names one."""

API_KINDS: Final = ("rest-api", "http-api", "websocket-api")

_EXECUTE_API: Final = re.compile(
    r"^arn:aws[a-z-]*:execute-api:[^:]*:[^:]*:(?P<id>[a-z0-9]+)/(?P<stage>[^/]+)(?:/(?P<method>[^/]+)(?:/(?P<path>.*))?)?$"
)
"""An API's ARN as a permission names it.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
"""


@dataclass(frozen=True)
class Found:
    """A front door, and the description of its API where it was read on the way."""

    front_door: FrontDoor
    api: dict[str, Any] | None = None


@COLLECTORS.register("entrance")
class Entrance(Collector):
    """Which gateway, load balancer, URL or trigger callers use."""

    sections = ("gateway",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"apigateway:GET"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"

    @classmethod
    def applies(cls, run: Run) -> bool:
        """A front door can be looked at where no function is known."""
        return True

    def collect(self, context: Context) -> Found | None:
        """Return the front door, or None where nothing was found."""
        given = context.target.front_door
        if given and given.kind and (given.id or given.kind not in API_KINDS):
            return Found(given)
        if given and given.id:
            return api_of(context, given)
        if context.target.function_name is None:
            return None
        return self._from_policies(context, given.kind if given else None) or self._searched(context)

    def _from_policies(self, context: Context, wanted: FrontDoorKind | None) -> Found | None:
        doors = [door for policy in self._policies(context) for door in doors_of(policy)]
        if context.target.function_name and context.need_or_none("function-url"):
            doors.append(FrontDoor(kind="function-url"))
        sources = context.need_or_none("event-sources") or []
        doors += [FrontDoor(kind="event-source", id=sources[0].get("EventSourceArn"))] if sources else []
        for door in sorted(doors, key=lambda door: _PREFERENCE.index(door.kind or "rest-api")):
            if wanted and door.kind and door.kind != wanted:
                continue
            if door.kind:
                return Found(door)
            found = api_of(context, door)
            if found and (wanted is None or found.front_door.kind == wanted):
                return found
        return None

    @staticmethod
    def _policies(context: Context) -> Iterator[Mapping[str, Any]]:
        own = context.need_or_none("resource-policy")
        others = context.need_or_none("resource-policies") or {}
        yield from (policy for policy in (own, *others.values()) if policy)

    @staticmethod
    def _searched(context: Context) -> Found | None:
        """Look for the function in the integrations of every API: a missing permission names no API."""
        found: list[Found] = []
        finished: list[str] = []
        context.together("gateway", partial(_search_rest, found, finished), partial(_search_http, found, finished))
        if found:
            return found[0]
        if len(finished) == len((_search_rest, _search_http)):
            context.answer("gateway", None)
        return None


_PREFERENCE: Final[tuple[str, ...]] = (
    *API_KINDS,
    "alb",
    "cloudfront",
    "appsync",
    "function-url",
    "event-source",
    "trigger",
    "direct-invoke",
)
"""Where a function has several doors: those that answer a caller with a status come first."""


def doors_of(policy: Mapping[str, Any]) -> Iterator[FrontDoor]:
    """Yield the front doors that a resource policy lets in; the kind of an API is left open, since its ARN does not tell."""
    statements = policy.get("Statement") or []
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement.get("Effect") != "Allow":
            continue
        service = _service(statement.get("Principal"))
        for source in _sources(statement) or [""]:
            match = _EXECUTE_API.match(source)
            if match and match["stage"] != "authorizers":
                yield FrontDoor(id=match["id"], stage=_named(match["stage"]), route=_route(match["method"], match["path"]))
            elif service == "elasticloadbalancing.amazonaws.com":
                yield FrontDoor(kind="alb", id=source or None)
            elif service and service != "apigateway.amazonaws.com":
                yield FrontDoor(kind="trigger", id=source or service)


def _service(principal: Any) -> str | None:
    named = principal.get("Service") if isinstance(principal, Mapping) else None
    return str(named[0] if isinstance(named, list) else named) if named else None


def _sources(statement: Mapping[str, Any]) -> list[str]:
    """Return the source ARNs of all conditions, however their keys are written."""
    found: list[str] = []
    for keys in (statement.get("Condition") or {}).values():
        for key, value in keys.items():
            if key.lower() in ("aws:sourcearn", "aws:source_arn"):
                found += value if isinstance(value, list) else [value]
    return found


def _named(part: str | None) -> str | None:
    return None if not part or "*" in part else part


def _route(method: str | None, path: str | None) -> str | None:
    if method == "$default":
        return method
    return f"{method} /{path}" if method and path is not None and "*" not in method + path else None


def api_of(context: Context, door: FrontDoor) -> Found | None:
    """Return the door with the kind of its API, or None where the API is gone."""
    rest = context.call_or_none("apigateway", "GetRestApi", restApiId=str(door.id))
    if rest is not None:
        return Found(door.model_copy(update={"kind": "rest-api"}), rest)
    api = context.call_or_none("apigatewayv2", "GetApi", ApiId=str(door.id))
    if api is None:
        return None
    return Found(door.model_copy(update={"kind": _protocol(api)}), api)


def _protocol(api: Mapping[str, Any]) -> FrontDoorKind:
    return "websocket-api" if api.get("ProtocolType") == "WEBSOCKET" else "http-api"


def calls_function(uri: Any, function_name: str) -> bool:
    """Tell whether an integration's address is the function, under any alias."""
    return bool(re.search(rf":function:{re.escape(function_name)}(?:[:/]|$)", str(uri or "")))


def _search_rest(found: list[Found], finished: list[str], context: Context) -> None:
    name, seen = str(context.target.function_name), 0
    for page in context.pages("apigateway", "GetRestApis", ("position", "position")):
        for api in page.get("items", []):
            seen += 1
            _check_limit(seen, "apigateway:GetRestApis")
            resources = context.call("apigateway", "GetResources", restApiId=api["id"], embed=["methods"], limit=500).get("items", [])
            methods = [method for resource in resources for method in (resource.get("resourceMethods") or {}).values()]
            if any(calls_function((method.get("methodIntegration") or {}).get("uri"), name) for method in methods):
                found.append(Found(FrontDoor(kind="rest-api", id=api["id"]), api))
                return
    finished.append("rest")


def _search_http(found: list[Found], finished: list[str], context: Context) -> None:
    name, seen = str(context.target.function_name), 0
    for page in context.pages("apigatewayv2", "GetApis", ("NextToken", "NextToken")):
        for api in page.get("Items", []):
            seen += 1
            _check_limit(seen, "apigateway:GetApis")
            integrations = context.call("apigatewayv2", "GetIntegrations", ApiId=api["ApiId"]).get("Items", [])
            if any(calls_function(integration.get("IntegrationUri"), name) for integration in integrations):
                found.append(Found(FrontDoor(kind=_protocol(api), id=api["ApiId"]), api))
                return
    finished.append("http")


def _check_limit(seen: int, operation: str) -> None:
    if seen > MAX_SEARCHED_APIS:
        raise CollectionError(
            f"searched {MAX_SEARCHED_APIS} APIs for the function; more were there", operation=operation, code="SearchLimit"
        )
