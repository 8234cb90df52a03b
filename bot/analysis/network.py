"""Whether a function in a VPC can get out of it, and what stands in the way."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from bot.analysis.facts import NetworkPath
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile

Egress = Literal["nat", "internet-gateway-only", "endpoints-only", "none", "not-in-vpc", "unknown"]
_Row = dict[str, Any]

_AMAZON_DNS: Final = "AmazonProvidedDNS"
_ENDPOINT_SERVICE = re.compile(r"^com\.amazonaws\.(?:vpce\.)?[\w-]+\.(.+)$")


def network_path(incident: IncidentFile, ports: tuple[int, ...] = ()) -> NetworkPath:
    """Read the function's VpcConfig and the network section; what was not read stays unknown.

    Args:
        incident: The file.
        ports: TCP ports that the function tried to reach and could not, from its own errors.
    """
    config = (incident.function or {}).get("VpcConfig") if incident.function and "VpcConfig" in incident.function else ()
    in_vpc = _in_vpc(config)
    network = incident.network or {}
    subnets = {str(name) for name in config.get("SubnetIds") or ()} if isinstance(config, dict) else set()
    groups = {str(name) for name in config.get("SecurityGroupIds") or ()} if isinstance(config, dict) else set()
    endpoints = _endpoints(network)
    egress, cites = _egress(network, subnets, endpoints, in_vpc)
    blocks, dns, group_cites = _security_groups(network, groups, ports)
    resolver, resolver_cites = _empty_resolver(network)
    nacl, nacl_cites = _network_acls(network, subnets)
    return NetworkPath(
        in_vpc=in_vpc,
        egress=egress,
        endpoint_services=endpoints,
        private_dns_execute_api=_captures_execute_api(network),
        security_group_blocks=blocks,
        dns_blocked=dns or resolver,
        nacl_blocks=nacl,
        cite=(*_config_cite(config, in_vpc), *cites, *group_cites, *resolver_cites, *nacl_cites, *_endpoint_cites(network)),
    )


def _in_vpc(config: object) -> bool | None:
    """No VpcConfig in an answered configuration means not in a VPC; in a partial one it means nothing."""
    if config == ():
        return None
    if not isinstance(config, dict):
        return False
    return bool(config.get("SubnetIds") or config.get("VpcId"))


def _config_cite(config: object, in_vpc: bool | None) -> tuple[Citation, ...]:
    if not in_vpc or not isinstance(config, dict):
        return ()
    key = "VpcId" if config.get("VpcId") else "SubnetIds"
    value = config[key] if key == "VpcId" else ", ".join(map(str, config[key]))
    return (Citation(section="function", ref=f"function.VpcConfig.{key}", text=f"{key} = {value}"),)


def _rows(network: _Row, key: str) -> list[_Row] | None:
    """Return a list of the network section, or None where nobody asked for it."""
    value = network.get(key)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else None


def _egress(network: _Row, subnets: set[str], endpoints: tuple[str, ...], in_vpc: bool | None) -> tuple[Egress, tuple[Citation, ...]]:
    if in_vpc is False:
        return "not-in-vpc", ()
    tables = _rows(network, "route_tables")
    if tables:
        return _by_routes(tables, subnets, network, endpoints)
    nats = _rows(network, "nat_gateways")
    if nats is None:
        return "unknown", ()
    if any(nat.get("State", "available") == "available" for nat in nats):
        # A gateway somewhere in the VPC; whether the function's subnets route to it was not read.
        return "unknown", ()
    cite = (
        Citation(section="network", ref="network.nat_gateways", text="nat_gateways: []" if not nats else "no NAT gateway is available"),
    )
    return ("endpoints-only" if endpoints else "none"), cite


def _by_routes(tables: list[_Row], subnets: set[str], network: _Row, endpoints: tuple[str, ...]) -> tuple[Egress, tuple[Citation, ...]]:
    """The worst of the function's subnets decides: Lambda spreads its environments over all of them."""
    found = [_default_route(_table_of(subnet, tables), network) for subnet in sorted(subnets)] if subnets else []
    found = found or [_default_route(table, network) for table in tables]
    worst = min(found, key=lambda pair: ("none", "internet-gateway-only", "unknown", "nat").index(pair[0]))
    egress: Egress = "endpoints-only" if worst[0] == "none" and endpoints else worst[0]
    return egress, (worst[1],)


