"""What stands in front of the function: the API with its stage, integrations and authorizers, or the load balancer's target group."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Final

from bot.errors import CollectionError
from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.collectors.entrance import API_KINDS, Found, calls_function
from bot.evidence.collectors.resource_policy import read_policy
from bot.evidence.context import Context, Run
from bot.evidence.names import with_plain_name
from bot.models.incident_file import FrontDoor, Target

_REST_KEPT: Final = (
    "id",
    "name",
    "endpointConfiguration",
    "apiKeySource",
    "binaryMediaTypes",
    "minimumCompressionSize",
    "disableExecuteApiEndpoint",
    "tags",
)
_HTTP_KEPT: Final = ("ApiEndpoint", "CorsConfiguration", "DisableExecuteApiEndpoint", "RouteSelectionExpression", "Tags")


@dataclass
class Gateway:
    """What other collectors need of the gateway."""

    front_door: FrontDoor
    name: str | None = None
    stage: dict[str, Any] = field(default_factory=dict)
    authorizers: list[dict[str, Any]] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    """Routes that call the function."""


@COLLECTORS.register("gateway")
class ApiGateway(Collector):
    """A REST, HTTP or WebSocket API as its stage serves it."""

    sections = ("gateway",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"apigateway:GET", "lambda:GetPolicy"})
    source_url = "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-integrations.html"

    @classmethod
    def applies(cls, run: Run) -> bool:
        """A front door can be looked at where no function is known."""
        return True

    def collect(self, context: Context) -> Gateway | None:
        """Read the API; what is found of stage and route completes the target."""
        found: Found | None = context.need("entrance")
        if found is None or found.front_door.kind not in API_KINDS or not found.front_door.id:
            return Gateway(found.front_door) if found else None
        gateway = Gateway(found.front_door)
        read = _read_rest if found.front_door.kind == "rest-api" else _read_http
        if not read(context, gateway, found.api):
            context.answer("gateway", None)
            return gateway
        self._read_authorizer_policies(context, gateway)
        if gateway.front_door.route is None and len(gateway.routes) == 1:
            gateway.front_door = gateway.front_door.model_copy(update={"route": gateway.routes[0]})
        return gateway

    @staticmethod
    def _read_authorizer_policies(context: Context, gateway: Gateway) -> None:
        """Read who may call the authorizer's function: an authorizer that cannot be called fails every request."""
        for authorizer in gateway.authorizers:
            name = authorizer_function(authorizer)
            if name:
                with context.question("gateway"):
                    authorizer["policy"] = read_policy(context, name, None)
        if gateway.authorizers:
            context.answer("gateway", {"authorizers": gateway.authorizers})


def authorizer_function(authorizer: dict[str, Any]) -> str | None:
    """Return the name of the function that an authorizer calls."""
    uri = str(authorizer.get("authorizerUri") or authorizer.get("AuthorizerUri") or "")
    _, _, rest = uri.partition(":function:")
    return with_plain_name(Target(function_name=rest.split("/")[0])).function_name if rest else None


def _read_rest(context: Context, gateway: Gateway, api: dict[str, Any] | None) -> bool:
    rest_id = str(gateway.front_door.id)
    api = api if api is not None else context.call_or_none("apigateway", "GetRestApi", restApiId=rest_id)
    if api is None:
        return False
    gateway.name = api.get("name")
    policy = _rest_policy(api.get("policy"))
    context.answer("gateway", {"kind": "rest-api", **{key: api[key] for key in _REST_KEPT if key in api}, "policy": policy})
    context.together(
        "gateway",
        partial(_read_rest_stage, gateway),
        partial(_read_rest_methods, gateway),
        partial(_read_rest_authorizers, gateway),
        partial(_read_gateway_responses, rest_id),
    )
    return True


def _rest_policy(text: str | None) -> Any:
    """Return the API's own policy as an object; API Gateway returns JSON whose quotes are escaped once more.

    Source: https://docs.aws.amazon.com/cli/latest/reference/apigateway/get-rest-api.html
    """
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(text.replace('\\"', '"').replace("\\/", "/"))


def _read_rest_stage(gateway: Gateway, context: Context) -> None:
    rest_id, wanted = str(gateway.front_door.id), gateway.front_door.stage
    if wanted:
        stage = context.call("apigateway", "GetStage", restApiId=rest_id, stageName=wanted)
    else:
        stages = context.call("apigateway", "GetStages", restApiId=rest_id).get("item", [])
        if not stages:
            raise CollectionError("the API has no stage", operation="apigateway:GetStages", code="NoStage")
        stage = max(stages, key=lambda each: str(each.get("lastUpdatedDate", "")))
    gateway.stage = stage
    gateway.front_door = gateway.front_door.model_copy(update={"stage": stage["stageName"]})
    context.answer("gateway", {"stage": stage})


