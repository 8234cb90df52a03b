"""An alarm that recovered or lost its data: said in the thread that its failure opened."""

from __future__ import annotations

import logging

from bot.models.alarm import Alarm
from bot.models.incident import Incident
from bot.workflow.desk import Case
from bot.workflow.identity import alarm_identity
from bot.workflow.thread import edit_first_message, post_replies

logger = logging.getLogger(__name__)


def note_state(case: Case, alarm: Alarm) -> None:
    """Bring the incident's thread up to date with an OK or INSUFFICIENT_DATA; without an incident there is nothing to say."""
    incident = _incident(case, alarm)
    if incident is None:
        logger.info("no incident is open for this alarm", extra={"alarm": alarm.name, "state": alarm.state})
        return
    case.about(incident)
    if not incident.thread_ts or incident.phase == "investigating":
        # Whoever is investigating reads the incident again after its edit, and says it then.
        return
    findings = case.desk.store.load(incident.id, incident.answered_by) if incident.answered_by else None
    report = edit_first_message(case, incident.id, findings)
    post_replies(case, report, ("recovered",) if alarm.state == "OK" else ("no-data",))


def note_recovery_before(case: Case, incident_id: str, *, at: float, recovered_at: float | None) -> None:
    """Note a recovery that was handed over before the failure that it ended."""
    if recovered_at is not None and recovered_at > at:
        case.desk.store.note_alarm(incident_id, "OK", "", at=recovered_at)


def _incident(case: Case, alarm: Alarm) -> Incident | None:
    store, at = case.desk.store, alarm.changed_at.timestamp()
    incident_id = store.recover(alarm_identity(alarm), at=at) if alarm.state == "OK" else store.attached(alarm_identity(alarm))
    if not incident_id:
        return None
    noted = store.note_alarm(incident_id, alarm.state, alarm.reason, at=at)
    if noted is not None:
        return noted
    known = store.incident(incident_id)
    # Noted before: by an earlier attempt of this very event, which goes on; or overtaken by a newer state, which stands.
    return known if known and known.alarm_state == alarm.state and known.alarm_changed_at == at else None
