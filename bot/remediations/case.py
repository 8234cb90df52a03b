"""What a remediation looks at: the evidence, the facts, and the places where they say who and where the function is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.analysis.facts import Facts
from bot.models.incident_file import IncidentFile

_ACCOUNT: Final = re.compile(r"\d{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_LAMBDA_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>[$A-Za-z0-9_-]+))?"
)
_EXECUTION_LOG: Final = re.compile(r"API-Gateway-Execution-Logs_(?P<id>[a-z0-9]+)/(?P<stage>.+)")


@dataclass(frozen=True, slots=True)
class LambdaArn:
    """The parts of a function's ARN; `qualifier` is None for the unqualified function."""

    region: str
    account_id: str
    function_name: str
    qualifier: str | None


def lambda_arns(text: object) -> Iterator[LambdaArn]:
    """Yield the function ARNs in a text, also inside an integration URI."""
    for found in _LAMBDA_ARN.finditer(text if isinstance(text, str) else ""):
        yield LambdaArn(found["region"], found["account"], found["name"], found["qualifier"])


def mapping(value: object) -> dict[str, Any]:
    """Return an object of the evidence, or an empty one where something else stands in its place."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list, leaving out whatever else it holds; a single object is a list of one."""
    if isinstance(value, dict):
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def word(value: object) -> str | None:
    """Return a text, or None for anything else and for an empty one."""
    return value if isinstance(value, str) and value else None


def whole(value: object) -> int | None:
    """Return a whole number, or None for anything else; JSON from outside may hold infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value)


def partition_of(region: str | None) -> str:
    """Return the ARN partition of a region. Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html."""
    if region and region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region and region.startswith("us-gov-") else "aws"


@dataclass(frozen=True, slots=True)
class Case:
    """One incident as a remediation sees it; `cause` is the diagnosed label, where the caller knows it."""

    incident: IncidentFile
    facts: Facts
    cause: str | None = None

    def setting(self, *path: str) -> Any:
        """Return a value of the function's configuration, or None where it was not read."""
        value: Any = self.incident.function
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def number(self, *path: str) -> int | None:
        """Return a whole number of the function's configuration, or None where it was not read."""
        return whole(self.setting(*path))

    def name(self, *path: str) -> str | None:
        """Return a text of the function's configuration, or None where it was not read."""
        return word(self.setting(*path))

    @property
    def gateway(self) -> dict[str, Any]:
        """Return the gateway section, empty where it was not read."""
        return self.incident.gateway or {}

    @property
    def kind(self) -> str | None:
        """Return the kind of front door."""
        return self.incident.target.kind or self.facts.front_door.kind or word(self.gateway.get("kind"))

    @property
    def function_name(self) -> str | None:
        """Return the function's name."""
        return self.incident.target.function_name or self.name("FunctionName")

    @property
    def region(self) -> str | None:
        """Return the region's code, from the target or from any ARN of the function."""
        if self.incident.target.region and _REGION.fullmatch(self.incident.target.region):
            return self.incident.target.region
        return next((arn.region for arn in self._own_arns() if _REGION.fullmatch(arn.region)), None)

    @property
    def account_id(self) -> str | None:
        """Return the account's number, from the target or from any ARN of the function or its role."""
        if self.incident.target.account_id and _ACCOUNT.fullmatch(self.incident.target.account_id):
            return self.incident.target.account_id
        role = self.name("Role") or ""
        by_role = role.split(":")[4] if role.count(":") >= 5 else ""
        return next((arn.account_id for arn in self._own_arns()), by_role if _ACCOUNT.fullmatch(by_role) else None)

    @property
    def gateway_id(self) -> str | None:
        """Return the API's id, from the target, the gateway section or the name of the execution log."""
        door = self.incident.target.front_door
        return (door.id if door else None) or word(self.gateway.get("id")) or self._execution_log("id")

    @property
    def stage(self) -> str | None:
        """Return the API's stage, from the target, the gateway section or the name of the execution log."""
        door = self.incident.target.front_door
        if door and door.stage:
            return door.stage
        stage = mapping(self.gateway.get("stage"))
        return word(stage.get("stageName")) or word(stage.get("StageName")) or self._execution_log("stage")

    def integrations(self) -> list[dict[str, Any]]:
        """Return the gateway's integrations that were read, those of the incident's route first."""
        route = self.incident.target.front_door.route if self.incident.target.front_door else None
        return sorted(rows(self.gateway.get("integrations")), key=lambda i: i.get("route") != route)

    def qualifiers(self) -> list[str | None]:
        """Return the qualifiers under which callers reach the function, as far as seen; None is the unqualified function."""
        found: list[str | None] = [self.incident.target.qualifier] if self.incident.target.qualifier else []
        for integration in self.integrations():
            uri = integration.get("uri") or integration.get("integrationUri")
            found += [arn.qualifier for arn in lambda_arns(uri) if self.function_name in (None, arn.function_name)]
        return list(dict.fromkeys(found))

    def alias(self) -> str | None:
        """Return the alias that callers use, or None where none was seen."""
        return next((q for q in self.qualifiers() if q and q != "$LATEST" and not q.isdigit()), None)

    def _own_arns(self) -> Iterator[LambdaArn]:
        texts: list[object] = [self.setting("FunctionArn"), (self.incident.load_balancer or {}).get("target")]
        texts += [i.get("uri") or i.get("integrationUri") for i in self.integrations()]
        texts += [d.resource for d in self.facts.denials]
        texts += [a.get("authorizerUri") or a.get("AuthorizerUri") for a in rows(self.gateway.get("authorizers"))]
        for text in texts:
            yield from lambda_arns(text)

    def _execution_log(self, part: str) -> str | None:
        found = (_EXECUTION_LOG.fullmatch(log.group) for log in self.incident.logs or [])
        return next((match[part] for match in found if match), None)
