"""Everything that can stop a packet on its way out, for functions in a VPC."""

from __future__ import annotations

import boto3
import pytest

from tests.evidence.fakes import REGION, BreakableClients, FixedClients, a_run, ask


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
