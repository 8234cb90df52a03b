"""AWS Health events, and which of them concern the function: an account sees those of all its regions and services."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from bot.analysis.facts import HealthEvent
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile

Concern = Literal["function", "dependency", "elsewhere"]

_OWN: Final = frozenset({"LAMBDA"})
_FRONT_DOORS: Final[dict[str, frozenset[str]]] = {
    "rest-api": frozenset({"APIGATEWAY"}),
    "http-api": frozenset({"APIGATEWAY"}),
    "websocket-api": frozenset({"APIGATEWAY"}),
    "alb": frozenset({"ELASTICLOADBALANCING"}),
    "cloudfront": frozenset({"CLOUDFRONT"}),
    "appsync": frozenset({"APPSYNC"}),
}
_DEPENDENCIES: Final = frozenset(
    {"APIGATEWAY", "CLOUDFRONT", "CLOUDWATCH", "COGNITO", "DYNAMODB", "EC2", "ECR", "EFS", "ELASTICFILESYSTEM", "EVENTS", "IAM",
     "INTERNETCONNECTIVITY", "KINESIS", "KMS", "MULTIPLE_SERVICES", "RDS", "ROUTE53", "S3", "SECRETSMANAGER", "SNS", "SQS", "SSM",
     "STATES", "STS", "VPC"}
)  # fmt: skip
"""Services that functions rest on. Source: the service codes of AWS Health's DescribeEventTypes."""
_EVERYWHERE: Final = ("global", "aws-global", None)


def health_events(incident: IncidentFile, first_failure_ms: int | None) -> tuple[HealthEvent, ...]:
    """Return the events of the file with what they concern."""
    return tuple(_event(index, row, incident, first_failure_ms) for index, row in enumerate(incident.health or []) if isinstance(row, dict))


def _event(index: int, row: dict[str, Any], incident: IncidentFile, first_failure_ms: int | None) -> HealthEvent:
    code = str(row.get("eventTypeCode") or "")
    service = str(row.get("service") or code.removeprefix("AWS_").partition("_")[0]).upper()
    region = row.get("region") or row.get("eventRegion")
    shown = code or str(row.get("statusCode") or service)
    key = "eventTypeCode" if code else "statusCode" if row.get("statusCode") else "service"
    return HealthEvent(
        cite=(Citation(section="health", ref=f"health[{index}].{key}", text=shown),),
        service=service,
        region=region if isinstance(region, str) else None,
        is_issue=row.get("eventTypeCategory") in ("issue", "investigation", None) or code.endswith("_OPERATIONAL_ISSUE"),
        is_open=_is_open(row, first_failure_ms),
        concerns=_concern(service, region, incident),
    )


def _concern(service: str, region: object, incident: IncidentFile) -> Concern:
    own = incident.target.region
    if own and region not in (own, *_EVERYWHERE):
        return "elsewhere"
    kind = incident.target.front_door.kind if incident.target.front_door else None
    if service in _OWN | _FRONT_DOORS.get(kind or "", frozenset()):
        return "function"
    return "dependency" if service in _DEPENDENCIES else "elsewhere"


def _is_open(row: dict[str, Any], first_failure_ms: int | None) -> bool:
    """Open by its status, or over by now but open when the failures began."""
    status = str(row.get("statusCode") or "").lower()
    began, ended = _ms(row.get("startTime")), _ms(row.get("endTime"))
    if status != "closed" and ended is None:
        return status != "upcoming"
    return first_failure_ms is not None and began is not None and ended is not None and began <= first_failure_ms <= ended


def _ms(value: object) -> int | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value * 1000) if value < 1e11 else int(value)
    try:
        return int(datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp() * 1000)
    except ValueError:
        return None
