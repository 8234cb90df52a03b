"""An alarm that recovered or lost its data: said in the thread that its failure opened."""

from __future__ import annotations

import logging

from bot.models.alarm import Alarm
from bot.models.incident import Incident
from bot.workflow.desk import Case
from bot.workflow.folding import tell_lead
from bot.workflow.identity import alarm_identity, note_of
from bot.workflow.news import is_quiet, say_news
from bot.workflow.quiet import mute_noted
from bot.workflow.thread import post_replies, report_of, show

logger = logging.getLogger(__name__)


def note_state(case: Case, alarm: Alarm) -> None:
    """Bring the incident's thread up to date with an OK or INSUFFICIENT_DATA; without an incident there is nothing to say."""
    incident = _incident(case, alarm)
    if incident is None:
        logger.info("no incident is open for this alarm", extra={"alarm": alarm.name, "state": alarm.state})
        return
    case.about(incident)
    if incident.folded_into:
        tell_lead(case, incident)
        return
    if not incident.thread_ts or incident.phase == "investigating":
        # Whoever is investigating reads the incident again after its edit, and says it then.
        return
    incident = mute_noted(case, incident)
    show(case, incident.id)
    if alarm.state == "INSUFFICIENT_DATA" and not is_quiet(case, incident):
        post_replies(case, report_of(case, incident.id), ("no-data",))
    say_news(case, incident.id)


def _incident(case: Case, alarm: Alarm) -> Incident | None:
    store, at = case.desk.store, alarm.changed_at.timestamp()
    incident_id = store.recover(alarm_identity(alarm), at=at) if alarm.state == "OK" else store.attached(alarm_identity(alarm))
    if not incident_id:
        return None
    noted = store.note_alarm(incident_id, note_of(alarm))
    if noted is not None:
        return noted
    known = store.incident(incident_id)
    stands = {note.identity: note for note in known.alarms}.get(alarm_identity(alarm)) if known else None
    # Noted before: by an earlier attempt of this very event, which goes on; or overtaken by a newer state, which stands.
    return known if stands and stands.state == alarm.state and stands.changed_at == at else None
