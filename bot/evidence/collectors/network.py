"""The network of a function in a VPC: whether there is a way out, and what blocks it."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context


@COLLECTORS.register("network")
class Network(Collector):
    """Subnets, routes, gateways, endpoints and rules; not asked for a function outside a VPC."""

    sections = ("network",)
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNatGateways",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcs",
        }
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html"

    def collect(self, context: Context) -> None:
        """Read everything about the VPC at once."""
        config = context.need("function").get("VpcConfig") or {}
        subnets, groups, vpc = config.get("SubnetIds") or [], config.get("SecurityGroupIds") or [], config.get("VpcId")
        if not subnets or not vpc:
            return
        of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
        context.together(
            "network",
            partial(_read, "subnets", "DescribeSubnets", "Subnets", {"SubnetIds": subnets}),
            # All tables of the VPC: a subnet without a table of its own uses the main one.
            partial(_read, "route_tables", "DescribeRouteTables", "RouteTables", {"Filters": of_vpc}),
            partial(_read, "nat_gateways", "DescribeNatGateways", "NatGateways", {"Filter": of_vpc}),
            partial(_read, "vpc_endpoints", "DescribeVpcEndpoints", "VpcEndpoints", {"Filters": of_vpc}),
            *([partial(_read, "security_groups", "DescribeSecurityGroups", "SecurityGroups", {"GroupIds": groups})] if groups else []),
            partial(_read, "network_acls", "DescribeNetworkAcls", "NetworkAcls", {"Filters": _of_subnets(subnets)}),
            partial(_read_dhcp, vpc),
        )


def _of_subnets(subnets: list[str]) -> list[dict[str, Any]]:
    return [{"Name": "association.subnet-id", "Values": subnets}]


def _read(key: str, operation: str, answer_key: str, params: dict[str, Any], context: Context) -> None:
    found: list[dict[str, Any]] = []
    for page in context.pages("ec2", operation, ("NextToken", "NextToken"), **params):
        found += page.get(answer_key, [])
    context.answer("network", {key: found})


def _read_dhcp(vpc: str, context: Context) -> None:
    vpcs = context.call("ec2", "DescribeVpcs", VpcIds=[vpc])["Vpcs"]
    options = vpcs[0].get("DhcpOptionsId") if vpcs else None
    # "default" is AWS's word for a VPC without a set of its own.
    found = context.call("ec2", "DescribeDhcpOptions", DhcpOptionsIds=[options])["DhcpOptions"] if options and options != "default" else []
    context.answer("network", {"dhcp_options": found})
