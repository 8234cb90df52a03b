"""From an alarm to the function that it is about, in an account that moto plays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber
from moto import mock_aws

from bot.alarms.delivery import parse_record
from bot.alarms.target import IAM_ACTIONS, ResolvedTarget, resolve
from bot.models.alarm import Alarm
from bot.ports import AwsClients
from tests.alarms.aws_parts import ACCOUNT, NOW, REGION, Account, invoke_uri
from tests.alarms.wrappings import a_delivery


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Play an account in one region."""
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Account()


def an_alarm(delivery: str = "metric", **changes: Any) -> Alarm:
    """Return the alarm of a delivery as if it had gone off now, in moto's account."""
    message = {**a_delivery(delivery), "StateChangeTime": NOW.isoformat(), "AWSAccountId": ACCOUNT, **changes}
    message["AlarmArn"] = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{message['AlarmName']}"
    alarm = parse_record(json.dumps(message)).alarm
    assert alarm is not None
    return alarm


def on(namespace: str, metric: str, **dimensions: str) -> Alarm:
    """Return an alarm on one metric."""
    pairs = [{"name": name, "value": value} for name, value in dimensions.items()]
    return an_alarm(Trigger={**a_delivery("metric")["Trigger"], "Namespace": namespace, "MetricName": metric, "Dimensions": pairs})


def names(resolved: ResolvedTarget) -> list[str | None]:
    """Return the functions found, best first."""
    return [target.function_name for target in resolved.targets]


