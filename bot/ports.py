"""What the inner layers ask of the outside: protocols that adapters and test fakes fill."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol


class AwsClients(Protocol):
    """Hands out AWS clients; safe to call from several threads."""

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client of a service as botocore names it, for example `logs`; `region` overrides the default one."""


class Clock(Protocol):
    """Tells the time, so that a test can."""

    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC."""
