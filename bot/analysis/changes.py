"""Changes to the target: what kind, by whom, and how long before the failures began."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final, Literal

from bot.analysis.facts import Change
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile

Kind = Literal["code", "configuration", "permission", "concurrency", "alias", "gateway", "network", "creation", "deletion", "other"]

_VERSION_SUFFIX = re.compile(r"20\d{6}(?:v\d+)?$")
"""Lambda's event names carry the API's date. Source: Lambda developer guide, "Logging AWS Lambda API calls using AWS CloudTrail"."""

_KINDS: Final[tuple[tuple[str, Kind], ...]] = (
    (r"^(?:UpdateFunctionCode|PublishVersion|PublishLayerVersion|UpdateFunctionCodeSigning\w*)$", "code"),
    (r"^(?:UpdateAlias|CreateAlias|DeleteAlias)$", "alias"),
    (r"FunctionConcurrency$|ProvisionedConcurrency|FunctionScalingConfig$", "concurrency"),
    (r"^(?:AddPermission|RemovePermission|AddLayerVersionPermission|RemoveLayerVersionPermission)$", "permission"),
    (r"RolePolic|RolePermissionsBoundary|AssumeRolePolicy|^(?:Put|Delete|Create|Attach|Detach)\w*Policy$|PolicyVersion$", "permission"),
    (r"^(?:PutKeyPolicy|CreateGrant|RevokeGrant|RetireGrant|DisableKey|ScheduleKeyDeletion|AttachPolicy|DetachPolicy)$", "permission"),
    (r"^UpdateFunction(?:Configuration|UrlConfig|EventInvokeConfig)$|EventSourceMapping$", "configuration"),
    (r"RestApi|Integration|Deployment|^PutMethod|Distribution|TargetGroup|Listener|RegisterTargets|WebACL|GraphqlApi|Resolver|DataSource"
     r"|^(?:Create|Update|Delete)(?:Stage|Route|Api|ApiMapping|DomainName|BasePathMapping|Authorizer|Method|Resource|UsagePlan)$"
     r"|^DeregisterTargets$", "gateway"),
    (r"NatGateway|Route(?:Table)?$|VpcEndpoint|SecurityGroup|NetworkAcl|DhcpOptions|InternetGateway|Subnet|TransitGateway", "network"),
    (r"^(?:CreateFunction|CreateFunctionUrlConfig|CreateStack|CreateRole)$", "creation"),
    (r"^(?:DeleteFunction|DeleteFunctionUrlConfig|DeleteStack|DeleteRole)$", "deletion"),
    (r"^(?:UpdateUserPool|PutBucketNotification\w*|PutTargets|RemoveTargets|Subscribe|Unsubscribe)$", "configuration"),
)  # fmt: skip


def changes(incident: IncidentFile, first_failure_ms: int | None) -> tuple[Change, ...]:
    """Return every change in the file's order, which is newest first."""
    return tuple(_change(row, index, first_failure_ms) for index, row in enumerate(incident.changes or []) if _event_name(row))


def _change(row: dict[str, Any], index: int, first_failure_ms: int | None) -> Change:
    name = _VERSION_SUFFIX.sub("", _event_name(row))
    at_ms = time_ms(row.get("EventTime") or row.get("eventTime"))
    parameters = row.get("requestParameters")
    before = round((first_failure_ms - at_ms) / 1000, 3) if at_ms is not None and first_failure_ms is not None else None
    return Change(
        cite=(Citation(section="changes", ref=f"changes[{index}].EventName", text=_event_name(row)),),
        name=name,
        kind=kind_of(name),
        at_ms=at_ms,
        by=_by(row),
        seconds_before_errors=before,
        fields=tuple(sorted(map(str, parameters))) if isinstance(parameters, dict) else (),
        failed=bool(row.get("errorCode")),
    )


def kind_of(name: str) -> Kind:
    """Return what a CloudTrail event changes, from its name without the version."""
    return next((kind for pattern, kind in _KINDS if re.search(pattern, name)), "other")


def time_ms(value: object) -> int | None:
    """Return a CloudTrail time, ISO 8601 or seconds since 1970, in milliseconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value if value > 10_000_000_000 else value * 1000)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _event_name(row: dict[str, Any]) -> str:
    name = row.get("EventName") or row.get("eventName")
    return name if isinstance(name, str) else ""


def _by(row: dict[str, Any]) -> str | None:
    identity = row.get("userIdentity")
    found = row.get("Username") or (identity.get("arn") if isinstance(identity, dict) else None)
    return found if isinstance(found, str) else None