def _table_of(subnet: str, tables: list[_Row]) -> _Row | None:
    """A subnet without a table of its own uses the VPC's main one."""
    for table in tables:
        if any(link.get("SubnetId") == subnet for link in table.get("Associations") or ()):
            return table
    return next((table for table in tables if any(link.get("Main") for link in table.get("Associations") or ())), None)


def _default_route(table: _Row | None, network: _Row) -> tuple[Egress, Citation]:
    if table is None:
        return "unknown", Citation(section="network", ref="network.route_tables", text="no route table for the subnet")
    name = str(table.get("RouteTableId") or "the route table")
    for route in table.get("Routes") or ():
        if route.get("DestinationCidrBlock") != "0.0.0.0/0" and route.get("DestinationIpv6CidrBlock") != "::/0":
            continue
        if route.get("State") == "blackhole":
            return "none", _cite_row(network, "route_tables", table, f"{name}: 0.0.0.0/0 blackhole")
        for key, egress in _TARGETS:
            target = str(route.get(key) or "")
            if target and (key != "GatewayId" or target.startswith("igw-")):
                return _checked(egress, target, network), _cite_row(network, "route_tables", table, f"{name}: {target}")
    return "none", _cite_row(network, "route_tables", table, f"{name} has no default route")


_TARGETS: Final[tuple[tuple[str, Egress], ...]] = (
    ("NatGatewayId", "nat"), ("GatewayId", "internet-gateway-only"), ("TransitGatewayId", "nat"), ("InstanceId", "nat"),
    ("NetworkInterfaceId", "nat"), ("VpcPeeringConnectionId", "nat"), ("EgressOnlyInternetGatewayId", "nat"),
)  # fmt: skip
"""A function has no public address, so an internet gateway alone lets nothing out. Source: Lambda developer guide, "Enable internet access
for VPC-connected Lambda functions". Transit gateways, appliances and peerings carry traffic on; where to is not read."""


def _checked(egress: Egress, target: str, network: _Row) -> Egress:
    """A route to a NAT gateway that is gone or failed leads nowhere."""
    if not target.startswith("nat-"):
        return egress
    known = {str(nat.get("NatGatewayId")): nat.get("State", "available") for nat in _rows(network, "nat_gateways") or ()}
    return "none" if known.get(target, "available") in ("failed", "deleted", "deleting") else egress


def _cite_row(network: _Row, key: str, row: _Row, text: str) -> Citation:
    place = next(index for index, other in enumerate(network[key]) if other is row)
    return Citation(section="network", ref=f"network.{key}[{place}]", text=text)


def _endpoints(network: _Row) -> tuple[str, ...]:
    rows = _rows(network, "vpc_endpoints") or []
    names = {match.group(1) for row in rows if (match := _ENDPOINT_SERVICE.match(str(row.get("ServiceName", ""))))}
    return tuple(sorted(names))


def _captures_execute_api(network: _Row) -> bool:
    return any(
        str(row.get("ServiceName", "")).endswith(".execute-api") and row.get("PrivateDnsEnabled") is True
        for row in _rows(network, "vpc_endpoints") or ()
    )


def _endpoint_cites(network: _Row) -> tuple[Citation, ...]:
    rows = [str(row["ServiceName"]) for row in _rows(network, "vpc_endpoints") or () if row.get("ServiceName")]
    return tuple(Citation(section="network", ref="network.vpc_endpoints", text=name) for name in rows[:3])


