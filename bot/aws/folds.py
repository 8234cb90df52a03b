"""Where incidents meet, in DynamoDB: who opened a thread first in a channel, and which incident tells of a shared cause.

Items by key: `fold#gate#<channel>` and `fold#<hash of the shared cause>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bot.aws.incident_items import short_hash
from bot.aws.swap import swap
from bot.aws.table import Condition, Table
from bot.errors import StateError
from bot.models.incident import Gate
from bot.ports import Clock

RETENTION_S: Final = 24 * 3600

RACES: Final = 32
"""How often a change is tried again because another worker was quicker: many are, in a storm."""


@dataclass(frozen=True)
class DynamoFolds:
    """Fills the port Folds."""

    table: Table
    clock: Clock

    def enter(self, channel: str, incident_id: str, *, storm_s: float) -> Gate:
        """Tell whether an incident may open its thread at once, or others have just opened theirs."""
        pk, now = f"fold#gate#{channel}", self._now()
        for _ in range(RACES):
            old = self.table.get(pk) or {}
            if old and (old["leader"] == incident_id or now - old["at"] < storm_s):
                return Gate(is_first=old["leader"] == incident_id, leader=old["leader"], since=old["since"])
            if self._swap(pk, old, {"leader": incident_id, "since": now, "at": now}):
                return Gate(is_first=True, leader=incident_id, since=now)
        raise StateError(f"{pk}: {RACES} workers were quicker")

    def opened(self, channel: str) -> None:
        """Note that one more thread was opened, so that the storm goes on."""
        self.table.change(f"fold#gate#{channel}", {"at": self._now()}, Condition("attribute_exists(#pk)"))

    def lead_of(self, key: str, *, window_s: float) -> str:
        """Return the incident that tells of a shared cause, or an empty text."""
        return self._lead(self.table.get(_key(key)) or {}, window_s)

    def fold(self, key: str, incident_id: str, *, window_s: float) -> str:
        """Return the incident that tells of a shared cause, which is `incident_id` where none does yet."""
        pk = _key(key)
        for _ in range(RACES):
            old = self.table.get(pk) or {}
            lead = self._lead(old, window_s) or incident_id
            if self._swap(pk, old, {"key": key, "incident_id": lead, "at": self._now()}):
                return lead
        raise StateError(f"{pk}: {RACES} workers were quicker")

    def _lead(self, item: dict[str, Any], window_s: float) -> str:
        found: str = item["incident_id"] if item and self._now() - item["at"] < window_s else ""
        return found

    def _swap(self, pk: str, old: dict[str, Any], values: dict[str, object]) -> bool:
        return swap(self.table, pk, old, {**values, "expires_at": int(self._now()) + RETENTION_S})

    def _now(self) -> float:
        return self.clock.now().timestamp()


def _key(key: str) -> str:
    return f"fold#{short_hash(key)}"
