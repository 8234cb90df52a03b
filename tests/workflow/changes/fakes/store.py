"""What the work on changes keeps, in memory: incidents, changes and the audit trail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.errors import ChangeRacedError, LeaseLostError, StateError
from bot.models.audit import GENESIS, AuditEntry, AuditRecord
from bot.models.change import Change, Offered
from bot.models.incident import Claim, Findings, Incident
from tests.clock import SetClock


@dataclass
class FakeIncidents:
    """Fills the port IncidentStore as far as the work on changes needs it; leases end by the clock."""

    clock: SetClock
    incidents: dict[str, Incident] = field(default_factory=dict)
    findings: dict[tuple[str, str], Findings] = field(default_factory=dict)
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)

    def claim(self, key: str, *, owner: str, lease_s: float) -> Claim:
        """Claim an event."""
        now = self.clock.now().timestamp()
        held = self.claims.get(key)
        if held is None:
            self.claims[key] = {"owner": owner, "until": now + lease_s, "steps": {}, "done": False}
            return self._claim(key, "new")
        if held["done"]:
            return self._claim(key, "done")
        if held["until"] > now:
            return self._claim(key, "busy")
        held.update(owner=owner, until=now + lease_s)
        return self._claim(key, "resumed")

    def record(self, claim: Claim, step: str, note: str = "") -> Claim:
        """Note a step."""
        held = self._own(claim)
        held["steps"][step] = note
        return claim.model_copy(update={"steps": dict(held["steps"])})

    def finish(self, claim: Claim) -> None:
        """Note the end."""
        self._own(claim)["done"] = True

    def release(self, claim: Claim) -> None:
        """Give the claim back."""
        if self.claims[claim.key]["owner"] == claim.owner:
            self.claims[claim.key]["until"] = 0.0

    def create(self, incident: Incident) -> Incident:
        """Add an incident."""
        return self.incidents.setdefault(incident.id, incident)

    def incident(self, incident_id: str) -> Incident | None:
        """Return an incident."""
        return self.incidents.get(incident_id)

    def change(self, incident_id: str, **fields: object) -> Incident:
        """Change fields of an incident."""
        self.incidents[incident_id] = self.incidents[incident_id].model_copy(update=fields)
        return self.incidents[incident_id]

    def save(self, incident_id: str, event: str, findings: Findings) -> bool:
        """Keep an investigation."""
        self.findings[(incident_id, event)] = findings
        return True

    def load(self, incident_id: str, event: str) -> Findings | None:
        """Return an investigation."""
        return self.findings.get((incident_id, event))

    def _claim(self, key: str, standing: Any) -> Claim:
        held = self.claims[key]
        return Claim(event=f"event-{key}", key=key, owner=held["owner"], standing=standing, steps=dict(held["steps"]))

    def _own(self, claim: Claim) -> dict[str, Any]:
        held = self.claims[claim.key]
        if held["owner"] != claim.owner or held["done"]:
            raise LeaseLostError(f"{claim.key}: {held['owner']} has taken over from {claim.owner}")
        return held


@dataclass
class FakeChangeStore:
    """Fills the port ChangeStore; keeps changes as JSON, as a table does."""

    clock: SetClock
    offers: dict[str, Offered] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    still_open: dict[str, None] = field(default_factory=dict)
    locks: dict[str, tuple[str, float]] = field(default_factory=dict)
    before_swap: Callable[[Change], None] = lambda change: None
    """What another worker does between a reading and the write that follows."""

    def keep_offer(self, offered: Offered) -> None:
        """Keep an offer."""
        self.offers[offered.id] = offered

    def offer(self, offer_id: str) -> Offered | None:
        """Return an offer."""
        return self.offers.get(offer_id)

    def add_change(self, change: Change) -> Change:
        """Add a change, once."""
        if change.id not in self.rows:
            self.rows[change.id] = change.model_dump_json()
            self.still_open[change.id] = None
        return self.stored(change.id)

    def change_of(self, change_id: str) -> Change | None:
        """Return a change."""
        return self.stored(change_id) if change_id in self.rows else None

    def swap(self, change: Change) -> Change:
        """Write a change on the version that was read."""
        hook, self.before_swap = self.before_swap, lambda change: None
        hook(change)
        if self.stored(change.id).version != change.version:
            raise ChangeRacedError(f"{change.id}: version {change.version} is not the stored one")
        written = change.model_copy(update={"version": change.version + 1})
        self.rows[change.id] = written.model_dump_json()
        if change.state in {"pending", "approved", "applying", "undoing"}:
            self.still_open[change.id] = None
        return self.stored(change.id)

    def changes_of(self, incident_id: str) -> tuple[Change, ...]:
        """Return the changes of an incident."""
        return tuple(change for change in self.all if change.incident_id == incident_id)

    def open_changes(self) -> tuple[str, ...]:
        """Return the ids of open changes."""
        return tuple(self.still_open)

    def close_change(self, change_id: str) -> None:
        """Take a change off the list."""
        self.still_open.pop(change_id, None)

    def lock(self, function_arn: str, change_id: str, *, lease_s: float) -> bool:
        """Take the right to change a function."""
        now = self.clock.now().timestamp()
        holder, until = self.locks.get(function_arn, ("", 0.0))
        if holder not in ("", change_id) and until > now:
            return False
        self.locks[function_arn] = (change_id, now + lease_s)
        return True

    def unlock(self, function_arn: str, change_id: str) -> None:
        """Give the right back."""
        if self.locks.get(function_arn, ("", 0.0))[0] == change_id:
            del self.locks[function_arn]

    def stored(self, change_id: str) -> Change:
        """Return a change that must be there."""
        return Change.model_validate_json(self.rows[change_id])

    @property
    def all(self) -> tuple[Change, ...]:
        """Return all changes, oldest first."""
        return tuple(self.stored(change_id) for change_id in self.rows)


@dataclass
class FakeAudit:
    """Fills the port AuditLog: a chain in memory."""

    entries: list[AuditEntry] = field(default_factory=list)
    broken: bool = False

    def append(self, record: AuditRecord) -> AuditEntry:
        """Add a record, once."""
        if self.broken:
            raise StateError("audit: the table did not take it")
        found = next((entry for entry in self.entries if entry.id == record.id), None)
        if found is not None:
            return found
        # As a table keeps it: what is no JSON must not get in.
        fields = json.loads(record.model_dump_json())
        same = [entry.number for entry in self.entries if entry.function_name == record.function_name and record.function_name]
        before = self.entries[-1].hash if self.entries else GENESIS
        entry = AuditEntry(**fields, number=len(self.entries) + 1, before=before, earlier=same[-1] if same else None)
        self.entries.append(entry)
        return entry

    def about(self, function_name: str, limit: int) -> tuple[AuditEntry, ...]:
        """Return the last entries about a function."""
        return tuple([entry for entry in reversed(self.entries) if entry.function_name == function_name][:limit])

    @property
    def events(self) -> list[tuple[str, str]]:
        """Return what happened and by whom, in order."""
        return [(entry.event, entry.by) for entry in self.entries]

    @property
    def reasons(self) -> list[str]:
        """Return why things were refused, in order."""
        return [str(entry.details.get("why", "")) for entry in self.entries if entry.event == "refused"]
