"""The use case: an alarm or a question becomes a thread with a diagnosis, once, whatever is delivered twice or dies on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, Literal

from bot import question
from bot.commands import WhyCommand
from bot.errors import BotError, CommandError, DeliveryError, LeaseLostError, StateError, TargetNotFoundError
from bot.models.alarm import Alarm
from bot.models.incident import Findings, Incident, Report, incident_id_of
from bot.workflow.alarm_state import note_recovery_before, note_state
from bot.workflow.desk import Case, Desk
from bot.workflow.examine import Subject, findings_of, subject_of_alarm, subject_of_question
from bot.workflow.identity import alarm_identity, alarm_key
from bot.workflow.thread import UNREACHABLE, edit_first_message, is_passing, open_thread, post_replies

logger = logging.getLogger(__name__)

Outcome = Literal["done", "duplicate", "busy"]
"""`busy`: another worker is at the same event. The delivery must come again, for that worker may die."""

NO_CAUSE: Final = "none"
UNANSWERED: Final = "unanswered"

LEASE_MARGIN_S: Final = 5.0
"""How much longer a claim lasts than the worker that made it can."""


def investigate_alarm(desk: Desk, alarm: Alarm, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Handle one change of an alarm's state."""
    if alarm.state == "ALARM":
        return _once(desk, alarm_key(alarm), owner, time_left_s, lambda case: _fired(case, alarm))
    return _once(desk, alarm_key(alarm), owner, time_left_s, lambda case: note_state(case, alarm))


