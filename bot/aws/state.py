"""The incident store in DynamoDB: claims with a lease, incidents, and the evidence that each answer stands on.

Items by key: `event#<id>` (claim), `incident#<id>`, `alarm#<hash of the ARN>` (which incident an alarm belongs to),
`answer#<incident>#<event>` and `file#<incident>#<event>#<n>` (what was found). Every change is one conditional write.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from bot.aws.archive import pack, unpack
from bot.aws.table import Condition, Table
from bot.errors import LeaseLostError, StateError
from bot.models.alarm import AlarmState
from bot.models.incident import Claim, Findings, Incident
from bot.ports import Clock

RETENTION_S: Final = 30 * 24 * 3600
"""How long an incident, its evidence and the memory of its events are kept."""

RACES: Final = 8
"""How often a change is tried again because another worker was quicker."""

_NEW: Final = Condition("attribute_not_exists(#pk)")
_FIELDS: Final = frozenset(Incident.model_fields)


@dataclass(frozen=True)
class DynamoIncidentStore:
    """Fills the port IncidentStore."""

    table: Table
    clock: Clock

    def claim(self, key: str, *, owner: str, lease_s: float) -> Claim:
        """Claim an event by its key."""
        event, now = _short_hash(key), self._now()
        free = Condition(
            "attribute_not_exists(#pk) OR (#finished = :false AND #lease_until < :now)",
            {"false": False, "now": now, "one": 1, "zero": 0, "none": {}},
        )
        item = self.table.change(
            f"event#{event}",
            {"key": key, "owner": owner, "lease_until": now + lease_s, "finished": False, "expires_at": self._expiry()},
            free,
            extra="#attempts = if_not_exists(#attempts, :zero) + :one, #steps = if_not_exists(#steps, :none)",
        )
        if item is not None:
            standing = "new" if item["attempts"] == 1 else "resumed"
            return Claim(event=event, key=key, owner=owner, standing=standing, steps=item["steps"])
        taken = self.table.get(f"event#{event}") or {}
        return Claim(event=event, key=key, owner=owner, standing="done" if taken.get("finished") else "busy", steps=taken.get("steps", {}))

    def record(self, claim: Claim, step: str, note: str = "") -> Claim:
        """Note that a step is done.

        Raises:
            LeaseLostError: The lease ended and another worker took over; this one must stop.
        """
        steps = {**claim.steps, step: note}
        if self.table.change(f"event#{claim.event}", {"steps": steps}, self._mine(claim)) is None:
            raise LeaseLostError(f"{claim.key}: step {step} was not noted, another worker has taken over")
        return claim.model_copy(update={"steps": steps})

    def finish(self, claim: Claim) -> None:
        """Note that nothing is left to do for the event."""
        if self.table.change(f"event#{claim.event}", {"finished": True}, self._mine(claim)) is None:
            raise LeaseLostError(f"{claim.key}: could not be finished, another worker has taken over")

    def release(self, claim: Claim) -> None:
        """Give the claim back; whoever has taken over meanwhile keeps it."""
        self.table.change(f"event#{claim.event}", {"lease_until": 0}, self._mine(claim))

    def attach(self, alarm_arn: str, incident_id: str, *, fired_at: float, open_s: float) -> tuple[str, float | None]:
        """Return the incident that is open for an alarm, which is `incident_id` when none was, and when the alarm last recovered."""
        pk = _alarm_key(alarm_arn)
        for _ in range(RACES):
            old = self.table.get(pk) or {}
            current, alarm_at, ok_at = old.get("incident_id", ""), old.get("alarm_at"), old.get("ok_at")
            is_open = bool(current) and alarm_at is not None and (ok_at is None or ok_at < alarm_at) and fired_at - alarm_at < open_s
            owner = current if is_open or current == incident_id else incident_id
            latest = fired_at if alarm_at is None else max(fired_at, alarm_at)
            if self._swap(pk, old, {"arn": alarm_arn, "incident_id": owner, "alarm_at": latest, "ok_at": ok_at}):
                return owner, ok_at
        raise StateError(f"{alarm_arn}: {RACES} workers were quicker")

    def recover(self, alarm_arn: str, *, at: float) -> str:
        """Note that an alarm went to OK. Returns the incident that this closes, or an empty text.

        An OK from before the last ALARM, or before another OK, arrived late and says nothing. One whose incident is not known yet is
        kept, for SQS may hand an ALARM over after the OK that followed it.
        """
        pk = _alarm_key(alarm_arn)
        for _ in range(RACES):
            old = self.table.get(pk) or {}
            alarm_at, ok_at = old.get("alarm_at"), old.get("ok_at")
            if (alarm_at is not None and at < alarm_at) or (ok_at is not None and at < ok_at):
                return ""
            current: str = old.get("incident_id", "")
            if self._swap(pk, old, {"arn": alarm_arn, "incident_id": current, "alarm_at": alarm_at, "ok_at": at}):
                return current
        raise StateError(f"{alarm_arn}: {RACES} workers were quicker")

    def attached(self, alarm_arn: str) -> str:
        """Return the incident that an alarm belongs to now, or an empty text."""
        found: str = (self.table.get(_alarm_key(alarm_arn)) or {}).get("incident_id", "")
        return found

    def create(self, incident: Incident) -> Incident:
        """Add an incident, or return it as it stands when it was added before."""
        if self.table.put(f"incident#{incident.id}", {**incident.model_dump(), "expires_at": self._expiry()}, _NEW):
            return incident
        return self._known(incident.id)

    def incident(self, incident_id: str) -> Incident | None:
        """Return an incident as it stands."""
        item = self.table.get(f"incident#{incident_id}")
        return None if item is None else _incident(item)

    def change(self, incident_id: str, **fields: object) -> Incident:
        """Change fields of an incident and return it as it stands then."""
        item = self.table.change(f"incident#{incident_id}", {**fields, "expires_at": self._expiry()}, Condition("attribute_exists(#pk)"))
        if item is None:
            raise StateError(f"{incident_id}: no such incident")
        return _incident(item)

    def note_alarm(self, incident_id: str, state: AlarmState, reason: str, *, at: float) -> Incident | None:
        """Note a state of the incident's alarm; None when a newer one is known or this one was noted before."""
        incident = self._known(incident_id)
        fields: dict[str, object] = {"alarm_state": state, "alarm_reason": reason, "alarm_changed_at": at}
        if state == "ALARM":
            fields |= {"fired": incident.fired + 1, "recovered_at": None}
        elif state == "OK":
            fields["recovered_at"] = at
        if incident.alarm_changed_at is not None and at <= incident.alarm_changed_at:
            return None
        unchanged = Condition("#alarm_changed_at = :seen", {"seen": incident.alarm_changed_at})
        item = self.table.change(f"incident#{incident_id}", fields, unchanged)
        # Another worker noted a state between the two: look again, at what stands there now.
        return _incident(item) if item is not None else self.note_alarm(incident_id, state, reason, at=at)

    def save(self, incident_id: str, event: str, findings: Findings) -> bool:
        """Keep an investigation. Returns whether all of its log events fitted."""
        packed = pack(findings)
        for number, chunk in enumerate(packed.chunks):
            self.table.put(f"file#{incident_id}#{event}#{number}", {"content": chunk, "expires_at": self._expiry()})
        # Last, so that an answer without its evidence is never found.
        self.table.put(
            f"answer#{incident_id}#{event}",
            {"content": packed.head, "chunks": len(packed.chunks), "sha256": packed.sha256, "expires_at": self._expiry()},
        )
        return packed.complete

    def load(self, incident_id: str, event: str) -> Findings | None:
        """Return a kept investigation.

        Raises:
            StateError: A part of it is missing or damaged.
        """
        head = self.table.get(f"answer#{incident_id}#{event}")
        if head is None:
            return None
        chunks = [self.table.get(f"file#{incident_id}#{event}#{number}") for number in range(head["chunks"])]
        if any(chunk is None for chunk in chunks):
            raise StateError(f"{incident_id}: a part of the kept incident file is missing")
        return unpack(incident_id, head["content"], b"".join(chunk["content"] for chunk in chunks if chunk), head["sha256"])

    def latest(self, incident_id: str) -> Findings | None:
        """Return the investigation that the thread shows, for a replay; None when there is none."""
        incident = self.incident(incident_id)
        return self.load(incident_id, incident.answered_by) if incident and incident.answered_by else None

    def _swap(self, pk: str, old: dict[str, Any], values: dict[str, object]) -> bool:
        """Replace an item if it is still the one that was read."""
        version = old.get("version", 0)
        same = Condition("#version = :seen", {"seen": version}) if old else _NEW
        return self.table.put(pk, {**values, "version": version + 1, "expires_at": self._expiry()}, same)

    def _known(self, incident_id: str) -> Incident:
        incident = self.incident(incident_id)
        if incident is None:
            raise StateError(f"{incident_id}: no such incident")
        return incident

    def _mine(self, claim: Claim) -> Condition:
        return Condition("#owner = :owner AND #finished = :false", {"owner": claim.owner, "false": False})

    def _now(self) -> float:
        return self.clock.now().timestamp()

    def _expiry(self) -> int:
        return int(self._now()) + RETENTION_S


def _incident(item: dict[str, Any]) -> Incident:
    return Incident.model_validate({name: value for name, value in item.items() if name in _FIELDS})


def _alarm_key(alarm_arn: str) -> str:
    return f"alarm#{_short_hash(alarm_arn)}"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
