"""When people are told again: what is worse at once, what goes on once a window, and everything else by an edit alone."""

from __future__ import annotations

from typing import Final

from bot.models.incident import Findings, Incident, Severity, Worsening
from bot.workflow.desk import Case
from bot.workflow.thread import known_incident, report_of, say_once, told

SERVER_ERROR: Final = 500

NORMAL_WINDOWS: Final = 4
"""An incident of normal severity keeps quiet so many times as long as one of high severity."""

FACTOR: Final = 2
LEAST_VICTIMS: Final = 4
"""More functions are told of in the channel when they are this many, and twice as many as last told."""

WORSE_EVERY_S: Final = 60.0
"""A storm grows by the second; the channel hears of it once a minute at most."""


def severity_of(findings: Findings | None) -> Severity:
    """Return how bad it is: high where callers get a 5xx."""
    status = findings.impact.status if findings else None
    return "high" if status is not None and status >= SERVER_ERROR else "normal"


def window_of(incident: Incident, renotify_s: float) -> float:
    """Return how long an incident that goes on without news says nothing."""
    return renotify_s if incident.severity == "high" else renotify_s * NORMAL_WINDOWS


def worsening(incident: Incident, *, now: float, renotify_s: float) -> tuple[Worsening, ...]:
    """Return what became worse since people were last told."""
    found: list[Worsening] = []
    count = len(incident.victims)
    quiet_s = now - incident.worse_at if incident.worse_at is not None else None
    if count >= LEAST_VICTIMS and count >= FACTOR * max(1, incident.told_victims) and (quiet_s is None or quiet_s >= WORSE_EVERY_S):
        found.append("victims")
    if incident.severity == "high" and incident.told_severity == "normal":
        found.append("severity")
    # Flapping edits and does not shout: one reopening a window.
    if incident.told_recovered and incident.recovered_at is None and (quiet_s is None or quiet_s >= window_of(incident, renotify_s)):
        found.append("reopened")
    return tuple(found)


def is_quiet(case: Case, incident: Incident) -> bool:
    """Tell whether nothing may be posted now: muted, not opened yet, or its investigator is still posting and will say it all."""
    if incident.muted_until is not None and incident.muted_until > case.now:
        return True
    at_it = incident.examined_by not in ("", case.event) and incident.examined_until >= case.now
    return not incident.thread_ts or incident.phase == "investigating" or at_it


def say_news(case: Case, known: Incident | str, *, repeated: str = "") -> None:
    """Say what is worse or over, once, whoever notices it first.

    `known` is the incident as it stood after this event was noted, or its id. `repeated` names the reply for an alarm that fired and
    brought nothing new; it waits for the end of the window.
    """
    incident = known_incident(case, known) if isinstance(known, str) else known
    incident_id = incident.id
    if is_quiet(case, incident):
        return
    if incident.recovered_at is not None and incident.alarms:
        if not incident.told_recovered and say_once(case, report_of(case, incident_id), "recovered", f"{incident.recovered_at}"):
            told(case, incident)
            case.desk.index.note_closed(incident_id)
        return
    now, renotify_s = case.now, case.desk.renotify_s
    worse = worsening(incident, now=now, renotify_s=renotify_s)
    if worse:
        key = f"{incident.told_victims}|{incident.told_severity}|{incident.notified_at}"
        if say_once(case, report_of(case, incident_id, worse=worse), "worse", key):
            told(case, incident, worse_at=now)
            case.desk.index.note_open(incident)
    elif repeated and now - (incident.notified_at or 0.0) >= window_of(incident, renotify_s):
        report = report_of(case, incident_id, repeat_of=incident.cause or "none")
        if say_once(case, report, repeated, f"{incident.notified_at}"):
            told(case, incident)
