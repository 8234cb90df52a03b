"""The incident file: everything the bot saw, in one document.

The contract's three states are kept apart: a section that AWS answered, a section AWS said does not exist (`null`),
and a section nobody asked for or whose question failed (absent, with a row in `gaps` for a failure).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.dataclasses import dataclass

from bot.errors import IncidentFileError
from bot.models.incident_json import read_json, read_json_file

INCIDENT_FILE_VERSION: Final = 1

SectionState = Literal["present", "none", "absent"]

FrontDoorKind = Literal[
    "rest-api", "http-api", "websocket-api", "function-url", "alb", "cloudfront", "appsync", "event-source", "trigger", "direct-invoke"
]


class Lenient(BaseModel):
    """Base of everything read from outside: keeps keys it does not know, refuses wrong types."""

    model_config = ConfigDict(frozen=True, extra="allow")


class FrontDoor(Lenient):
    """How callers reach the function."""

    kind: FrontDoorKind | None = None
    id: str | None = None
    stage: str | None = None
    route: str | None = None


class Target(Lenient):
    """The function, or the front door where no function is known, that an incident is about."""

    function_name: str | None = None
    qualifier: str | None = None
    region: str | None = None
    account_id: str | None = None
    account_alias: str | None = None
    """The account's own name, where it has one and it could be read."""
    front_door: FrontDoor | None = None

    @property
    def kind(self) -> FrontDoorKind | None:
        """Return the kind of front door, or None when unknown."""
        return self.front_door.kind if self.front_door else None


class Client(Lenient):
    """What the caller saw."""

    status: int | None = None
    body: str | None = None
    headers: dict[str, Any] = Field(default_factory=dict)
    duration_ms: float | None = None
    request: dict[str, Any] | None = None

    @field_validator("body", mode="before")
    @classmethod
    def _body_text(cls, value: object) -> object:
        """Accept a body that a tool already parsed; keep it as JSON text."""
        if isinstance(value, dict | list):
            return json.dumps(value)
        return value


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a log group; `timestamp` in milliseconds since 1970.

    A slotted dataclass and not a model: a file may hold 100,000 of them.
    """

    timestamp: int
    message: str
    stream: str | None = None


class LogGroup(Lenient):
    """The events read from one log group, oldest first as AWS returns them."""

    group: str
    events: list[LogEvent] = Field(default_factory=list)


class MetricSeries(Lenient):
    """One metric with its values; keys as in GetMetricData and ListMetrics."""

    Namespace: str
    MetricName: str
    Dimensions: dict[str, str] = Field(default_factory=dict)
    Stat: str = "Sum"
    Period: int | None = None
    Timestamps: list[str] = Field(default_factory=list)
    Values: list[float] = Field(default_factory=list)


class Gap(Lenient):
    """One question that failed."""

    section: str
    operation: str = ""
    code: str = ""
    message: str = ""


class IncidentFile(Lenient):
    """The evidence of one incident. Inside a section the keys are AWS's own."""

    version: int
    collected_at: str | None = None
    target: Target
    client: Client | None = None
    caller: dict[str, Any] | None = None
    alarm: dict[str, Any] | None = None
    function: dict[str, Any] | None = None
    tags: dict[str, str] | None = None
    concurrency: dict[str, Any] | None = None
    resource_policy: dict[str, Any] | None = None
    resource_policies: dict[str, Any] | None = None
    execution_role: dict[str, Any] | None = None
    function_url: dict[str, Any] | None = None
    gateway: dict[str, Any] | None = None
    load_balancer: dict[str, Any] | None = None
    event_sources: list[dict[str, Any]] | None = None
    network: dict[str, Any] | None = None
    logs: list[LogGroup] | None = None
    metrics: list[MetricSeries] | None = None
    changes: list[dict[str, Any]] | None = None
    health: list[dict[str, Any]] | None = None
    denials: list[dict[str, Any]] | None = None
    traces: list[dict[str, Any]] | None = None
    gaps: list[Gap] = Field(default_factory=list)

    @field_validator("version")
    @classmethod
    def _known_version(cls, value: int) -> int:
        if value != INCIDENT_FILE_VERSION:
            raise ValueError(f"this build reads version {INCIDENT_FILE_VERSION}, the file says {value}; a newer medic may read it")
        return value

    def state(self, section: str) -> SectionState:
        """Tell an answered section from one that AWS said does not exist, and from one nobody could read."""
        if section not in self.model_fields_set:
            return "absent"
        return "none" if getattr(self, section) is None else "present"

    @classmethod
    def from_json(cls, content: bytes | str) -> IncidentFile:
        """Parse an incident file.

        Raises:
            IncidentFileError: The text is no JSON, or a field has a wrong type; every faulty field is named.
        """
        return cls._from(lambda: read_json(content, LogEvent, keep_in="logs"))

    @classmethod
    def load(cls, path: Path) -> IncidentFile:
        """Read and parse an incident file.

        Raises:
            IncidentFileError: The file cannot be read or is not valid.
        """
        try:
            return cls._from(lambda: read_json_file(path, LogEvent, keep_in="logs", events_key="events"))
        except OSError as exc:
            raise IncidentFileError(f"{path}: {exc.strerror or exc}") from exc
        except IncidentFileError as exc:
            raise IncidentFileError(f"{path}: {exc}") from exc

    @classmethod
    def _from(cls, read: Callable[[], Any]) -> IncidentFile:
        """Validate a document; every faulty field is named."""
        try:
            return cls.model_validate(read())
        except ValidationError as exc:
            faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in exc.errors()[:10])
            raise IncidentFileError(faults) from exc
        except UnicodeDecodeError as exc:
            raise IncidentFileError(f"file: not UTF-8: {exc.reason}") from exc
        except (ValueError, RecursionError) as exc:
            raise IncidentFileError(f"file: not valid JSON: {exc}") from exc

    def to_json(self) -> str:
        """Return the file as JSON with sections in the contract's order and absent ones left out."""
        return self.model_dump_json(exclude_unset=True, indent=2)
