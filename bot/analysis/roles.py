"""Which role a log group plays, from its name and, where the name says nothing, from its lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from bot.analysis.facts import TextRole
from bot.models.incident_file import IncidentFile, LogGroup

_FUNCTION_GROUP: Final = "/aws/lambda/"
API_GROUP: Final = "/aws/apigateway/"
"""WebSocket execution logs, and whatever access log an owner put beside them: each line tells which. Source: API Gateway developer guide,
"Set up CloudWatch logging for WebSocket APIs"."""
_FUNCTION_ARN = re.compile(r":function:([A-Za-z0-9_.\-]+)")
_EDGE_REPLICA = re.compile(r"^us-east-1\.(.+)$")
_EXECUTION_LINE = re.compile(r"^\([\w\-=]+\) |^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d? \d\d:\d\d:\d\d UTC \d{4} :")
_ACCESS_JSON = re.compile(r'"(?:status|st|statusCode|integrationStatus|routeKey|responseLatency|httpMethod)"\s*:')
_CLF = re.compile(r'^\S+ \S+ \S+ \[[^\]]+\] "[^"]*" "?\d{3}')
_SNIFF_LINES: Final = 40

_PREFIXES: Final[tuple[tuple[str, TextRole], ...]] = (
    ("API-Gateway-Execution-Logs_", "gateway-log"),
    ("/aws/cloudfront/LambdaEdge/", "edge-log"),
    ("/aws/appsync/", "gateway-log"),
    ("sns/", "delivery-log"),
    ("/aws/vendedlogs/events/", "delivery-log"),
    ("/aws/events/", "delivery-log"),
    ("AWSIotLogs", "delivery-log"),
    ("aws-waf-logs-", "access-log"),
    ("alb/", "access-log"),
)
"""Names as AWS gives them. Sources: API Gateway developer guide "Set up CloudWatch logging for REST APIs" (execution log group);
CloudFront developer guide "Edge function logs"; SNS developer guide "Message delivery status" (sns/<region>/<account>/<topic>/Failure);
WAF developer guide "Logging destinations" (aws-waf-logs-)."""


def function_name_of(reference: str | None) -> str | None:
    """Return the bare function name of an ARN, an invocation URI or a name with a qualifier."""
    if not reference:
        return None
    match = _FUNCTION_ARN.search(reference)
    return match.group(1) if match else reference.rsplit("/", 1)[-1].split(":", 1)[0] or None


def authorizer_functions(incident: IncidentFile) -> frozenset[str]:
    """Return the names of the functions that the gateway's authorizers call."""
    authorizers = (incident.gateway or {}).get("authorizers")
    names = (function_name_of(_uri(entry)) for entry in authorizers if isinstance(entry, dict)) if isinstance(authorizers, list) else ()
    return frozenset(name for name in names if name)


def _uri(authorizer: dict[str, Any]) -> str | None:
    value = authorizer.get("authorizerUri") or authorizer.get("AuthorizerUri")
    return value if isinstance(value, str) else None


def group_roles(incident: IncidentFile) -> dict[str, TextRole]:
    """Return the role of every log group in the file."""
    groups = incident.logs or []
    own = _own_groups(incident, [group.group for group in groups])
    authorizers = authorizer_functions(incident)
    target = function_name_of(incident.target.function_name)
    return {group.group: _role(group, own, authorizers, target) for group in groups}


def _own_groups(incident: IncidentFile, names: Iterable[str]) -> frozenset[str]:
    """The function's own groups; where none bears its name, every function's group counts, since files hide names."""
    target = function_name_of(incident.target.function_name)
    configured = ((incident.function or {}).get("LoggingConfig") or {}).get("LogGroup")
    named = [name for name in names if name.startswith(_FUNCTION_GROUP)]
    own = {name for name in named if target is None or _same_function(name.removeprefix(_FUNCTION_GROUP), target)}
    if configured:
        own.add(configured)
    return frozenset(own or named)


def _same_function(left: str, right: str) -> bool:
    def bare(name: str) -> str:
        match = _EDGE_REPLICA.match(name)
        return match.group(1) if match else name

    return bare(left) == bare(right)


def _role(group: LogGroup, own: frozenset[str], authorizers: frozenset[str], target: str | None) -> TextRole:
    name = group.group
    if name.startswith(_FUNCTION_GROUP):
        function = name.removeprefix(_FUNCTION_GROUP)
        if function != target and (function in authorizers or "authori" in function.lower()):
            return "authorizer-log"
        return "function-log" if name in own else "other-log"
    if name in own:
        return "function-log"
    for prefix, role in _PREFIXES:
        if name.startswith(prefix):
            return role
    if "access" in name.lower():
        return "access-log"
    found = _sniff(group)
    return "access-log" if found == "other-log" and name.startswith(API_GROUP) else found


def _sniff(group: LogGroup) -> TextRole:
    """Tell a role from the first lines: a custom name is anything its owner liked."""
    for event in islice(group.events, _SNIFF_LINES):
        role = line_role(event.message.lstrip())
        if role:
            return role
    return "other-log"


def line_role(line: str) -> TextRole | None:
    """Return the role that a single line gives away, or None."""
    if line.startswith(("START RequestId:", "REPORT RequestId:", "INIT_START ", "INIT_REPORT ")) or '"type":"platform.' in line:
        return "function-log"
    if _EXECUTION_LINE.match(line):
        return "gateway-log"
    if (line[:1] == "{" and _ACCESS_JSON.search(line)) or _CLF.match(line):
        return "access-log"
    return None
