"""An alarm that fires: it joins the incident that is open for its function, opens one, or is told of in that of a shared cause."""

from __future__ import annotations

import logging
from typing import Final

from bot.alarms.target import ResolvedTarget
from bot.models.alarm import Alarm
from bot.models.incident import Incident
from bot.workflow.answering import cause_of, findings_or_problem, note_answer, report_answer
from bot.workflow.desk import Case
from bot.workflow.examine import subject_of_alarm
from bot.workflow.folding import LEADER_WAIT_S, STORM_S, fold, place, tell_lead
from bot.workflow.identity import alarm_identity
from bot.workflow.joining import incident_of_alarm
from bot.workflow.news import say_news
from bot.workflow.quiet import mute_noted
from bot.workflow.thread import open_thread, show

logger = logging.getLogger(__name__)

EXAMINING: Final = "examining"
"""Step of a case that investigates, and does not leave that to another one."""

STORM: Final = "storm"
"""Step of a case that examines before it opens a thread; its retry does so, too, when the storm is over."""

FRESH_S: Final = 300.0
"""An alarm that changes so soon after the one that was investigated is about the same evidence."""


def fired(case: Case, alarm: Alarm) -> None:
    """Handle an alarm that went into ALARM."""
    found = _search(case, alarm)
    incident = incident_of_alarm(case, alarm, found)
    if incident.folded_into and case.noted(EXAMINING) is None:
        tell_lead(case, incident, repeated=_repeated(incident, alarm))
        return
    incident = mute_noted(case, incident)
    if incident.muted_until is not None:
        # Noted in the incident; when the mute has ended, the next event finds it unanswered.
        logger.info("muted, nothing is posted", extra={"incident_id": incident.id})
        if incident.thread_ts:
            show(case, incident.id)
        return
    if not _is_to_be_examined(case, incident, alarm):
        _tell_again(case, incident, alarm)
        return
    examined = case.desk.store.examine(incident.id, case.event, lease_s=case.lease_s)
    if examined is None:
        # Whoever investigates reads the incident again when its answer stands, and says what has happened meanwhile.
        if incident.thread_ts and incident.phase != "investigating":
            show(case, incident.id)
        return
    if case.noted(EXAMINING) is None:
        case.note(EXAMINING)
    before = _earlier_cause(case, examined)
    _examine(case, examined, alarm, found, repeat_of=before)


def _examine(case: Case, incident: Incident, alarm: Alarm, found: ResolvedTarget | None, *, repeat_of: str) -> None:
    """Investigate what an alarm is about; in a storm before the thread is opened, for then it may belong to another incident."""
    gate = None if incident.thread_ts and repeat_of else case.desk.folds.enter(incident.channel, incident.id, storm_s=STORM_S)
    if gate is not None and not gate.is_first and case.noted(STORM) is None:
        case.note(STORM)
    is_first = gate is not None and gate.is_first and case.noted(STORM) is None
    is_prompt = gate is None or (is_first and case.noted("kept") is None and case.now < gate.since + LEADER_WAIT_S)
    if is_prompt or incident.phase == "broken-off":
        incident = open_thread(case, incident)
    findings, problem = findings_or_problem(case, incident, lambda: subject_of_alarm(case, alarm, found))
    if findings is not None:
        lead = place(case, incident, findings, gate)
        if lead != incident.id:
            fold(case, note_answer(case, incident, findings, "", alarm.changed_at.timestamp()), lead)
            return
    incident = note_answer(case, incident, findings, problem, alarm.changed_at.timestamp())
    if not incident.thread_ts:
        open_thread(case, incident)
        case.desk.folds.opened(incident.channel)
    report_answer(case, incident.id, findings, repeat_of)


def _tell_again(case: Case, incident: Incident, alarm: Alarm) -> None:
    """Show a repeat in the first message; in words only when people were told nothing for long, or when it is worse."""
    if incident.thread_ts:
        show(case, incident.id)
        say_news(case, incident.id, repeated=_repeated(incident, alarm))


def _repeated(incident: Incident, alarm: Alarm) -> str:
    note = {each.identity: each for each in incident.alarms}.get(alarm_identity(alarm))
    return "joined" if note and note.fired <= 1 else "repeated"


def _is_to_be_examined(case: Case, incident: Incident, alarm: Alarm) -> bool:
    """Tell whether an alarm needs evidence of its own: not while the answer that stands is fresh."""
    if case.noted(EXAMINING) is not None or incident.phase in {"investigating", "broken-off"} or incident.answered_at is None:
        return True
    return alarm.changed_at.timestamp() - incident.answered_at >= FRESH_S


def _search(case: Case, alarm: Alarm) -> ResolvedTarget | None:
    """Return the functions behind an alarm; None when the search itself failed, which the investigation then says in the thread."""
    try:
        return case.desk.resolve(alarm, case.desk.aws, now=case.desk.clock.now())
    except Exception:
        logger.exception("the search for the alarm's function failed", extra={"alarm": alarm.name})
        return None


def _earlier_cause(case: Case, incident: Incident) -> str:
    """Return the cause that stood in the thread before this event; noted, for this event's own answer takes its place."""
    noted = case.noted("before")
    if noted is None:
        noted = cause_of(case.desk.store.load(incident.id, incident.answered_by)) if incident.answered_by else ""
        case.note("before", noted)
    return noted
