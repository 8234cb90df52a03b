"""Incidents by what people know of them, in DynamoDB, and the functions that are to be kept quiet.

Items by key: `thread#<channel>#<ts>`, `open-incidents`, `history#<function>` (`history#*` for all of them), `mute#<function>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.aws.incident_items import short_hash
from bot.aws.state import RETENTION_S, DynamoIncidentStore
from bot.aws.swap import swap
from bot.errors import StateError
from bot.models.incident import Incident

MOST_LISTED: Final = 200
"""Ids in one list; the oldest make room."""

RACES: Final = 32

ALL: Final = "*"
"""No function has this name."""


@dataclass(frozen=True)
class DynamoIncidentIndex:
    """Fills the port IncidentIndex."""

    store: DynamoIncidentStore
    open_s: float = 3600.0
    """After this long without news an incident counts as closed."""

    def note_thread(self, incident: Incident) -> None:
        """Note where an incident's thread stands."""
        values = {"incident_id": incident.id, "expires_at": self._expiry()}
        self.store.table.put(f"thread#{incident.channel}#{incident.thread_ts}", values)

    def note_open(self, incident: Incident) -> None:
        """Put an incident on the list of open ones and into its function's history."""
        self._list("open-incidents", add=incident)
        self._list(_history(ALL), add=incident)
        if incident.function:
            self._list(_history(incident.function), add=incident)

    def note_closed(self, incident_id: str) -> None:
        """Take an incident off the list of open ones."""
        self._list("open-incidents", remove=incident_id)

    def incident_in_thread(self, channel: str, thread_ts: str) -> str:
        """Return the id of the incident whose thread this is, or an empty text."""
        found: str = (self.store.table.get(f"thread#{channel}#{thread_ts}") or {}).get("incident_id", "")
        return found

    def open_incidents(self) -> tuple[Incident, ...]:
        """Return the incidents that are open now, newest first; one that was folded stands among the victims of another."""
        return tuple(incident for incident in self._read("open-incidents", MOST_LISTED) if self._is_open(incident))

    def recent_incidents(self, limit: int) -> tuple[Incident, ...]:
        """Return the last incidents, open or not, newest first."""
        return self._read(_history(ALL), limit)

    def incidents_of(self, function_name: str, limit: int) -> tuple[Incident, ...]:
        """Return the last incidents of a function, newest first."""
        return self._read(_history(function_name), limit)

    def mute(self, function_name: str, *, until: float, by: str) -> None:
        """Keep a function's incidents quiet until a time; 0 ends it."""
        values = {"function": function_name, "until": until, "by": by, "expires_at": max(self._expiry(), int(until) + 1)}
        self.store.table.put(f"mute#{short_hash(function_name)}", values)

    def muted_until(self, function_name: str) -> float:
        """Return until when a function is muted, 0 when it is not."""
        until = float((self.store.table.get(f"mute#{short_hash(function_name)}") or {}).get("until", 0.0))
        return until if until > self._now() else 0.0

    def _is_open(self, incident: Incident) -> bool:
        if incident.folded_into or incident.recovered_at is not None:
            return False
        return self._now() - max(incident.alarm_changed_at or 0.0, incident.opened_at, incident.answered_at or 0.0) < self.open_s

    def _read(self, pk: str, limit: int) -> tuple[Incident, ...]:
        listed: dict[str, float] = (self.store.table.get(pk) or {}).get("incidents", {})
        newest = sorted(listed, key=lambda incident_id: listed[incident_id], reverse=True)[:limit]
        return tuple(incident for incident_id in newest if (incident := self.store.incident(incident_id)) is not None)

    def _list(self, pk: str, *, add: Incident | None = None, remove: str = "") -> None:
        """Change a list.

        Raises:
            StateError: Too many other workers did, too.
        """
        for _ in range(RACES):
            old = self.store.table.get(pk) or {}
            before: dict[str, float] = old.get("incidents", {})
            after = {incident_id: at for incident_id, at in before.items() if incident_id != remove}
            if add is not None:
                after[add.id] = add.opened_at
            if after == before:
                return
            kept = sorted(after, key=lambda incident_id: after[incident_id], reverse=True)[:MOST_LISTED]
            values = {"incidents": {incident_id: after[incident_id] for incident_id in kept}, "expires_at": self._expiry()}
            if swap(self.store.table, pk, old, values):
                return
        raise StateError(f"{pk}: {RACES} workers were quicker")

    def _now(self) -> float:
        return self.store.clock.now().timestamp()

    def _expiry(self) -> int:
        return int(self._now()) + RETENTION_S


def _history(function_name: str) -> str:
    return f"history#{function_name}"