class TestFunctions:
    @pytest.mark.parametrize("delivery", ["metric", "math", "math-search", "anomaly", "contributor"])
    def test_the_dimension_names_it(self, account: Account, delivery: str) -> None:
        """In the Trigger, in any of its metrics, in an expression, or in what tells contributors apart."""
        account.function("orders")

        resolved = resolve(an_alarm(delivery), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.gaps == ()
        assert resolved.deleted == ()

    def test_an_alias_is_the_qualifier(self, account: Account) -> None:
        """`Resource` says `function:alias`."""
        account.function("orders", alias="live")

        target = resolve(an_alarm("metric-alias"), account.clients, now=NOW).best

        assert target is not None
        assert (target.function_name, target.qualifier, target.region, target.account_id) == ("orders", "live", REGION, ACCOUNT)

    def test_a_deleted_function_is_reported_and_kept(self, account: Account) -> None:
        """That it is gone may be the very cause."""
        resolved = resolve(an_alarm(), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.deleted == ("orders",)
        assert "function orders does not exist any more" in resolved.notes

    def test_a_muted_notice_is_said_to_be_late(self, account: Account) -> None:
        """A reader would look for the cause at the wrong time."""
        account.function("orders")

        assert any("mute window" in note for note in resolve(an_alarm("metric-muted"), account.clients, now=NOW).notes)


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


class TestOtherSources:
    def test_a_target_group_holds_its_function(self, account: Account) -> None:
        """The dimension is the end of the target group's ARN."""
        _, group = account.target_group(account.function("orders"))

        resolved = resolve(on("AWS/ApplicationELB", "LambdaUserError", TargetGroup=group.rpartition(":")[2]), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.targets[0].kind == "alb"

    def test_a_load_balancer_leads_to_its_target_groups(self, account: Account) -> None:
        """An alarm on 5XX of the whole load balancer names no target group."""
        balancer, _ = account.target_group(account.function("orders"))
        dimension = balancer.partition(":loadbalancer/")[2]

        assert names(resolve(on("AWS/ApplicationELB", "HTTPCode_ELB_502_Count", LoadBalancer=dimension), account.clients, now=NOW)) == [
            "orders"
        ]

    def test_a_queue_leads_to_the_function_that_it_feeds(self, account: Account) -> None:
        """By the event source mapping."""
        queue = account.queue("orders-in")
        account.function("orders")
        account.clients.client("lambda").create_event_source_mapping(EventSourceArn=queue, FunctionName="orders")

        resolved = resolve(on("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName="orders-in"), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.targets[0].kind == "event-source"

    def test_a_dead_letter_queue_leads_to_the_queue_that_fills_it(self, account: Account) -> None:
        """An alarm on dead letters is the commonest one on a queue."""
        dead = account.queue("orders-dead")
        queue = account.queue("orders-in", dead_letters=dead)
        account.function("orders")
        account.clients.client("lambda").create_event_source_mapping(EventSourceArn=queue, FunctionName="orders")

        resolved = resolve(on("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName="orders-dead"), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert "orders-dead is the dead-letter queue of orders-in" in resolved.notes

    def test_a_stream_leads_to_its_function(self, account: Account) -> None:
        """A Kinesis metric carries the stream's name."""
        kinesis = account.clients.client("kinesis")
        kinesis.create_stream(StreamName="clicks", ShardCount=1)
        arn = kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["StreamARN"]
        account.function("orders")
        account.clients.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName="orders", StartingPosition="LATEST")

        alarm = on("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", StreamName="clicks")

        assert names(resolve(alarm, account.clients, now=NOW)) == ["orders"]

    def test_a_metric_filter_leads_through_its_log_group(self, account: Account) -> None:
        """The metric is in a namespace of the customer's own and names nothing."""
        account.function("orders")
        logs = account.clients.client("logs")
        logs.create_log_group(logGroupName="/aws/lambda/orders")
        change = {"metricName": "PaymentRefused", "metricNamespace": "Shop", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName="/aws/lambda/orders", filterName="refused", filterPattern="REFUSED", metricTransformations=[change]
        )

        assert names(resolve(an_alarm("log-filter"), account.clients, now=NOW)) == ["orders"]

    def test_a_metric_that_no_filter_writes_is_said_so(self, account: Account) -> None:
        """The code itself may write it."""
        notes = resolve(an_alarm("log-filter"), account.clients, now=NOW).notes

        assert "no log metric filter writes Shop/PaymentRefused" in notes


class TestComposites:
    def test_children_that_are_red_lead_on(self, account: Account) -> None:
        """The child that is OK is not why the parent is red."""
        for name in ("orders", "cart"):
            account.function(name)
        account.metric_alarm("orders-errors", "orders")
        account.metric_alarm("cart-errors", "cart", state="OK")

        resolved = resolve(an_alarm("composite-without-children"), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.alarm.dimensions == ({"FunctionName": "orders"},)

    def test_composites_below_composites_are_followed(self, account: Account) -> None:
        """Down to the metrics; a circle ends. Answers in DescribeAlarms' shape, since moto has no composite alarms."""
        account.function("orders")
        outer = {"AlarmName": "outer", "AlarmRule": "ALARM(inner) OR ALARM('outer')", "StateValue": "ALARM"}
        inner = {"AlarmName": "inner", "AlarmRule": 'NOT ALARM("quiet") AND ALARM("orders-errors")', "StateValue": "ALARM"}
        where = [{"Name": "FunctionName", "Value": "orders"}]
        metric = {
            "AlarmName": "orders-errors",
            "StateValue": "ALARM",
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": where,
        }
        quiet = {**metric, "AlarmName": "quiet", "StateValue": "OK", "Dimensions": [{"Name": "FunctionName", "Value": "cart"}]}
        answers: list[dict[str, Any]] = [{"CompositeAlarms": [outer]}, {"CompositeAlarms": [inner]}, {"MetricAlarms": [quiet, metric]}]
        alarm = an_alarm("composite", AlarmName="top", TriggeringChildren=[{"Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:outer"}])

        with answering(account.clients, "cloudwatch", [("describe_alarms", answer) for answer in answers]) as clients:
            resolved = resolve(alarm, clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.gaps == ()

    def test_children_that_are_gone_are_named(self, account: Account) -> None:
        """DescribeAlarms leaves them out in silence."""
        notes = resolve(an_alarm("composite"), account.clients, now=NOW).notes

        assert "alarms that do not exist any more: orders-errors" in notes


@contextmanager
def answering(clients: AwsClients, service: str, answers: list[tuple[str, dict[str, Any]]]) -> Iterator[AwsClients]:
    """Let one service give these answers in this order; botocore checks them against AWS's own model."""
    client = clients.client(service, REGION)
    with Stubber(client) as stubber:
        for operation, answer in answers:
            stubber.add_response(operation, answer)
        yield clients
        stubber.assert_no_pending_responses()


class Refusing:
    """Clients of which some services fail, each with an error of its own."""

    def __init__(self, clients: AwsClients, failures: dict[str, Exception]) -> None:
        self._clients = clients
        self._failures = failures

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client, or raise the service's failure."""
        if service in self._failures:
            raise self._failures[service]
        return self._clients.client(service, region)


class TestFailures:
    def test_a_refused_question_becomes_a_gap(self, account: Account) -> None:
        """The ranking is lost, the functions are not."""
        account.rest_api("shop", {f"GET /{name}": account.function(name) for name in ("cart", "orders")})
        refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "GetMetricData")

        resolved = resolve(on("AWS/ApiGateway", "5XXError", ApiName="shop"), Refusing(account.clients, {"cloudwatch": refused}), now=NOW)

        assert sorted(str(n) for n in names(resolved)) == ["cart", "orders"]
        assert [(g.section, g.operation, g.code) for g in resolved.gaps] == [("metrics", "cloudwatch:GetMetricData", "AccessDenied")]
        assert any("could not be read" in note for note in resolved.notes)

    def test_an_endpoint_that_cannot_be_reached_becomes_a_gap(self, account: Account) -> None:
        """No network is an answer too."""
        dead = EndpointConnectionError(endpoint_url="https://lambda.eu-west-1.amazonaws.com/")

        resolved = resolve(an_alarm(), Refusing(account.clients, {"lambda": dead}), now=NOW)

        assert names(resolved) == ["orders"]
        assert [g.code for g in resolved.gaps] == ["EndpointConnectionError"]

    def test_an_error_of_our_own_is_no_gap(self, account: Account) -> None:
        """A fault in the code must be seen."""
        with pytest.raises(TypeError):
            resolve(an_alarm(), Refusing(account.clients, {"lambda": TypeError("ours")}), now=NOW)

    def test_an_alarm_without_account_says_what_it_could_not_look_up(self, account: Account) -> None:
        """A target group's ARN needs the account."""
        alarm = on("AWS/ApplicationELB", "LambdaUserError", TargetGroup="targetgroup/orders/73e2d6bc24d8a067")

        resolved = resolve(alarm.model_copy(update={"account_id": None}), account.clients, now=NOW)

        assert any("cannot be looked up" in note for note in resolved.notes)


class TestPermissions:
    def test_every_action_is_an_operation_of_aws(self) -> None:
        """A misspelt one in the role grants nothing; API Gateway's actions are HTTP verbs."""
        session = botocore.session.get_session()
        services = {"elasticloadbalancing": "elbv2"}
        for action in IAM_ACTIONS - {"apigateway:GET"}:
            service, _, operation = action.partition(":")
            assert operation in session.get_service_model(services.get(service, service)).operation_names, action
