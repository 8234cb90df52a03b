"""Facts from the sections beside the logs: concurrency, network, changes, metrics, front door, health."""

from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.changes import kind_of
from bot.analysis.facts import Facts
from tests.analysis.incidents import ID, START_MS, a_log, an_incident, report


def facts_of(**sections: Any) -> Facts:
    return analyse(an_incident(**sections))


def a_metric(name: str, *values: float, stat: str = "Sum", namespace: str = "AWS/Lambda", **dimensions: str) -> dict[str, Any]:
    given = dimensions if dimensions or namespace != "AWS/Lambda" else {"FunctionName": "checkout"}
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": given,
        "Stat": stat,
        "Period": 60,
        "Timestamps": [],
        "Values": list(values),
    }


class TestThrottling:
    def test_three_states_of_reserved_concurrency(self) -> None:
        """Some, none, and nobody asked."""
        read = facts_of(concurrency={"ReservedConcurrentExecutions": 5}).throttling
        none = facts_of(concurrency={"ReservedConcurrentExecutions": None}).throttling
        absent = facts_of().throttling

        assert [(t.has_reserved, t.reserved) for t in (read, none, absent)] == [(True, 5), (False, None), (None, None)]

    @pytest.mark.parametrize(
        ("concurrency", "metrics", "where"),
        [
            ({"ReservedConcurrentExecutions": 5}, [a_metric("ConcurrentExecutions", 5, stat="Maximum")], "reserved"),
            ({"ReservedConcurrentExecutions": 5}, [a_metric("ConcurrentExecutions", 2, stat="Maximum")], "below"),
            (
                {"ReservedConcurrentExecutions": None, "AccountLimit": {"ConcurrentExecutions": 1000}},
                [a_metric("ClaimedAccountConcurrency", 998, stat="Maximum") | {"Dimensions": {}}],
                "account",
            ),
            (
                {"ReservedConcurrentExecutions": None, "AccountLimit": {"ConcurrentExecutions": 1000}},
                [a_metric("ClaimedAccountConcurrency", 300, stat="Maximum") | {"Dimensions": {}}],
                "below",
            ),
            ({"ReservedConcurrentExecutions": None}, [a_metric("ConcurrentExecutions", 300, stat="Maximum")], "unknown"),
        ],
    )
    def test_the_peak_is_set_beside_the_limits(self, concurrency: dict[str, Any], metrics: list[dict[str, Any]], where: str) -> None:
        """Which limit was reached decides which button helps."""
        assert facts_of(concurrency=concurrency, metrics=metrics).throttling.peak_is_at == where

    def test_lambdas_reason_is_read_from_what_callers_were_told(self) -> None:
        """And never from the function's own log, where it is a downstream service's."""
        body = '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate Exceeded"}'
        told = facts_of(kind="function-url", client={"status": 429, "body": body}).throttling
        own_log = facts_of(logs=[a_log("[ERROR] TooManyRequestsException: ConcurrentInvocationLimitExceeded Rate exceeded")]).throttling

        assert (told.reason, told.seen_as) == ("ReservedFunctionConcurrentInvocationLimitExceeded", "client")
        assert (own_log.reason, own_log.seen_as) == (None, "none")

    def test_the_metric_is_the_functions_own(self) -> None:
        """Another function's throttles are not this one's; an alias's series is not added to the function's."""
        metrics = [
            a_metric("Throttles", 12),
            a_metric("Throttles", 12, FunctionName="checkout", Resource="checkout:live"),
            a_metric("Throttles", 99, FunctionName="other"),
        ]

        assert facts_of(metrics=metrics).throttling.throttles == 12


