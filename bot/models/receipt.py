"""What an investigation cost: time, calls, and how much of the logs was read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bot.models.incident_file import IncidentFile


class LogsRead(BaseModel):
    """How much was read from the logs, and how much could have been."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages: int = 0
    events: int = 0
    bytes: int = 0
    """Bytes of messages that AWS returned, kept or not."""
    pages_allowed: int = 0
    events_allowed: int = 0
    bytes_allowed: int = 0
    is_spent: bool = False
    """The budget ended before the logs did; a row in the gaps says where."""


class Receipt(BaseModel):
    """The cost of one investigation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = 0.0
    api_calls: int = 0
    """Requests to AWS, retries included."""
    questions: int = 0
    """Collectors that ran."""
    logs: LogsRead = LogsRead()


class Collected(BaseModel):
    """An incident file and what it cost to fill."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: IncidentFile
    receipt: Receipt