def _read_rest_methods(gateway: Gateway, context: Context) -> None:
    integrations: list[dict[str, Any]] = []
    params: dict[str, Any] = {"restApiId": str(gateway.front_door.id), "embed": ["methods"], "limit": 500}
    for page in context.pages("apigateway", "GetResources", ("position", "position"), **params):
        for resource in page.get("items", []):
            for verb, method in sorted((resource.get("resourceMethods") or {}).items()):
                integrations.append(_rest_integration(f"{verb} {resource.get('path', '')}", method))
    _keep_integrations(context, gateway, integrations)


def _rest_integration(route: str, method: dict[str, Any]) -> dict[str, Any]:
    of_method = ("authorizationType", "authorizerId", "apiKeyRequired", "requestValidatorId")
    found = {key: method[key] for key in of_method if key in method}
    return {"route": route, **found, **(method.get("methodIntegration") or {})}


def _keep_integrations(context: Context, gateway: Gateway, integrations: list[dict[str, Any]]) -> None:
    name = context.target.function_name
    own = [each for each in integrations if name and calls_function(each.get("uri"), name)]
    gateway.routes = [str(each["route"]) for each in own]
    # Those of the function first: a reader, and whoever looks for the one that counts, finds it at the top.
    context.answer("gateway", {"integrations": own + [each for each in integrations if each not in own]})


def _read_rest_authorizers(gateway: Gateway, context: Context) -> None:
    gateway.authorizers = context.call("apigateway", "GetAuthorizers", restApiId=str(gateway.front_door.id), limit=500).get("items", [])
    context.answer("gateway", {"authorizers": gateway.authorizers})


def _read_gateway_responses(rest_id: str, context: Context) -> None:
    items = context.call("apigateway", "GetGatewayResponses", restApiId=rest_id, limit=500).get("items", [])
    # Only those that somebody changed say anything: AWS lists its own defaults too.
    context.answer("gateway", {"gatewayResponses": [item for item in items if not item.get("defaultResponse")]})


def _read_http(context: Context, gateway: Gateway, api: dict[str, Any] | None) -> bool:
    api_id = str(gateway.front_door.id)
    api = api if api is not None else context.call_or_none("apigatewayv2", "GetApi", ApiId=api_id)
    if api is None:
        return False
    gateway.name = api.get("Name")
    kept = {key: api[key] for key in _HTTP_KEPT if key in api}
    context.answer("gateway", {"kind": gateway.front_door.kind, "id": api_id, "name": gateway.name, **kept})
    context.together(
        "gateway", partial(_read_http_stage, gateway), partial(_read_http_routes, gateway), partial(_read_http_authorizers, gateway)
    )
    return True


def _read_http_stage(gateway: Gateway, context: Context) -> None:
    api_id, wanted = str(gateway.front_door.id), gateway.front_door.stage
    if wanted:
        stage = context.call("apigatewayv2", "GetStage", ApiId=api_id, StageName=wanted)
    else:
        stages = context.call("apigatewayv2", "GetStages", ApiId=api_id).get("Items", [])
        if not stages:
            raise CollectionError("the API has no stage", operation="apigateway:GetStages", code="NoStage")
        stage = max(stages, key=lambda each: str(each.get("LastUpdatedDate", "")))
    gateway.stage = stage
    gateway.front_door = gateway.front_door.model_copy(update={"stage": stage["StageName"]})
    context.answer("gateway", {"stage": stage})


def _read_http_routes(gateway: Gateway, context: Context) -> None:
    api_id = str(gateway.front_door.id)
    tokens = ("NextToken", "NextToken")
    routes = [route for page in context.pages("apigatewayv2", "GetRoutes", tokens, ApiId=api_id) for route in page.get("Items", [])]
    pages = context.pages("apigatewayv2", "GetIntegrations", tokens, ApiId=api_id)
    by_id = {f"integrations/{each.get('IntegrationId')}": each for page in pages for each in page.get("Items", [])}
    _keep_integrations(context, gateway, [_http_integration(route, by_id.get(str(route.get("Target")), {})) for route in routes])


def _http_integration(route: dict[str, Any], integration: dict[str, Any]) -> dict[str, Any]:
    """Return a route with its integration under the names that the incident file has for both kinds of API."""
    names = {
        "type": "IntegrationType",
        "uri": "IntegrationUri",
        "timeoutInMillis": "TimeoutInMillis",
        "payloadFormatVersion": "PayloadFormatVersion",
        "httpMethod": "IntegrationMethod",
        "credentials": "CredentialsArn",
        "connectionType": "ConnectionType",
    }
    found = {name: integration[key] for name, key in names.items() if key in integration}
    of_route = {"authorizationType": "AuthorizationType", "authorizerId": "AuthorizerId", "apiKeyRequired": "ApiKeyRequired"}
    return {"route": route.get("RouteKey"), **found, **{name: route[key] for name, key in of_route.items() if key in route}}


def _read_http_authorizers(gateway: Gateway, context: Context) -> None:
    gateway.authorizers = context.call("apigatewayv2", "GetAuthorizers", ApiId=str(gateway.front_door.id)).get("Items", [])
    context.answer("gateway", {"authorizers": gateway.authorizers})
