"""The use case: an alarm or a question becomes a thread with a diagnosis, once, whatever is delivered twice or dies on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, Literal

from bot import question
from bot.alarms.target import ResolvedTarget
from bot.commands import WhyCommand
from bot.errors import BotError, CommandError, DeliveryError, LeaseLostError, NotYetError, TargetNotFoundError
from bot.models.alarm import Alarm
from bot.models.change import Offered, offer_id_of
from bot.models.incident import Findings, Incident, Report, incident_id_of
from bot.models.incident_file import Client, Target
from bot.models.window import Window
from bot.workflow.alarm_state import note_state
from bot.workflow.desk import Case, Desk
from bot.workflow.examine import Subject, findings_of, subject_of_alarm, subject_of_question
from bot.workflow.folding import LEADER_WAIT_S, STORM_S, fold, place, tell_lead
from bot.workflow.identity import alarm_identity, alarm_key
from bot.workflow.joining import incident_of_alarm
from bot.workflow.news import say_news, severity_of
from bot.workflow.quiet import mute_noted
from bot.workflow.thread import UNREACHABLE, is_passing, known_incident, open_thread, post_replies, report_of, show, told

logger = logging.getLogger(__name__)

Outcome = Literal["done", "duplicate", "busy"]
"""`busy`: another worker is at the same event. The delivery must come again, for that worker may die."""

SubjectOf = Callable[[Case], Subject]

NO_CAUSE: Final = "none"

EXAMINING: Final = "examining"
"""Step of a case that investigates, and does not leave that to another one."""

FRESH_S: Final = 300.0
"""An alarm that changes so soon after the one that was investigated is about the same evidence."""

RETRY_LEASE_S: Final = 750.0
"""Longer than a failed delivery takes to come again, see bot.aws.work_queue."""

LEASE_MARGIN_S: Final = 5.0
"""How much longer a claim lasts than the worker that made it can."""


def investigate_alarm(desk: Desk, alarm: Alarm, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Handle one change of an alarm's state."""
    if alarm.state == "ALARM":
        return _once(desk, alarm_key(alarm), owner, time_left_s, lambda case: _fired(case, alarm))
    return _once(desk, alarm_key(alarm), owner, time_left_s, lambda case: note_state(case, alarm))


def investigate_question(
    desk: Desk, command: WhyCommand, *, owner: str, time_left_s: Callable[[], float], subject: SubjectOf | None = None
) -> Outcome:
    """Handle one question from chat. Slack's trigger id tells it from every other one.

    `subject` says what is meant, where that is not simply the function that the text names.
    """
    return _once(desk, f"why|{command.request_id}", owner, time_left_s, lambda case: _asked(case, command, subject))


