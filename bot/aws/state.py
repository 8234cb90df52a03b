"""The incident store in DynamoDB: claims with a lease, incidents, and the evidence that each answer stands on.

Items by key: `event#<id>` (claim), `incident#<id>`, `function#<hash>` (which incident is open for a function),
`alarm#<hash of the ARN>` (which incident an alarm belongs to),
`answer#<incident>#<event>` and `file#<incident>#<event>#<n>` (what was found). Every change is one conditional write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.aws.archive import pack, unpack
from bot.aws.incident_items import alarm_name, as_victim, from_values, short_hash, to_values, victim_name, victim_values
from bot.aws.swap import swap
from bot.aws.table import Condition, Table
from bot.errors import LeaseLostError, StateError
from bot.models.incident import AlarmNote, Claim, Findings, Incident
from bot.ports import Clock

RETENTION_S: Final = 30 * 24 * 3600
"""How long an incident, its evidence and the memory of its events are kept."""

RACES: Final = 8
"""How often a change is tried again because another worker was quicker."""

_NEW: Final = Condition("attribute_not_exists(#pk)")


@dataclass(frozen=True)
class DynamoIncidentStore:
    """Fills the port IncidentStore."""

    table: Table
    clock: Clock

    def claim(self, key: str, *, owner: str, lease_s: float) -> Claim:
        """Claim an event by its key."""
        event, now = short_hash(key), self._now()
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

    def join(self, group: str, incident_id: str, *, at: float, open_s: float, reopen_s: float) -> str:
        """Return the incident that is open for what the alarms of a group have in common, which is `incident_id` when none was.

        An incident that recovered less than `reopen_s` ago flaps, and is gone on with.
        """
        pk = f"function#{short_hash(group)}"
        for _ in range(RACES):
            old = self.table.get(pk) or {}
            current: str = old.get("incident_id", "")
            if current == incident_id:
                return current
            if current and self._is_open(current, at=at, open_s=open_s, reopen_s=reopen_s):
                return current
            if self.swap(pk, old, {"group": group, "incident_id": incident_id}):
                return incident_id
        raise StateError(f"{group}: {RACES} workers were quicker")

    def attach(self, alarm_arn: str, incident_id: str, *, fired_at: float) -> float | None:
        """Note which incident an alarm belongs to from now on, and return when the alarm last recovered."""
        pk = _alarm_key(alarm_arn)
        for _ in range(RACES):
            old = self.table.get(pk) or {}
            alarm_at, ok_at = old.get("alarm_at"), old.get("ok_at")
            latest = fired_at if alarm_at is None else max(fired_at, alarm_at)
            if self.swap(pk, old, {"arn": alarm_arn, "incident_id": incident_id, "alarm_at": latest, "ok_at": ok_at}):
                return ok_at
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
            if self.swap(pk, old, {"arn": alarm_arn, "incident_id": current, "alarm_at": alarm_at, "ok_at": at}):
                return current
        raise StateError(f"{alarm_arn}: {RACES} workers were quicker")

    def attached(self, alarm_arn: str) -> str:
        """Return the incident that an alarm belongs to now, or an empty text."""
        found: str = (self.table.get(_alarm_key(alarm_arn)) or {}).get("incident_id", "")
        return found

    def create(self, incident: Incident) -> Incident:
        """Add an incident, or return it as it stands when it was added before."""
        if self.table.put(f"incident#{incident.id}", {**to_values(incident), "expires_at": self._expiry()}, _NEW):
            return incident
        return self._known(incident.id)

    def incident(self, incident_id: str) -> Incident | None:
        """Return an incident as it stands."""
        item = self.table.get(f"incident#{incident_id}")
        return None if item is None else from_values(item)

    def change(self, incident_id: str, **fields: object) -> Incident:
        """Change fields of an incident and return it as it stands then."""
        incident = self._write(incident_id, fields, "attribute_exists(#pk)")
        if incident is None:
            raise StateError(f"{incident_id}: no such incident")
        return incident

    def note_alarm(self, incident_id: str, note: AlarmNote) -> Incident | None:
        """Note a state of one of the incident's alarms; None when a newer one is known or this one was noted before."""
        name = alarm_name(note.identity)
        for _ in range(RACES):
            known = {alarm.identity: alarm for alarm in self._known(incident_id).alarms}.get(note.identity)
            if known is not None and note.changed_at <= known.changed_at:
                return None
            same = f"#alarms.#{name}.#changed_at = :seen" if known else f"attribute_not_exists(#alarms.#{name})"
            seen = {"seen": known.changed_at} if known else {}
            noted = _after(known, note).model_dump()
            # Another worker may note a state between the two: then look again, at what stands there now.
            written = self._write(
                incident_id, {}, f"attribute_exists(#pk) AND {same}", {**seen, "noted": noted}, f"#alarms.#{name} = :noted"
            )
            if written is not None:
                return written
        raise StateError(f"{incident_id}: {RACES} workers were quicker")

    def examine(self, incident_id: str, event: str, *, lease_s: float) -> Incident | None:
        """Let one event's worker investigate an incident; None while another one does."""
        fields = {"examined_by": event, "examined_until": self._now() + lease_s}
        free = "attribute_exists(#pk) AND (#examined_by = :event OR #examined_until < :now)"
        return self._write(incident_id, fields, free, {"event": event, "now": self._now()})

    def list_victim(self, lead_id: str, victim: Incident) -> Incident:
        """Note in an incident how one that was folded into it stands now; an older copy never replaces a newer one."""
        line = as_victim(victim)
        name = victim_name(line)
        newer = (
            f"attribute_exists(#pk) AND (attribute_not_exists(#victims.#{name}) OR #victims.#{name}.#incident_id <> :id "
            f"OR #victims.#{name}.#version < :seen)"
        )
        values = {"id": victim.id, "seen": victim.version, "line": victim_values(line)}
        return self._write(lead_id, {}, newer, values, f"#victims.#{name} = :line") or self._known(lead_id)

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

    def swap(self, pk: str, old: dict[str, Any], values: dict[str, object]) -> bool:
        """Replace an item if it is still the one that was read."""
        return swap(self.table, pk, old, {**values, "expires_at": self._expiry()})

    def _write(
        self, incident_id: str, fields: Mapping[str, object], when: str, values: Mapping[str, object] | None = None, extra: str = ""
    ) -> Incident | None:
        """Write fields of an incident and count the write; None when the condition did not hold."""
        counted = "#version = if_not_exists(#version, :zero) + :one"
        condition = Condition(when, {"zero": 0, "one": 1, **(values or {})})
        both = ", ".join(filter(None, [extra, counted]))
        item = self.table.change(f"incident#{incident_id}", {**fields, "expires_at": self._expiry()}, condition, extra=both)
        return None if item is None else from_values(item)

    def _is_open(self, incident_id: str, *, at: float, open_s: float, reopen_s: float) -> bool:
        incident = self.incident(incident_id)
        if incident is None:
            return False
        if incident.recovered_at is not None:
            return at - incident.recovered_at < reopen_s
        return at - (incident.alarm_changed_at or incident.opened_at) < open_s

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


def _after(known: AlarmNote | None, note: AlarmNote) -> AlarmNote:
    """Return how an alarm stands after a change of its state."""
    fired = known.fired if known else 0
    since = known.since if known else None
    recovered_at = known.recovered_at if known else None
    if note.state == "ALARM":
        fired, since, recovered_at = fired + 1, note.changed_at if since is None else since, None
    elif note.state == "OK":
        recovered_at = note.changed_at
    return note.model_copy(update={"fired": fired, "since": since, "recovered_at": recovered_at})


def _alarm_key(alarm_arn: str) -> str:
    return f"alarm#{short_hash(alarm_arn)}"
