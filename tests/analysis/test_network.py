"""The way out of a VPC, and what on it blocks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.incidents import a_log, facts_of

VPC = {"VpcConfig": {"VpcId": "vpc-1", "SubnetIds": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-1"]}}


def a_table(subnet: str | None, *routes: dict[str, Any], main: bool = False) -> dict[str, Any]:
    """Return a subnet's route table, or the main one."""
    link: dict[str, Any] = {"Main": True} if main else {"SubnetId": subnet}
    return {"RouteTableId": f"rtb-{subnet or 'main'}", "Associations": [link], "Routes": list(routes)}


def default_to(**target: str) -> dict[str, Any]:
    """Return a route for all that is not local."""
    return {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", **target}


def a_group(*rules: dict[str, Any]) -> dict[str, Any]:
    """Return a security group that lets out what the rules say."""
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