def investigate_again(desk: Desk, incident_id: str, request_id: str, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Investigate an incident once more, with fresh evidence, into the same thread."""
    return _once(desk, f"again|{request_id}", owner, time_left_s, lambda case: _again(case, incident_id))


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
    is_kept = case.noted("kept") is not None
    is_prompt = gate is not None and gate.is_first and not is_kept and case.now < gate.since + LEADER_WAIT_S
    if gate is None or is_prompt or incident.phase == "broken-off":
        incident = open_thread(case, incident)
    findings, problem = _findings(case, incident, lambda: subject_of_alarm(case, alarm, found))
    if findings is not None:
        lead = place(case, incident, findings, gate)
        if lead != incident.id:
            fold(case, _answered(case, incident, findings, "", alarm.changed_at.timestamp()), lead)
            return
    incident = _answered(case, incident, findings, problem, alarm.changed_at.timestamp())
    if not incident.thread_ts:
        open_thread(case, incident)
        case.desk.folds.opened(incident.channel)
    _report(case, incident.id, findings, repeat_of)


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


def _asked(case: Case, command: WhyCommand, subject: SubjectOf | None) -> None:
    if subject is None:
        try:
            asked = question.parse(command.text)
        except CommandError as exc:
            _refuse(case, command, exc)
            return

        def subject(case: Case) -> Subject:
            return subject_of_question(case, asked)

    incident = case.about(case.desk.store.create(_incident_of_question(case, command)))
    if case.noted(UNREACHABLE) is None:
        try:
            incident = open_thread(case, incident)
        except DeliveryError as exc:
            if is_passing(exc) or not command.response_url:
                raise
            logger.info("channel cannot be posted to, answering in private", extra={"incident_id": incident.id, "code": exc.code})
            case.note(UNREACHABLE, exc.code)
    _answer_question(case, incident, subject, command.response_url)


def _again(case: Case, incident_id: str) -> None:
    incident = known_incident(case, incident_id)
    examined = case.desk.store.examine(incident.id, case.event, lease_s=case.lease_s)
    if examined is None:
        # Somebody is at it at this moment, and what they find is as fresh.
        return
    case.about(incident)
    before = case.desk.store.load(incident.id, incident.answered_by) if incident.answered_by and case.noted("kept") is None else None
    findings, problem = _findings(case, incident, lambda: _same_subject(case, incident, before))
    incident = _answered(case, incident, findings, problem, case.now)
    _report(case, incident.id, findings, "")


def _same_subject(case: Case, incident: Incident, before: Findings | None) -> Subject:
    window = Window.last(question.DEFAULT_SINCE_MINUTES, case.desk.clock.now())
    if before is not None:
        client = Client(status=before.impact.status) if before.impact.status else None
        return Subject(before.answer.target, window, client=client)
    if incident.function:
        target = Target(function_name=incident.function, region=incident.region or None, account_id=incident.account or None)
        return Subject(target, window)
    raise TargetNotFoundError(f"{incident.title}: no function was found for it, so there is nothing to look at again")


def _answer_question(case: Case, incident: Incident, subject: SubjectOf, response_url: str) -> None:
    findings, problem = _findings(case, incident, lambda: subject(case))
    incident = _answered(case, incident, findings, problem, incident.opened_at)
    if case.noted(UNREACHABLE) is not None:
        _respond(case, response_url, report_of(case, incident.id, findings))
        return
    case.desk.index.note_open(incident)
    _report(case, incident.id, findings, "")


def _findings(case: Case, incident: Incident, subject: Callable[[], Subject]) -> tuple[Findings | None, str]:
    """Return what was found, or why there is nothing to look at."""
    try:
        findings = findings_of(case, incident.id, subject)
    except TargetNotFoundError as exc:
        return None, str(exc)
    _keep_offers(case, incident.id, findings)
    return findings, ""


def _answered(case: Case, incident: Incident, findings: Findings | None, problem: str, at: float) -> Incident:
    """Note the answer in the incident."""
    if findings is None:
        return case.desk.store.change(incident.id, phase="no-target", problem=problem, answered_at=at)
    target = findings.answer.target
    return case.desk.store.change(
        incident.id,
        phase="answered",
        problem="",
        answered_by=case.event,
        answered_at=at,
        cause=_cause(findings),
        severity=severity_of(findings),
        function=incident.function or target.function_name or "",
        account=incident.account or target.account_id or "",
        region=incident.region or target.region or "",
    )


def _report(case: Case, incident_id: str, findings: Findings | None, repeat_of: str) -> None:
    """Show the answer, post its replies, and then say what happened meanwhile, which everyone else has left to this worker."""
    show(case, incident_id, findings, repeat_of)
    report = report_of(case, incident_id, findings, repeat_of)
    if repeat_of and repeat_of == _cause(report.findings):
        case.desk.store.change(incident_id, examined_by="", examined_until=0)
        say_news(case, incident_id, repeated="repeated")
        return
    post_replies(case, report, case.desk.messenger.parts(report))
    if repeat_of:
        say_news(case, incident_id)
    elif case.noted("told") is None:
        told(case, report.incident)
        case.note("told")
    # From here on others say it themselves; what they noted before is said here.
    case.desk.store.change(incident_id, examined_by="", examined_until=0)
    say_news(case, incident_id)


def _keep_offers(case: Case, incident_id: str, findings: Findings) -> None:
    """Keep where each button leads, before the message that has them."""
    changes = case.desk.changes
    if changes is None or not findings.answer.diagnoses or case.noted("offers") is not None:
        return
    for index, offer in enumerate(findings.answer.diagnoses[0].remediations):
        offer_id = offer_id_of(incident_id, case.event, index)
        changes.keep_offer(Offered(id=offer_id, incident_id=incident_id, event=case.event, index=index, action=offer.action))
    case.note("offers")


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
        noted = _cause(case.desk.store.load(incident.id, incident.answered_by)) if incident.answered_by else ""
        case.note("before", noted)
    return noted


def _cause(findings: Findings | None) -> str:
    return findings.answer.diagnoses[0].cause if findings and findings.answer.diagnoses else NO_CAUSE


def _break_off(case: Case, error: Exception) -> None:
    """Leave no thread that says "investigating" for ever, and let the retry begin at once."""
    incident_id = case.noted("incident")
    if not isinstance(error, NotYetError):
        logger.warning("investigation broke off", extra={"event": case.event, "incident_id": incident_id, "error": type(error).__name__})
        try:
            _say_broken_off(case, incident_id or "", error)
        except BotError:
            logger.exception("the thread could not be told", extra={"incident_id": incident_id})
    try:
        case.desk.store.release(case.claim)
    except BotError:
        logger.exception("claim was not given back, its lease ends by itself", extra={"event": case.event})


def _say_broken_off(case: Case, incident_id: str, error: Exception) -> None:
    store = case.desk.store
    incident = store.incident(incident_id) if incident_id else None
    if incident is None or incident.examined_by not in ("", case.event):
        return
    if incident.examined_by:
        # The retry is the one that goes on: nobody else posts in between, so that the order is kept.
        store.examine(incident_id, case.event, lease_s=RETRY_LEASE_S)
    if incident.phase != "investigating" or (not incident.thread_ts and isinstance(error, DeliveryError)):
        return
    problem = f"The investigation broke off ({type(error).__name__}). It is tried again from the queue."
    store.change(incident_id, phase="broken-off", problem=problem)
    if incident.thread_ts:
        show(case, incident_id)
