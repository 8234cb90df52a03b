"""An incident as an item of the table: alarms and victims are maps, so that workers can write one of them without knowing the others."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from bot.models.alarm import AlarmState
from bot.models.incident import AlarmNote, Incident, Victim, recovery_of

KEY_CHARS: Final = 32

_FIELDS: Final = frozenset(Incident.model_fields)


def short_hash(text: str) -> str:
    """Return a text of any length and alphabet as part of a key."""
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_CHARS]


def alarm_name(identity: str) -> str:
    """Return the name that an alarm has in the map; letters and digits, as an expression wants them."""
    return f"a{short_hash(identity)}"


def victim_name(victim: Victim) -> str:
    """Return the name that a victim has in the map: one a function."""
    where = f"{victim.account}|{victim.region}|{victim.function}" if victim.function else victim.incident_id
    return f"v{short_hash(where)}"


def to_values(incident: Incident) -> dict[str, object]:
    """Return a new incident as the table's values."""
    return {
        **incident.model_dump(exclude={"alarms", "victims"}),
        "alarms": _alarm_map(incident.alarms),
        "victims": {victim_name(victim): victim_values(victim) for victim in incident.victims if victim.incident_id != incident.id},
    }


def victim_values(victim: Victim) -> dict[str, object]:
    """Return a victim as the table's values: one text, for a storm's list is read often and has to fit into an item of 400 KB.

    What CloudWatch said of each alarm stays in the function's own record.
    """
    alarms = tuple(alarm.model_copy(update={"reason": ""}) for alarm in victim.alarms)
    line = victim.model_copy(update={"alarms": alarms}).model_dump_json(exclude_defaults=True)
    return {"incident_id": victim.incident_id, "version": victim.version, "line": line}


def as_victim(incident: Incident) -> Victim:
    """Return an incident as one line of the list of victims."""
    return Victim(
        incident_id=incident.id,
        function=incident.function,
        account=incident.account,
        region=incident.region,
        cause=incident.cause,
        alarms=incident.alarms,
        version=incident.version,
    )


def from_values(item: dict[str, Any]) -> Incident:
    """Return the incident of an item; what speaks of all alarms together is worked out here, so that no two writers can disagree."""
    plain = {name: value for name, value in item.items() if name in _FIELDS and name not in {"alarms", "victims"}}
    incident = Incident.model_validate({**plain, "alarms": _alarms(item.get("alarms"))})
    others = sorted(
        (Victim.model_validate_json(each["line"]) for each in (item.get("victims") or {}).values()),
        key=lambda victim: (victim.since or 0.0, victim.incident_id),
    )
    victims = (as_victim(incident), *others) if others else ()
    alarms = tuple(alarm for victim in victims for alarm in victim.alarms) if victims else incident.alarms
    if not alarms:
        return incident
    latest = max(alarms, key=lambda alarm: alarm.changed_at)
    said = max((alarm for alarm in alarms if alarm.reason), key=lambda alarm: alarm.changed_at, default=latest)
    return incident.model_copy(
        update={
            "victims": victims,
            "alarm_state": _state_of(alarms),
            "alarm_reason": said.reason,
            "alarm_changed_at": latest.changed_at,
            "fired": sum(alarm.fired for alarm in alarms),
            "recovered_at": recovery_of(alarms),
        }
    )


def _state_of(alarms: tuple[AlarmNote, ...]) -> AlarmState:
    states: tuple[AlarmState, ...] = ("ALARM", "INSUFFICIENT_DATA", "OK")
    return next(state for state in states if any(alarm.state == state for alarm in alarms))


def _alarm_map(alarms: tuple[AlarmNote, ...]) -> dict[str, object]:
    return {alarm_name(alarm.identity): alarm.model_dump() for alarm in alarms}


def _alarms(items: dict[str, Any] | None) -> tuple[AlarmNote, ...]:
    notes = [AlarmNote.model_validate(each) for each in (items or {}).values()]
    return tuple(sorted(notes, key=lambda note: (note.since or note.changed_at, note.identity)))
