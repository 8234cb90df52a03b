"""What a silent function leaves: an empty log group, and what the simulator says of its right to write one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Final

from bot.analysis.facts import SimulatedDenial
from bot.analysis.roles import function_name_of, group_roles
from bot.analysis.statements import statements_of
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile


def denied_simulations(incident: IncidentFile) -> tuple[SimulatedDenial, ...]:
    """Return what SimulatePrincipalPolicy denied the execution role, in the file's order."""
    rows = (incident.execution_role or {}).get("simulations") or []
    return tuple(
        _denied(index, row)
        for index, row in enumerate(rows)
        if isinstance(row, dict)
        and str(row.get("EvalDecision")) in ("implicitDeny", "explicitDeny")
        and ":" in str(row.get("EvalActionName"))
    )


def _denied(index: int, row: dict[str, object]) -> SimulatedDenial:
    action, decision = str(row["EvalActionName"]), str(row["EvalDecision"])
    resource = row.get("EvalResourceName")
    return SimulatedDenial(
        cite=(Citation(section="execution_role", ref=f"execution_role.simulations[{index}]", text=f"{action}: {decision}"),),
        action=action,
        service=action.partition(":")[0],
        explicit=decision == "explicitDeny",
        resource=str(resource) if resource and resource != "*" else None,
    )


_LOG_ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
_MANAGED_WITH_LOGS: Final = (
    "LambdaBasic",
    "ExecutionRole",
    "CloudWatchLogsFull",
    "AdministratorAccess",
    "PowerUser",
    "CloudWatchFullAccess",
)
"""Parts of the names of AWS managed policies that allow writing logs. Source: AWS managed policy reference."""

_MANAGED_WITHOUT_LOGS: Final = frozenset(
    {"AmazonS3FullAccess", "AmazonS3ReadOnlyAccess", "AmazonDynamoDBFullAccess", "AmazonDynamoDBReadOnlyAccess", "AmazonSESFullAccess",
     "AmazonSNSFullAccess", "AmazonSQSFullAccess", "AmazonEC2FullAccess", "AmazonEC2ReadOnlyAccess", "SecretsManagerReadWrite"}
)  # fmt: skip
"""AWS managed policies that are attached to functions for their data and allow no writing of logs. Source: AWS managed policy reference."""


def role_may_write_logs(incident: IncidentFile) -> bool | None:
    """Return whether the role's policies let the function write its log; None where one of them is not in the file."""
    policies = (incident.execution_role or {}).get("policies")
    if not isinstance(policies, list) or not all(isinstance(policy, dict) for policy in policies):
        return None
    if any(word in str(policy.get("name") or policy.get("arn")) for policy in policies for word in _MANAGED_WITH_LOGS):
        return True
    read = [policy["document"] for policy in policies if isinstance(policy.get("document"), dict)]
    known = [policy for policy in policies if isinstance(policy.get("document"), dict) or _managed_name(policy) in _MANAGED_WITHOUT_LOGS]
    if not policies or len(known) < len(policies):
        return None
    statements = [statement for document in read for statement in statements_of(document)]
    arn = _log_stream_arn(incident)
    return all(any(_allows(statement, action, arn) for statement in statements) for action in _LOG_ACTIONS)


def _managed_name(policy: dict[str, Any]) -> str:
    return str(policy.get("name") or policy.get("arn")).rsplit("/", 1)[-1]


def _log_stream_arn(incident: IncidentFile) -> str | None:
    """The stream that Lambda writes to; None where neither the group nor the function is known."""
    target = incident.target
    configured = ((incident.function or {}).get("LoggingConfig") or {}).get("LogGroup")
    name = function_name_of(target.function_name)
    group = configured or (f"/aws/lambda/{name}" if name else None)
    return f"arn:aws:logs:{target.region or '*'}:{target.account_id or '*'}:log-group:{group}:log-stream:any" if group else None


def _allows(statement: dict[str, Any], action: str, arn: str | None) -> bool:
    """Tell whether a statement allows an action on a stream; an unknown resource or an unread NotAction is taken as allowing."""
    if statement.get("Effect") != "Allow":
        return False
    if "NotAction" in statement:
        return True
    actions = [str(one).lower() for one in _listed(statement.get("Action"))]
    if not any(fnmatchcase(action.lower(), pattern) for pattern in actions):
        return False
    resources = [_plain(str(one)) for one in _listed(statement.get("Resource"))]
    return arn is None or not resources or any(fnmatchcase(_plain(arn), pattern) or pattern == "*" for pattern in resources)


def _plain(arn: str) -> str:
    """Leave out partition, region and account, which a policy names by wildcards or variables."""
    parts = arn.split(":", 5)
    return parts[5] if len(parts) == 6 and parts[2] == "logs" else arn


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def function_log_is_empty(incident: IncidentFile) -> bool | None:
    """Return whether the function's own group is silent; None where nobody read it."""
    roles = group_roles(incident)
    groups = [group for group in incident.logs or [] if roles[group.group] == "function-log"]
    if groups:
        return not any(group.events for group in groups)
    if incident.logs == []:
        return True
    missing = any(gap.section == "logs" and gap.code == "ResourceNotFoundException" for gap in incident.gaps)
    return True if missing else None
