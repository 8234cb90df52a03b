"""From an API to the functions behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, Literal

from bot.alarms.candidates import Candidate, functions_in
from bot.alarms.clues import Clue
from bot.alarms.questions import NotThere, Questions
from bot.models.incident_file import FrontDoor

KIND_OF_PROTOCOL: Final[dict[str, Literal["http-api", "websocket-api"]]] = {"HTTP": "http-api", "WEBSOCKET": "websocket-api"}

_STAGE_VARIABLE: Final = re.compile(r"\$\{stageVariables\.(\w+)\}")


def behind_rest_api(clue: Clue, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the functions behind the REST APIs of a name; the metric carries the name and not the id."""
    apis = ask.pages("gateway", "apigateway", "get_rest_apis", "items", PaginationConfig={"PageSize": 500})
    named = [api for api in apis if plain(str(api.get("name", ""))) == plain(clue.name)]
    if not named:
        notes.append(f"no REST API is called {clue.name}: it was deleted, renamed, or is in another account")
    elif len(named) > 1:
        notes.append(f"{len(named)} REST APIs are called {clue.name} and share their metrics")
    return [candidate for api in named for candidate in of_rest_api(str(api["id"]), clue, ask)]


def of_rest_api(api_id: str, clue: Clue, ask: Questions) -> list[Candidate]:
    """Return the functions behind one REST API, its authorizers' included."""
    found: list[Candidate] = []
    variables: dict[str, Any] | None = None
    for route, uri in _rest_routes(api_id, ask):
        if clue.route and not _same_route(clue.route, route):
            continue
        if "${stageVariables." in uri and variables is None:
            variables = _rest_stage_variables(api_id, clue.stage, ask)
        door = FrontDoor(kind="rest-api", id=api_id, stage=clue.stage, route=route)
        found += [replace(c, front_door=door) for c in functions_in(filled(uri, variables or {}))]
    door = FrontDoor(kind="rest-api", id=api_id, stage=clue.stage)
    for authorizer in _rest_authorizers(api_id, ask):
        found += [replace(c, front_door=door, is_authorizer=True) for c in functions_in(authorizer.get("authorizerUri"))]
    return found


def behind_api(clue: Clue, ask: Questions, notes: list[str]) -> list[Candidate]:
    """Return the functions behind an HTTP or WebSocket API."""
    try:
        api = ask.ask("gateway", "apigatewayv2", "get_api", ApiId=clue.name)
        kind = KIND_OF_PROTOCOL.get(str((api or {}).get("ProtocolType")), "http-api")
        integrations = ask.pages("gateway", "apigatewayv2", "get_integrations", "Items", ApiId=clue.name)
        routes = ask.pages("gateway", "apigatewayv2", "get_routes", "Items", ApiId=clue.name)
        guarded = any(r.get("AuthorizationType") == "CUSTOM" for r in routes)
        authorizers = ask.pages("gateway", "apigatewayv2", "get_authorizers", "Items", ApiId=clue.name) if guarded else []
    except NotThere:
        notes.append(f"no API has the id {clue.name}: it was deleted, or is in another account")
        return []
    uris = {str(i.get("IntegrationId")): str(i.get("IntegrationUri") or "") for i in integrations}
    variables = _stage_variables_v2(clue, ask) if any("${stageVariables." in uri for uri in uris.values()) else {}
    found = []
    for route, uri in _routed(routes, uris):
        if clue.route and route != clue.route:
            continue
        door = FrontDoor(kind=kind, id=clue.name, stage=clue.stage, route=route)
        found += [replace(c, front_door=door) for c in functions_in(filled(uri, variables))]
    door = FrontDoor(kind=kind, id=clue.name, stage=clue.stage)
    for authorizer in authorizers:
        found += [replace(c, front_door=door, is_authorizer=True) for c in functions_in(authorizer.get("AuthorizerUri"))]
    return found


def plain(name: str) -> str:
    """Return an API's name as its metric carries it: without what is not ASCII.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html.
    """
    return name.encode("ascii", "ignore").decode()


def filled(uri: str, variables: dict[str, Any]) -> str:
    """Return a URI with its stage variables filled in; an unknown one stays."""
    return _STAGE_VARIABLE.sub(lambda m: str(variables.get(m[1], m[0])), uri)


def _same_route(wanted: str, route: str) -> bool:
    """Compare `METHOD /path` of a metric with a method's; ANY stands for every method on either side."""
    wanted_method, _, wanted_path = wanted.partition(" ")
    method, _, path = route.partition(" ")
    return wanted_path == path and (wanted_method == method or "ANY" in (wanted_method, method))


def _rest_routes(api_id: str, ask: Questions) -> Iterator[tuple[str, str]]:
    try:
        resources = ask.pages(
            "gateway", "apigateway", "get_resources", "items", restApiId=api_id, embed=["methods"], PaginationConfig={"PageSize": 500}
        )
    except NotThere:
        return
    for resource in resources:
        for method, held in (resource.get("resourceMethods") or {}).items():
            uri = ((held or {}).get("methodIntegration") or {}).get("uri")
            if isinstance(uri, str):
                yield f"{method} {resource.get('path')}", uri


def _rest_authorizers(api_id: str, ask: Questions) -> list[dict[str, Any]]:
    try:
        return ask.pages("gateway", "apigateway", "get_authorizers", "items", restApiId=api_id)
    except NotThere:
        return []


def _rest_stage_variables(api_id: str, stage: str | None, ask: Questions) -> dict[str, Any]:
    """Return the variables of the stage, or of the only one there is."""
    try:
        answer = ask.ask("gateway", "apigateway", "get_stages", restApiId=api_id) or {}
    except NotThere:
        return {}
    return _variables(answer.get("item") or [], "stageName", "variables", stage)


def _stage_variables_v2(clue: Clue, ask: Questions) -> dict[str, Any]:
    try:
        stages = ask.pages("gateway", "apigatewayv2", "get_stages", "Items", ApiId=clue.name)
    except NotThere:
        return {}
    return _variables(stages, "StageName", "StageVariables", clue.stage)


def _variables(stages: list[dict[str, Any]], name: str, key: str, wanted: str | None) -> dict[str, Any]:
    meant = [s for s in stages if s.get(name) == wanted] if wanted else stages
    return (meant[0].get(key) or {}) if len(meant) == 1 else {}


def _routed(routes: list[dict[str, Any]], uris: dict[str, str]) -> Iterator[tuple[str | None, str]]:
    """Yield each route with its integration's URI; integrations of unreadable routes without a route."""
    used = set()
    for route in routes:
        integration = str(route.get("Target") or "").removeprefix("integrations/")
        if integration in uris:
            used.add(integration)
            yield str(route.get("RouteKey")), uris[integration]
    if not routes:
        yield from ((None, uri) for integration, uri in uris.items() if integration not in used)
