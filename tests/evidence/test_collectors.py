"""Each collector's own questions: their answers in the shape of the contract, and what AWS says when there is none."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from bot.errors import CollectionError
from bot.evidence.collectors.entrance import Found, doors_of
from bot.evidence.collectors.gateway import Gateway
from bot.evidence.context import Context
from bot.models.incident_file import FrontDoor, Target
from tests.evidence.fakes import NOW, REGION, BreakableClients, FixedClients, a_run, ask
from tests.evidence.shop import ACCOUNT, open_shop

FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout"
DENY_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
METRICS_ASKED = {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY, "ScanBy": "TimestampAscending"}
API_ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3"


@contextmanager
def stubbed(service: str, *answers: tuple[str, dict[str, Any], dict[str, Any] | str]) -> Iterator[FixedClients]:
    """Yield clients of which one answers in order; a text in the place of an answer is an error code."""
    client: Any = boto3.client(service, region_name=REGION)  # type: ignore[call-overload]
    with Stubber(client) as stubber:
        for method, expected, answer in answers:
            if isinstance(answer, str):
                stubber.add_client_error(method, answer, f"{answer} said", 403, expected_params=expected)
            else:
                stubber.add_response(method, answer, expected)
        yield FixedClients(**{service: client})
        stubber.assert_no_pending_responses()


class TestConcurrency:
    def test_no_reservation_is_null(self) -> None:
        """AWS answers without the field; nothing is reserved, and that was asked."""
        with stubbed("lambda", ("get_function_concurrency", {"FunctionName": "checkout"}, {})) as aws:
            _, sections, _ = ask("concurrency-reserved", a_run(aws))

        assert sections["concurrency"] == {"ReservedConcurrentExecutions": None}

    def test_zero_is_not_none(self) -> None:
        """A reservation of 0 refuses every call."""
        with stubbed("lambda", ("get_function_concurrency", {"FunctionName": "checkout"}, {"ReservedConcurrentExecutions": 0})) as aws:
            _, sections, _ = ask("concurrency-reserved", a_run(aws))

        assert sections["concurrency"] == {"ReservedConcurrentExecutions": 0}

    def test_account_limits_keep_aws_names(self) -> None:
        """Sizes of code are not of interest."""
        limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 895, "TotalCodeSize": 1, "CodeSizeZipped": 2}
        with stubbed("lambda", ("get_account_settings", {}, {"AccountLimit": limit})) as aws:
            _, sections, _ = ask("concurrency-account", a_run(aws))

        assert sections["concurrency"] == {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 895}}

    def test_provisioned_concurrency_is_read_page_by_page(self) -> None:
        """Each alias or version has a configuration of its own."""
        one = {"FunctionArn": f"{FUNCTION_ARN}:live", "RequestedProvisionedConcurrentExecutions": 5, "Status": "READY"}
        with stubbed(
            "lambda",
            (
                "list_provisioned_concurrency_configs",
                {"FunctionName": "checkout"},
                {"ProvisionedConcurrencyConfigs": [one], "NextMarker": "2"},
            ),
            ("list_provisioned_concurrency_configs", {"FunctionName": "checkout", "Marker": "2"}, {"ProvisionedConcurrencyConfigs": [one]}),
        ) as aws:
            _, sections, gaps = ask("concurrency-provisioned", a_run(aws))

        assert sections["concurrency"] == {"ProvisionedConcurrencyConfigs": [one, one]}
        assert gaps == []

    def test_a_refusal_is_no_empty_list(self) -> None:
        """Not being allowed to look is not the same as nothing being there."""
        with stubbed("lambda", ("list_provisioned_concurrency_configs", {"FunctionName": "checkout"}, "AccessDeniedException")) as aws:
            _, sections, gaps = ask("concurrency-provisioned", a_run(aws))

        assert sections == {}
        assert [(gap["operation"], gap["code"]) for gap in gaps] == [("lambda:ListProvisionedConcurrencyConfigs", "AccessDeniedException")]


class TestResourcePolicies:
    def test_reads_the_other_qualifiers(self) -> None:
        """The integration calls the alias, and the permission stands on the function: both policies must be seen."""
        policy = {"Version": "2012-10-17", "Statement": []}
        with stubbed("lambda", ("get_policy", {"FunctionName": "checkout"}, {"Policy": json.dumps(policy)})) as aws:
            run = a_run(
                aws,
                target=Target(function_name="checkout", qualifier="live", region=REGION),
                needs={"function-aliases": [{"Name": "live"}]},
            )
            _, sections, _ = ask("resource-policies", run)

        assert sections["resource_policies"] == {"$LATEST": policy}

    def test_an_alias_without_a_policy_is_null(self) -> None:
        """AWS says that there is none."""
        with stubbed("lambda", ("get_policy", {"FunctionName": "checkout", "Qualifier": "live"}, "ResourceNotFoundException")) as aws:
            _, sections, gaps = ask("resource-policies", a_run(aws, needs={"function-aliases": [{"Name": "live"}]}))

        assert (sections["resource_policies"], gaps) == ({"live": None}, [])


class TestMetrics:
    def test_all_are_asked_in_one_call_and_paged(self) -> None:
        """One call for everything about the function and the account; later pages add points to the same series."""
        at = [NOW - timedelta(minutes=3), NOW - timedelta(minutes=2)]

        def page(value: float, moment: datetime, **more: Any) -> dict[str, Any]:
            result = {"Id": "m0", "Label": "x", "Timestamps": [moment], "Values": [value], "StatusCode": "Complete"}
            return {"MetricDataResults": [result], **more}

        asked = METRICS_ASKED
        with stubbed(
            "cloudwatch",
            ("get_metric_data", asked, page(1, at[1], NextToken="n")),
            ("get_metric_data", {**asked, "NextToken": "n"}, page(2, at[0])),
        ) as aws:
            _, sections, gaps = ask("function-metrics", a_run(aws))

        first = next(s for s in sections["metrics"] if s["MetricName"] == "Invocations")
        assert (first["Values"], first["Stat"], first["Period"]) == ([2.0, 1.0], "Sum", 60)
        assert first["Timestamps"] == [moment.isoformat().replace("+00:00", "Z") for moment in at]
        names = {(s["MetricName"], s["Stat"]) for s in sections["metrics"] if s["Dimensions"] == {"FunctionName": "checkout"}}
        assert {
            ("Errors", "Sum"),
            ("Throttles", "Sum"),
            ("Duration", "p99"),
            ("Duration", "Maximum"),
            ("ConcurrentExecutions", "Maximum"),
        } <= names
        assert ("ClaimedAccountConcurrency", {}) in [(s["MetricName"], s["Dimensions"]) for s in sections["metrics"]]
        assert gaps == []

    def test_a_metric_that_could_not_be_computed_is_left_out_and_named(self) -> None:
        """An inner error of CloudWatch is no series of zero points."""
        result = {"Id": "m1", "Label": "x", "Timestamps": [], "Values": [], "StatusCode": "InternalError"}
        with stubbed(
            "cloudwatch",
            (
                "get_metric_data",
                METRICS_ASKED,
                {"MetricDataResults": [result]},
            ),
        ) as aws:
            _, sections, gaps = ask("function-metrics", a_run(aws))

        assert "Errors" not in {s["MetricName"] for s in sections["metrics"]}
        assert [(gap["code"], gap["message"]) for gap in gaps] == [("InternalError", "no data for Errors")]

    def test_a_rest_api_goes_by_its_name_and_an_http_api_by_its_id(self) -> None:
        """CloudWatch knows a REST API by name only."""
        for gateway, dimension in (
            (Gateway(FrontDoor(kind="rest-api", id="a1", stage="prod"), name="shop"), {"ApiName": "shop", "Stage": "prod"}),
            (Gateway(FrontDoor(kind="http-api", id="a1", stage="prod"), name="shop"), {"ApiId": "a1", "Stage": "prod"}),
        ):
            with stubbed(
                "cloudwatch",
                ("get_metric_data", METRICS_ASKED, {"MetricDataResults": []}),
            ) as aws:
                _, sections, _ = ask("gateway-metrics", a_run(aws, needs={"gateway": gateway}))

            assert {tuple(s["Dimensions"].items()) for s in sections["metrics"]} == {tuple(dimension.items())}


def looked_up(attribute: str, value: str) -> dict[str, Any]:
    """Return what LookupEvents is asked for one attribute."""
    return {"LookupAttributes": [{"AttributeKey": attribute, "AttributeValue": value}], "StartTime": ANY, "EndTime": ANY}


class TestTrail:
    @staticmethod
    def event(name: str, *, read_only: str = "false", **detail: Any) -> dict[str, Any]:
        """Return an event as LookupEvents has it: the detail is JSON in a text."""
        return {
            "EventId": f"id-{name}",
            "EventName": name,
            "EventTime": datetime(2026, 5, 14, 3, 1, 10, tzinfo=UTC),
            "Username": "deploy",
            "ReadOnly": read_only,
            "CloudTrailEvent": json.dumps({"eventName": name, "eventSource": "lambda.amazonaws.com", **detail}),
        }

    def test_tells_changes_from_denials_and_leaves_reads_out(self) -> None:
        """What changed the function, and what was refused; that somebody looked is neither."""
        events = [
            self.event("UpdateFunctionConfiguration20150331v2", requestParameters={"timeout": 3, "password": "hunter2"}),
            self.event("GetFunction20150331v2", read_only="true"),
            self.event("Invoke", errorCode="AccessDenied", errorMessage="User: arn:x is not authorized to perform: lambda:InvokeFunction"),
        ]
        asked = looked_up("ResourceName", "checkout")
        with stubbed("cloudtrail", ("lookup_events", asked, {"Events": events})) as aws:
            _, sections, _ = ask("trail-function", a_run(aws))

        assert [change["EventName"] for change in sections["changes"]] == ["UpdateFunctionConfiguration20150331v2"]
        change = sections["changes"][0]
        assert (change["EventTime"], change["Username"]) == ("2026-05-14T03:01:10Z", "deploy")
        assert change["requestParameters"] == {"timeout": 3, "password": "[redacted:secret]"}
        assert [(d["eventSource"], d["eventName"], d["errorCode"]) for d in sections["denials"]] == [
            ("lambda.amazonaws.com", "Invoke", "AccessDenied")
        ]

    def test_finds_calls_of_the_function_that_were_refused(self) -> None:
        """The function's session under its role carries the function's name."""
        asked = looked_up("Username", "checkout")
        events = [self.event("PutItem", errorCode="AccessDenied"), self.event("CreateTable")]
        with stubbed("cloudtrail", ("lookup_events", asked, {"Events": events})) as aws:
            _, sections, _ = ask("trail-caller", a_run(aws))

        assert [denial["eventName"] for denial in sections["denials"]] == ["PutItem"]
        assert "changes" not in sections

    def test_asks_about_the_role_where_iam_records(self) -> None:
        """IAM is global, and its events stand in one region."""
        asked = {
            "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": "checkout-role"}],
            "StartTime": ANY,
            "EndTime": ANY,
        }
        with stubbed("cloudtrail", ("lookup_events", asked, {"Events": []})) as aws:
            ask("trail-role", a_run(aws, needs={"function": {"Role": f"arn:aws:iam::{ACCOUNT}:role/path/checkout-role"}}))

        assert aws.regions == ["us-east-1"]

    def test_a_turn_that_comes_after_the_deadline_is_a_gap(self) -> None:
        """CloudTrail takes two questions a second; the third does not wait past the deadline."""
        run = a_run(FixedClients(), deadline_s=0.1)
        run.trail_slots[REGION] = [time.monotonic(), time.monotonic()]
        _, sections, gaps = ask("trail-function", run)

        assert sections == {}
        assert [(gap["section"], gap["code"]) for gap in gaps] == [("changes", "DeadlineExceeded")]


class TestDoors:
    @staticmethod
    def policy(service: str, source: str | None, **more: Any) -> dict[str, Any]:
        """Return a policy with one statement."""
        condition = {"Condition": {"ArnLike": {"AWS:SourceArn": source}}} if source else {}
        return {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, **condition, **more}]}

    @pytest.mark.parametrize(
        ("source", "door"),
        [
            (f"{API_ARN}/prod/POST/orders", FrontDoor(id="a1b2c3", stage="prod", route="POST /orders")),
            (f"{API_ARN}/*/*/orders", FrontDoor(id="a1b2c3")),
            (f"{API_ARN}/*", FrontDoor(id="a1b2c3")),
            (f"{API_ARN}/*/$default", FrontDoor(id="a1b2c3", route="$default")),
            (f"{API_ARN}/prod/GET/", FrontDoor(id="a1b2c3", stage="prod", route="GET /")),
        ],
    )
    def test_an_api_is_named_by_the_source(self, source: str, door: FrontDoor) -> None:
        """Stage and route where the statement names one and not all."""
        assert list(doors_of(self.policy("apigateway.amazonaws.com", source))) == [door]

    def test_other_principals_are_other_doors(self) -> None:
        """A load balancer answers callers; S3 and friends are triggers."""
        group = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/x/1"

        assert list(doors_of(self.policy("elasticloadbalancing.amazonaws.com", group))) == [FrontDoor(kind="alb", id=group)]
        assert list(doors_of(self.policy("s3.amazonaws.com", "arn:aws:s3:::bucket"))) == [
            FrontDoor(kind="trigger", id="arn:aws:s3:::bucket")
        ]

    def test_an_authorizer_and_a_denial_are_no_doors(self) -> None:
        """The permission of an authorizer says nothing of how callers reach the function."""
        assert list(doors_of(self.policy("apigateway.amazonaws.com", f"{API_ARN}/authorizers/x1"))) == []
        assert list(doors_of(self.policy("apigateway.amazonaws.com", f"{API_ARN}/*", Effect="Deny"))) == []


@pytest.mark.usefixtures("account")
class TestEntrance:
    NOTHING_KNOWN: dict[str, Any] = {"resource-policy": None, "resource-policies": {}, "function-url": None, "event-sources": []}  # noqa: RUF012

    def test_an_api_that_may_not_call_is_found_by_its_integration(self) -> None:
        """The permission is missing, so no policy names the API: its integrations are searched."""
        shop = open_shop(with_permission=False)

        found, _, gaps = ask("entrance", a_run(BreakableClients(), needs=self.NOTHING_KNOWN))

        assert found.front_door == FrontDoor(kind="rest-api", id=shop.api_id)
        assert gaps == []

    def test_an_http_api_is_found_too(self) -> None:
        """The search covers both kinds of API."""
        api_id = http_api()

        found, _, _ = ask("entrance", a_run(BreakableClients(), needs=self.NOTHING_KNOWN))

        assert found.front_door == FrontDoor(kind="http-api", id=api_id)

    def test_nothing_in_front_is_null(self) -> None:
        """Every API was searched and none calls the function."""
        found, sections, gaps = ask("entrance", a_run(BreakableClients(), needs=self.NOTHING_KNOWN))

        assert (found, sections, gaps) == (None, {"gateway": None}, [])

    def test_a_search_that_failed_says_nothing(self) -> None:
        """Half of the APIs could not be read: absent, and not null."""
        no = CollectionError("no", operation="lambda:GetPolicy", code="AccessDeniedException")
        with stubbed("apigateway", ("get_rest_apis", {}, "AccessDeniedException")) as stub:
            run = a_run(
                FixedClients(apigateway=stub.client("apigateway"), apigatewayv2=boto3.client("apigatewayv2", REGION)),
                needs={**self.NOTHING_KNOWN, "resource-policy": no},
            )
            found, sections, gaps = ask("entrance", run)

        assert (found, sections) == (None, {})
        assert [gap["operation"] for gap in gaps] == ["apigateway:GetRestApis"]

    def test_a_url_and_a_queue_are_doors(self) -> None:
        """No API, but a URL of its own, or a queue that feeds it."""
        url, _, _ = ask("entrance", a_run(FixedClients(), needs={**self.NOTHING_KNOWN, "function-url": {"AuthType": "NONE"}}))
        queue, _, _ = ask("entrance", a_run(FixedClients(), needs={**self.NOTHING_KNOWN, "event-sources": [{"EventSourceArn": "arn:q"}]}))

        assert url.front_door.kind == "function-url"
        assert queue.front_door == FrontDoor(kind="event-source", id="arn:q")


def http_api() -> str:
    """Make an HTTP API with one route to the function."""
    client = boto3.client("apigatewayv2", REGION)
    api_id: str = client.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=FUNCTION_ARN, PayloadFormatVersion="2.0", TimeoutInMillis=30000
    )
    client.create_route(ApiId=api_id, RouteKey="POST /orders", Target=f"integrations/{integration['IntegrationId']}")
    client.create_stage(ApiId=api_id, StageName="$default")
    return api_id


@pytest.mark.usefixtures("account")
class TestHttpGateway:
    def test_has_the_names_of_the_contract(self) -> None:
        """Routes and integrations of both kinds of API read alike."""
        api_id = http_api()
        found, _, _ = ask("entrance", a_run(BreakableClients(), needs=TestEntrance.NOTHING_KNOWN))

        gateway, sections, gaps = ask("gateway", a_run(BreakableClients(), needs={"entrance": found}))

        read = sections["gateway"]
        assert (read["kind"], read["id"], read["name"], read["stage"]["StageName"]) == ("http-api", api_id, "shop", "$default")
        integration = read["integrations"][0]
        assert (integration["route"], integration["type"], integration["payloadFormatVersion"]) == ("POST /orders", "AWS_PROXY", "2.0")
        assert (integration["timeoutInMillis"], integration["uri"]) == (30000, FUNCTION_ARN)
        assert gateway.front_door == FrontDoor(kind="http-api", id=api_id, stage="$default", route="POST /orders")
        assert gaps == []

    def test_an_api_that_is_gone_is_null(self) -> None:
        """The alarm names an API that was deleted."""
        _, sections, _ = ask("gateway", a_run(BreakableClients(), needs={"entrance": Found(FrontDoor(kind="rest-api", id="gone"))}))

        assert sections["gateway"] is None


@pytest.mark.usefixtures("account")
class TestNetwork:
    def test_is_read_for_a_function_in_a_vpc(self) -> None:
        """Everything that can stop a packet on its way out."""
        ec2 = boto3.client("ec2", REGION)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
        config = {"VpcId": vpc, "SubnetIds": [subnet], "SecurityGroupIds": [group]}

        _, sections, gaps = ask("network", a_run(BreakableClients(), needs={"function": {"VpcConfig": config}}))

        network = sections["network"]
        assert [each["SubnetId"] for each in network["subnets"]] == [subnet]
        assert [each["GroupId"] for each in network["security_groups"]] == [group]
        assert {each["VpcId"] for each in network["route_tables"]} == {vpc}
        assert (network["nat_gateways"], network["vpc_endpoints"]) == ([], [])
        assert network["network_acls"]
        assert gaps == []

    def test_is_not_asked_outside_a_vpc(self) -> None:
        """An empty VpcConfig is no network."""
        _, sections, gaps = ask("network", a_run(FixedClients(), needs={"function": {"VpcConfig": {"SubnetIds": [], "VpcId": ""}}}))

        assert (sections, gaps) == ({}, [])


@pytest.mark.usefixtures("account")
class TestExecutionRole:
    def test_holds_every_policy_and_the_boundary(self) -> None:
        """A boundary can refuse what every policy allows."""
        shop = open_shop()
        iam = boto3.client("iam")
        arn = iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps(DENY_ALL))["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName="checkout-role", PermissionsBoundary=arn)

        _, sections, gaps = ask("execution-role", a_run(BreakableClients(), needs={"function": {"Role": shop.role_arn}}))

        role = sections["execution_role"]
        assert [policy["name"] for policy in role["policies"]] == ["own", "tables"]
        assert role["policies"][0]["document"]["Statement"][0]["Action"] == "logs:*"
        assert role["permissions_boundary"]["document"] == DENY_ALL
        assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert gaps == []

    def test_a_role_that_is_gone_is_said(self) -> None:
        """The function still names it."""
        _, sections, _ = ask("execution-role", a_run(BreakableClients(), needs={"function": {"Role": f"arn:aws:iam::{ACCOUNT}:role/gone"}}))

        assert sections["execution_role"] == {"Arn": f"arn:aws:iam::{ACCOUNT}:role/gone", "exists": False, "policies": []}


class TestDeclaration:
    def test_a_question_that_was_not_declared_is_refused(self) -> None:
        """A collector cannot use a permission that the deployment does not grant for it."""
        context = Context("x", ("function",), frozenset({"lambda:GetPolicy"}), a_run(FixedClients()))

        with pytest.raises(CollectionError, match="collector x does not declare lambda:ListTags"):
            context.call("lambda", "ListTags", Resource=FUNCTION_ARN)