def _security_groups(network: _Row, own: set[str], ports: tuple[int, ...]) -> tuple[tuple[str, ...], bool, tuple[Citation, ...]]:
    """Say what the function's groups do not let out; groups add up, so only what all of them lack is missing."""
    rows = [row for row in _rows(network, "security_groups") or [] if not own or row.get("GroupId") in own]
    mine = [row for row in rows if isinstance(row.get("IpPermissionsEgress"), list)]
    if not mine or len(mine) < len(own):
        return (), False, ()
    rules = [rule for row in mine for rule in row["IpPermissionsEgress"] if isinstance(rule, dict)]
    if any(str(rule.get("IpProtocol")) == "-1" for rule in rules):
        return (), False, ()
    blocks = [f"egress to {port}/tcp" for port in dict.fromkeys((443, *ports)) if not any(_lets(rule, "tcp", port) for rule in rules)]
    has_dns = any(_lets(rule, "udp", 53) for rule in rules)
    if not has_dns:
        blocks.append("egress to 53/udp")
    if not blocks:
        return (), False, ()
    text = f"{mine[0].get('GroupId') or 'security group'} IpPermissionsEgress: " + (
        ", ".join(_rule_words(rule) for rule in rules) or "none"
    )
    cite = _cite_row(network, "security_groups", mine[0], text)
    return tuple(blocks) if rules else ("all egress",), not has_dns and not _asks_amazon(network), (cite,)


def _asks_amazon(network: _Row) -> bool:
    """Queries to Amazon's own resolver pass security groups unseen; a custom server's do not.

    Source: VPC user guide, "Security groups" (traffic to and from the Route 53 Resolver is not filtered).
    """
    return any(_AMAZON_DNS in _servers(options) for options in _rows(network, "dhcp_options") or ())


def _lets(rule: _Row, protocol: str, port: int) -> bool:
    if str(rule.get("IpProtocol")) not in (protocol, {"tcp": "6", "udp": "17"}[protocol]):
        return False
    low, high = rule.get("FromPort"), rule.get("ToPort")
    return low is None or high is None or low == -1 or int(low) <= port <= int(high)


def _rule_words(rule: _Row) -> str:
    low, high = rule.get("FromPort"), rule.get("ToPort")
    ports = str(low) if low == high else f"{low}-{high}"
    return f"{ports}/{rule.get('IpProtocol')}"


def _servers(options: _Row) -> list[str]:
    for entry in options.get("DhcpConfigurations") or ():
        if isinstance(entry, dict) and entry.get("Key") == "domain-name-servers":
            return [str(value.get("Value")) if isinstance(value, dict) else str(value) for value in entry.get("Values") or ()]
    return []


def _empty_resolver(network: _Row) -> tuple[bool, tuple[Citation, ...]]:
    """DHCP options that were read and name no server leave none to ask."""
    rows = [row for row in _rows(network, "dhcp_options") or () if "DhcpConfigurations" in row]
    if rows and not any(_servers(row) for row in rows):
        return True, (Citation(section="network", ref="network.dhcp_options", text="domain-name-servers: none"),)
    return False, ()


def _network_acls(network: _Row, subnets: set[str]) -> tuple[bool, tuple[Citation, ...]]:
    """A network ACL blocks when its first egress or ingress rule for everything denies."""
    for acl in _rows(network, "network_acls") or ():
        linked = {str(link.get("SubnetId")) for link in acl.get("Associations") or () if isinstance(link, dict)}
        if subnets and linked and not subnets & linked:
            continue
        for is_egress in (True, False):
            entries = [e for e in acl.get("Entries") or () if isinstance(e, dict) and bool(e.get("Egress")) is is_egress and "Egress" in e]
            entries.sort(key=lambda entry: int(entry.get("RuleNumber") or 0))
            if entries and not any(entry.get("RuleAction") == "allow" for entry in entries):
                way = "egress" if is_egress else "ingress"
                name = str(acl.get("NetworkAclId") or "network ACL")
                return True, (_cite_row(network, "network_acls", acl, f"{name} allows no {way}"),)
    return False, ()
