"""From an alarm to the function that it is about, in an account that moto plays; what could not be asked is said."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from bot.alarms.target import IAM_ACTIONS, resolve
from bot.ports import AwsClients
from tests.alarms.alarms import an_alarm, names, on
from tests.alarms.aws_parts import ACCOUNT, NOW, REGION, Account


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
