"""From an alarm on an API to the functions behind it, in an account that moto plays."""

from __future__ import annotations

from typing import Any

from bot.alarms.target import resolve
from tests.alarms.alarms import answering, names, on
from tests.alarms.aws_parts import NOW, Account, invoke_uri


class TestApis:
    def test_a_rest_api_is_found_by_its_name(self, account: Account) -> None:
        """The metric carries the name without what is not ASCII; the id, stage and route come with the function."""
        api = account.rest_api("shöp", {"POST /orders": account.function("orders")})
        account.rest_api("other", {"GET /cart": account.function("cart")})

        target = resolve(on("AWS/ApiGateway", "5XXError", ApiName="shp", Stage="prod"), account.clients, now=NOW).best

        assert target is not None
        assert target.function_name == "orders"
        assert target.front_door is not None
        assert target.front_door.model_dump() == {"kind": "rest-api", "id": api, "stage": "prod", "route": "POST /orders"}

    def test_functions_behind_one_api_are_ranked_by_their_own_metrics(self, account: Account) -> None:
        """Errors and throttles in the alarm's window; the API's own metric does not tell them apart."""
        account.rest_api("shop", {f"GET /{name}": account.function(name) for name in ("cart", "orders", "search")})
        account.failures("orders", "Errors", 40)
        account.failures("search", "Throttles", 3)

        resolved = resolve(on("AWS/ApiGateway", "5XXError", ApiName="shop"), account.clients, now=NOW)

        assert names(resolved) == ["orders", "search", "cart"]
        assert "3 functions are behind this alarm; orders had the most to answer for: 40 errors and 0 throttles" in resolved.notes

    def test_the_longest_run_comes_first_when_nothing_failed(self, account: Account) -> None:
        """A gateway that gives up leaves the function's own errors at 0."""
        account.rest_api("shop", {f"GET /{name}": account.function(name) for name in ("cart", "orders")})
        account.failures("cart", "Duration", 120)
        account.failures("orders", "Duration", 31_000)

        assert names(resolve(on("AWS/ApiGateway", "5XXError", ApiName="shop"), account.clients, now=NOW)) == ["orders", "cart"]

    def test_a_detailed_metric_narrows_it_to_one_route(self, account: Account) -> None:
        """Resource and Method name it."""
        account.rest_api("shop", {f"GET /{name}": account.function(name) for name in ("cart", "orders")})

        alarm = on("AWS/ApiGateway", "5XXError", ApiName="shop", Stage="prod", Resource="/cart", Method="GET")

        assert names(resolve(alarm, account.clients, now=NOW)) == ["cart"]

    def test_an_alias_and_a_stage_variable_in_the_uri_are_followed(self, account: Account) -> None:
        """The stage says which function it is."""
        arn = account.function("orders", alias="live").replace(":orders", ":${stageVariables.fn}:live")
        account.rest_api("shop", {"GET /orders": arn}, variables={"fn": "orders"})

        target = resolve(on("AWS/ApiGateway", "5XXError", ApiName="shop", Stage="prod"), account.clients, now=NOW).best

        assert target is not None
        assert (target.function_name, target.qualifier) == ("orders", "live")

    def test_a_deleted_function_behind_an_api_comes_before_those_that_did_not_fail(self, account: Account) -> None:
        """It leaves no metric, and every call of it fails."""
        gone = account.function("gone")
        account.rest_api("shop", {"GET /cart": account.function("cart"), "GET /gone": gone})
        account.clients.client("lambda").delete_function(FunctionName="gone")

        resolved = resolve(on("AWS/ApiGateway", "5XXError", ApiName="shop"), account.clients, now=NOW)

        assert names(resolved) == ["gone", "cart"]
        assert resolved.deleted == ("gone",)

    def test_an_authorizer_counts_only_when_it_failed(self, account: Account) -> None:
        """It serves every route, and a crash of it is a 500 of the API."""
        api = account.rest_api("shop", {"GET /orders": account.function("orders")})
        guard = invoke_uri(account.function("guard"))
        account.clients.client("apigateway").create_authorizer(restApiId=api, name="guard", type="TOKEN", authorizerUri=guard)
        alarm = on("AWS/ApiGateway", "5XXError", ApiName="shop")

        before = names(resolve(alarm, account.clients, now=NOW))
        account.failures("guard", "Errors", 12)
        after = names(resolve(alarm, account.clients, now=NOW))

        assert before == ["orders"]
        assert after == ["guard", "orders"]

    def test_an_api_that_is_gone_is_said_so(self, account: Account) -> None:
        """Nothing is guessed."""
        resolved = resolve(on("AWS/ApiGateway", "5XXError", ApiName="shop"), account.clients, now=NOW)

        assert resolved.best is None
        assert any("no REST API is called shop" in note for note in resolved.notes)
        assert any("no function was found behind alarm orders-errors" in note for note in resolved.notes)

    def test_an_http_api_is_found_by_its_id(self, account: Account) -> None:
        """Routes lead to integrations, and those to functions."""
        api = account.http_api({"GET /orders": account.function("orders"), "$default": account.function("cart")})
        account.failures("orders", "Errors", 2)

        resolved = resolve(on("AWS/ApiGateway", "5xx", ApiId=api, Stage="$default"), account.clients, now=NOW)

        assert names(resolved) == ["orders", "cart"]
        door = resolved.targets[0].front_door
        assert door is not None
        assert (door.kind, door.id, door.route) == ("http-api", api, "GET /orders")

    def test_a_route_metric_narrows_an_http_api(self, account: Account) -> None:
        """Detailed metrics carry the route's key."""
        api = account.http_api({"GET /orders": account.function("orders"), "$default": account.function("cart")})

        assert names(resolve(on("AWS/ApiGateway", "5xx", ApiId=api, Route="$default"), account.clients, now=NOW)) == ["cart"]

    def test_the_authorizer_of_an_http_api_counts_when_it_failed(self, account: Account) -> None:
        """Asked for only where a route has one of the customer's own. Answers in AWS's shape, since moto lacks the call."""
        orders, guard = account.function("orders"), account.function("guard")
        account.failures("guard", "Errors", 12)
        route = {"RouteKey": "GET /orders", "Target": "integrations/i1", "AuthorizationType": "CUSTOM", "AuthorizerId": "a1"}
        authorizer = {"AuthorizerId": "a1", "Name": "guard", "AuthorizerType": "REQUEST", "AuthorizerUri": invoke_uri(guard)}
        answers: list[tuple[str, dict[str, Any]]] = [
            (
                "get_api",
                {
                    "ApiId": "a1b2c3d4e5",
                    "ProtocolType": "HTTP",
                    "Name": "shop",
                    "RouteSelectionExpression": "$request.method $request.path",
                },
            ),
            ("get_integrations", {"Items": [{"IntegrationId": "i1", "IntegrationUri": orders}]}),
            ("get_routes", {"Items": [route]}),
            ("get_authorizers", {"Items": [authorizer]}),
        ]

        with answering(account.clients, "apigatewayv2", answers) as clients:
            resolved = resolve(on("AWS/ApiGateway", "5xx", ApiId="a1b2c3d4e5"), clients, now=NOW)

        assert names(resolved) == ["guard", "orders"]

    def test_an_http_api_that_is_gone_is_said_so(self, account: Account) -> None:
        """Deleted, or in another account."""
        notes = resolve(on("AWS/ApiGateway", "5xx", ApiId="a1b2c3d4e5"), account.clients, now=NOW).notes

        assert any("no API has the id a1b2c3d4e5" in note for note in notes)