def investigate_question(desk: Desk, command: WhyCommand, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Handle one question from chat. Slack's trigger id tells it from every other one."""
    return _once(desk, f"why|{command.request_id}", owner, time_left_s, lambda case: _asked(case, command))


def _once(desk: Desk, key: str, owner: str, time_left_s: Callable[[], float], work: Callable[[Case], None]) -> Outcome:
    lease_s = time_left_s() + LEASE_MARGIN_S
    claim = desk.store.claim(key, owner=owner, lease_s=lease_s)
    if claim.standing in {"done", "busy"}:
        logger.info("delivery is a double", extra={"event": claim.event, "standing": claim.standing})
        return "duplicate" if claim.standing == "done" else "busy"
    case = Case(desk, claim, time_left_s, lease_s)
    try:
        work(case)
    except LeaseLostError:
        raise
    except Exception as exc:
        # Whatever it was, it is raised again: the queue hands the delivery over once more.
        _break_off(case, exc)
        raise
    desk.store.finish(case.claim)
    return "done"


def _fired(case: Case, alarm: Alarm) -> None:
    incident, is_repeat = _incident_of_alarm(case, alarm)
    incident = open_thread(case, incident)
    if is_repeat and incident.phase == "investigating":
        # Both would post the same evidence. The delivery comes again, and finds an answer or takes over.
        raise StateError(f"{incident.id}: an earlier change of {alarm.name} is being investigated at this moment")
    before = _earlier_cause(case, incident) if is_repeat else ""
    _answer(case, incident, lambda: subject_of_alarm(case, alarm), repeat_of=before)


def _asked(case: Case, command: WhyCommand) -> None:
    try:
        asked = question.parse(command.text)
    except CommandError as exc:
        _refuse(case, command, exc)
        return
    incident = case.about(case.desk.store.create(_incident_of_question(case, command)))
    if case.noted(UNREACHABLE) is None:
        try:
            incident = open_thread(case, incident)
        except DeliveryError as exc:
            if is_passing(exc) or not command.response_url:
                raise
            logger.info("channel cannot be posted to, answering in private", extra={"incident_id": incident.id, "code": exc.code})
            case.note(UNREACHABLE, exc.code)
    _answer(case, incident, lambda: subject_of_question(case, asked), response_url=command.response_url)


def _answer(case: Case, incident: Incident, subject: Callable[[], Subject], *, repeat_of: str = "", response_url: str = "") -> None:
    store = case.desk.store
    findings: Findings | None = None
    try:
        findings = findings_of(case, incident.id, subject)
    except TargetNotFoundError as exc:
        incident = store.change(incident.id, phase="no-target", problem=str(exc))
    else:
        incident = store.change(incident.id, phase="answered", problem="", answered_by=case.event)
    if case.noted(UNREACHABLE) is not None:
        _respond(case, response_url, Report(incident=incident, findings=findings, event=case.event))
        return
    report = edit_first_message(case, incident.id, findings, repeat_of)
    post_replies(case, report, _parts(case, report))


def _parts(case: Case, report: Report) -> tuple[str, ...]:
    """Return the replies to post: all of them, or one note when the alarm fired again for the same cause."""
    parts = case.desk.messenger.parts(report)
    return ("repeated",) if report.repeat_of and report.repeat_of == _cause(report.findings) else parts


def _respond(case: Case, response_url: str, report: Report) -> None:
    if case.noted("responded") is None:
        case.desk.messenger.respond(response_url, report, case.desk.messenger.parts(report))
        case.note("responded")


def _refuse(case: Case, command: WhyCommand, error: CommandError) -> None:
    """Say what was not understood; the endpoint has said so already, but for a command that reached the queue on another way."""
    logger.warning("question was not understood", extra={"request_id": command.request_id})
    if command.response_url and case.noted("refused") is None:
        case.desk.messenger.tell(command.response_url, f"I did not understand that. {error}")
        case.note("refused")


def _incident_of_alarm(case: Case, alarm: Alarm) -> tuple[Incident, bool]:
    """Return the incident that a firing alarm belongs to, and whether it was open before."""
    store, own = case.desk.store, incident_id_of(case.claim.key)
    at = alarm.changed_at.timestamp()
    known = case.noted("incident")
    if known is None:
        # Before the attaching: an incident that an alarm points at must exist. One that nothing points at expires.
        store.create(_new_incident_of_alarm(case, alarm))
        known, recovered_at = store.attach(alarm_identity(alarm), own, fired_at=at, open_s=case.desk.open_s)
        store.note_alarm(known, "ALARM", alarm.reason, at=at)
        note_recovery_before(case, known, at=at, recovered_at=recovered_at)
        case.note("incident", known)
    incident = store.incident(known)
    if incident is None:
        raise StateError(f"{known}: no such incident")
    return incident, known != own


def _new_incident_of_alarm(case: Case, alarm: Alarm) -> Incident:
    return Incident(
        id=incident_id_of(case.claim.key),
        origin="alarm",
        title=alarm.name,
        opened_at=case.desk.clock.now().timestamp(),
        channel=case.desk.channel,
        alarm_arn=alarm_identity(alarm),
    )


def _incident_of_question(case: Case, command: WhyCommand) -> Incident:
    return Incident(
        id=incident_id_of(case.claim.key),
        origin="question",
        title=command.text,
        opened_at=case.desk.clock.now().timestamp(),
        channel=command.channel_id,
        asked_by=command.user_id,
    )


def _earlier_cause(case: Case, incident: Incident) -> str:
    """Return the cause that stood in the thread before this event; noted, for this event's own answer takes its place."""
    noted = case.noted("before")
    if noted is None:
        noted = _cause(case.desk.store.load(incident.id, incident.answered_by)) if incident.answered_by else UNANSWERED
        case.note("before", noted)
    return noted


def _cause(findings: Findings | None) -> str:
    return findings.answer.diagnoses[0].cause if findings and findings.answer.diagnoses else NO_CAUSE


def _break_off(case: Case, error: Exception) -> None:
    """Leave no thread that says "investigating" for ever, and let the retry begin at once."""
    incident_id = case.noted("incident")
    logger.warning("investigation broke off", extra={"event": case.event, "incident_id": incident_id, "error": type(error).__name__})
    try:
        incident = case.desk.store.incident(incident_id) if incident_id else None
        if incident and incident.thread_ts and incident.phase == "investigating":
            problem = f"The investigation broke off ({type(error).__name__}). It is tried again from the queue."
            broken = case.desk.store.change(incident.id, phase="broken-off", problem=problem)
            case.desk.messenger.edit(Report(incident=broken, event=case.event))
    except BotError:
        logger.exception("the thread could not be told", extra={"incident_id": incident_id})
    try:
        case.desk.store.release(case.claim)
    except BotError:
        logger.exception("claim was not given back, its lease ends by itself", extra={"event": case.event})