VPC = {"VpcConfig": {"VpcId": "vpc-1", "SubnetIds": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-1"]}}


def a_table(subnet: str | None, *routes: dict[str, Any], main: bool = False) -> dict[str, Any]:
    link: dict[str, Any] = {"Main": True} if main else {"SubnetId": subnet}
    return {"RouteTableId": f"rtb-{subnet or 'main'}", "Associations": [link], "Routes": list(routes)}


def default_to(**target: str) -> dict[str, Any]:
    return {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", **target}


def a_group(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"GroupId": "sg-1", "IpPermissionsEgress": list(rules)}


class TestNetwork:
    @pytest.mark.parametrize(
        ("network", "egress"),
        [
            ({"route_tables": [a_table(None, default_to(NatGatewayId="nat-1"), main=True)]}, "nat"),
            ({"route_tables": [a_table(None, default_to(GatewayId="igw-1"), main=True)]}, "internet-gateway-only"),
            ({"route_tables": [a_table(None, {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, main=True)]}, "none"),
            (
                {
                    "route_tables": [
                        a_table("subnet-a", default_to(NatGatewayId="nat-1")),
                        a_table("subnet-b", default_to(GatewayId="igw-1")),
                    ]
                },
                "internet-gateway-only",
            ),
            ({"route_tables": [a_table(None, default_to(NatGatewayId="nat-1") | {"State": "blackhole"}, main=True)]}, "none"),
            (
                {
                    "route_tables": [a_table(None, default_to(NatGatewayId="nat-1"), main=True)],
                    "nat_gateways": [{"NatGatewayId": "nat-1", "State": "failed"}],
                },
                "none",
            ),
            ({"nat_gateways": []}, "none"),
            ({"nat_gateways": [], "vpc_endpoints": [{"ServiceName": "com.amazonaws.eu-west-1.s3"}]}, "endpoints-only"),
            ({"nat_gateways": [{"State": "available"}]}, "unknown"),
            ({"security_groups": []}, "unknown"),
        ],
    )
    def test_the_way_out_is_the_worst_of_the_subnets(self, network: dict[str, Any], egress: str) -> None:
        """Lambda spreads its environments over all of them; a public subnet gives a function no way out."""
        assert facts_of(function=VPC, network=network).network.egress == egress

    def test_a_function_outside_a_vpc(self) -> None:
        """`VpcConfig: null` is an answer, a partial function section is none."""
        assert facts_of(function={"VpcConfig": None}).network.egress == "not-in-vpc"
        assert facts_of(function={"Timeout": 3}).network.in_vpc is None

    @pytest.mark.parametrize(
        ("rules", "blocks", "dns"),
        [
            ([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}], (), False),
            ([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}], ("egress to 53/udp",), True),
            (
                [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}, {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53}],
                ("egress to 443/tcp",),
                False,
            ),
            ([], ("all egress",), True),
        ],
    )
    def test_security_groups_say_what_they_do_not_let_out(self, rules: list[dict[str, Any]], blocks: tuple[str, ...], dns: bool) -> None:
        """Groups only allow; what none of them allows is blocked."""
        found = facts_of(function=VPC, network={"security_groups": [a_group(*rules)]}).network

        assert (found.security_group_blocks, found.dns_blocked) == (blocks, dns)

    def test_the_port_that_timed_out_is_looked_for(self) -> None:
        """The function's own error names it."""
        network = {
            "security_groups": [
                a_group({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}, {"IpProtocol": "17", "FromPort": 53, "ToPort": 53})
            ]
        }
        logs = [a_log("[ERROR] Error: connect ETIMEDOUT 10.0.3.7:5432")]

        assert facts_of(function=VPC, network=network, logs=logs).network.security_group_blocks == ("egress to 5432/tcp",)

    def test_amazons_resolver_passes_security_groups(self) -> None:
        """Only queries to a custom server can be blocked by them."""
        options = [{"DhcpConfigurations": [{"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]}]}]
        network = {"security_groups": [a_group({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443})], "dhcp_options": options}

        assert facts_of(function=VPC, network=network).network.dns_blocked is False

    def test_an_execute_api_endpoint_with_private_dns_captures_public_apis(self) -> None:
        """Inside the VPC the public name leads to it."""
        endpoint = {"ServiceName": "com.amazonaws.eu-west-1.execute-api", "PrivateDnsEnabled": True}
        found = facts_of(network={"vpc_endpoints": [endpoint]}).network

        assert (found.private_dns_execute_api, found.endpoint_services) == (True, ("execute-api",))

    def test_a_network_acl_that_allows_nothing_blocks(self) -> None:
        """Its entries are asked by number; without an allow the implicit deny remains."""
        acl = {
            "NetworkAclId": "acl-1",
            "Associations": [{"SubnetId": "subnet-a"}],
            "Entries": [{"Egress": True, "RuleNumber": 32767, "RuleAction": "deny"}],
        }

        assert facts_of(function=VPC, network={"network_acls": [acl]}).network.nacl_blocks is True


class TestChanges:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("UpdateFunctionCode", "code"),
            ("UpdateFunctionConfiguration", "configuration"),
            ("PutFunctionConcurrency", "concurrency"),
            ("DeleteFunctionConcurrency", "concurrency"),
            ("UpdateAlias", "alias"),
            ("RemovePermission", "permission"),
            ("PutRolePolicy", "permission"),
            ("DetachRolePolicy", "permission"),
            ("PutBucketPolicy", "permission"),
            ("PutKeyPolicy", "permission"),
            ("CreateDeployment", "gateway"),
            ("UpdateStage", "gateway"),
            ("ModifyTargetGroupAttributes", "gateway"),
            ("UpdateDistribution", "gateway"),
            ("DeleteNatGateway", "network"),
            ("ReplaceRoute", "network"),
            ("RevokeSecurityGroupEgress", "network"),
            ("CreateFunction", "creation"),
            ("DeleteFunction", "deletion"),
            ("ListTags", "other"),
        ],
    )
    def test_the_name_tells_the_kind(self, name: str, kind: str) -> None:
        """CloudTrail's names follow the API."""
        assert kind_of(name) == kind

    def test_a_change_is_timed_against_the_first_failure(self) -> None:
        """The version suffix is no part of the name."""
        rows = [
            {
                "EventTime": "2026-05-14T03:00:00Z",
                "EventName": "UpdateFunctionConfiguration20150331v2",
                "Username": "deploy",
                "requestParameters": {"timeout": 3},
            }
        ]
        found = facts_of(changes=rows, logs=[a_log(report(tail="Status: timeout", duration="0.00"))]).changes[0]

        assert (found.name, found.kind, found.by, found.fields, found.failed) == (
            "UpdateFunctionConfiguration",
            "configuration",
            "deploy",
            ("timeout",),
            False,
        )
        assert found.at_ms == 1_778_727_600_000
        assert found.seconds_before_errors == (START_MS - 1_778_727_600_000) / 1000

    def test_without_a_failure_nothing_is_measured(self) -> None:
        """Unknown, and not zero."""
        assert (
            facts_of(changes=[{"EventTime": "2026-05-14T03:00:00Z", "EventName": "UpdateAlias"}]).changes[0].seconds_before_errors is None
        )


class TestTraffic:
    def test_sums_and_worst_values(self) -> None:
        """None where a metric was not read; a series without values recorded nothing."""
        found = facts_of(
            metrics=[
                a_metric("Invocations", 10, 30),
                a_metric("Errors"),
                a_metric("Duration", 100, 29_500, stat="Maximum"),
                a_metric("5XXError", 7, namespace="AWS/ApiGateway", ApiName="shop"),
            ]
        ).traffic

        assert (found.invocations, found.errors, found.error_rate, found.duration_max_ms, found.front_door_5xx) == (40, 0, 0, 29_500, 7)
        assert (found.throttles, found.iterator_age_max_ms) == (None, None)


class TestFrontDoor:
    @pytest.mark.parametrize(
        ("kind", "gateway", "limit_ms"),
        [
            ("rest-api", None, 29_000),
            ("rest-api", {"integrations": [{"timeoutInMillis": 60_000}]}, 60_000),
            ("rest-api", {"integrations": [{"timeoutInMillis": 5_000}]}, 5_000),
            ("http-api", None, 30_000),
            ("websocket-api", None, 29_000),
            ("appsync", None, 30_000),
            ("alb", None, None),
            ("function-url", None, None),
            ("cloudfront", None, None),
            ("cloudfront", {"DefaultCacheBehavior": {"LambdaFunctionAssociations": {"Items": [{"EventType": "viewer-request"}]}}}, 5_000),
        ],
    )
    def test_each_has_its_own_limit(self, kind: str, gateway: dict[str, Any] | None, limit_ms: int | None) -> None:
        """And some have none."""
        found = facts_of(kind=kind, function={"Timeout": 30}, gateway=gateway).front_door

        assert found.limit_ms == limit_ms
        assert found.function_outlives_it == (None if limit_ms is None else limit_ms < 30_000)

    def test_the_targets_route_decides_between_integrations(self) -> None:
        """Another route's timeout is not its own."""
        gateway = {"integrations": [{"route": "GET /a", "timeoutInMillis": 3_000, "type": "AWS_PROXY"}, {"route": "GET /b", "type": "AWS"}]}
        target = {"function_name": "checkout", "front_door": {"kind": "rest-api", "route": "GET /a"}}
        found = facts_of(target=target, gateway=gateway).front_door

        assert (found.limit_ms, found.is_proxy) == (3_000, True)

    @pytest.mark.parametrize(
        "gateway",
        [
            {"stage": {"DefaultRouteSettings": {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 0.0}}},
            {"stage": {"methodSettings": {"*/*": {"throttlingRateLimit": 0}}}},
            {"usagePlans": [{"throttle": {"rateLimit": 0.0}}]},
        ],
    )
    def test_a_limit_of_zero_refuses_every_call(self, gateway: dict[str, Any]) -> None:
        """Infrastructure as code sets it by mistake."""
        assert facts_of(kind="http-api", gateway=gateway).front_door.gateway_throttle_zero is True

    def test_a_limit_that_is_not_set_is_none(self) -> None:
        """Absent and non-zero alike."""
        gateway = {"stage": {"DefaultRouteSettings": {"ThrottlingBurstLimit": 500, "DataTraceEnabled": False}}}

        assert facts_of(kind="http-api", gateway=gateway).front_door.gateway_throttle_zero is False


class TestForwardedHost:
    @pytest.mark.parametrize(
        ("behaviour", "expected"),
        [
            ({"OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3"}, True),
            ({"OriginRequestPolicy": "Managed-AllViewer"}, True),
            ({"OriginRequestPolicy": {"HeadersConfig": {"HeaderBehavior": "allViewer"}}}, True),
            ({"OriginRequestPolicy": {"HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": {"Items": ["Host"]}}}}, True),
            ({"ForwardedValues": {"Headers": {"Items": ["*"]}}}, True),
            ({"OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac"}, False),
            ({"ForwardedValues": {"Headers": {"Items": ["Accept"]}}}, False),
        ],
    )
    def test_a_behaviour_sends_the_viewers_host_on_or_not(self, behaviour: dict[str, Any], expected: bool) -> None:
        """API Gateway and function URLs are found by the Host, so the viewer's own leads nowhere."""
        origins = {"Items": [{"DomainName": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"}]}
        gateway = {"kind": "cloudfront", "Origins": origins, "CacheBehaviors": {"Items": [behaviour]}}

        assert analyse(an_incident(kind="cloudfront", gateway=gateway)).front_door.forwards_host is expected

    def test_a_bucket_as_origin_tells_nothing(self) -> None:
        """S3 has rules of its own for the Host."""
        gateway = {"kind": "cloudfront", "Origins": [{"DomainName": "shop.s3.amazonaws.com"}], "DefaultCacheBehavior": {}}

        assert analyse(an_incident(kind="cloudfront", gateway=gateway)).front_door.forwards_host is None


class TestHealth:
    def test_a_refusal_of_somebody_else_does_no_harm(self) -> None:
        """CloudTrail rows of users and other accounts stand beside healthy runs."""
        row = {"errorCode": "AccessDenied", "errorMessage": "User: arn:aws:iam::1:user/u is not authorized to perform: s3:GetObject"}
        facts = analyse(an_incident(logs=[a_log(f"START RequestId: {ID} Version: 1", report())], denials=[row]))

        assert facts.health.is_healthy is True

    def test_good_runs_affirm_it(self) -> None:
        """Runs were seen, all ended well, and nothing else speaks against it."""
        found = facts_of(logs=[a_log(report())], function={"State": "Active", "Timeout": 3}).health

        assert (found.is_healthy, found.handled_errors) == (True, 0)
        assert found.looked_at[0] == "the function's log: 1 invocation, 1 ended well"

    def test_silence_does_not(self) -> None:
        """No lines, no metrics: nothing is known."""
        assert facts_of(logs=[a_log()]).health.is_healthy is False

    @pytest.mark.parametrize(
        "sections",
        [
            {"client": {"status": 502}},
            {"metrics": [a_metric("Throttles", 3)]},
            {"function": {"State": "Inactive"}},
            {"concurrency": {"ReservedConcurrentExecutions": 0}},
            {"event_sources": [{"LastProcessingResult": "PROBLEM: Function call failed"}]},
        ],
    )
    def test_any_sign_of_trouble_speaks_against_it(self, sections: dict[str, Any]) -> None:
        """Good runs do not outweigh a caller who saw a 502."""
        assert facts_of(logs=[a_log(report())], **sections).health.is_healthy is False

    def test_handled_errors_are_counted_and_do_no_harm(self) -> None:
        """Logged, caught, answered."""
        lines = (f"START RequestId: {ID} Version: 1", f"[ERROR]\t2026-05-14T03:12:01.000Z\t{ID}\tValueError: bad postcode", report())
        found = facts_of(logs=[a_log(*lines)]).health

        assert (found.is_healthy, found.handled_errors) == (True, 1)
