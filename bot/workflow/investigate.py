"""The use case: an alarm or a question becomes a thread with a diagnosis, once, whatever is delivered twice or dies on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from bot import question
from bot.commands import WhyCommand
from bot.errors import BotError, CommandError, DeliveryError, LeaseLostError, NotYetError, TargetNotFoundError
from bot.models.alarm import Alarm
from bot.models.incident import Claim, Findings, Incident, Report, incident_id_of
from bot.models.incident_file import Client, Target
from bot.models.window import Window
from bot.workflow.alarm_state import note_state
from bot.workflow.answering import findings_or_problem, note_answer, report_answer
from bot.workflow.desk import Case, Desk
from bot.workflow.examine import Subject, subject_of_question
from bot.workflow.firing import fired
from bot.workflow.identity import alarm_key
from bot.workflow.once import LEASE_MARGIN_S, Outcome, once
from bot.workflow.thread import UNREACHABLE, is_passing, known_incident, open_thread, report_of, show

logger = logging.getLogger(__name__)

SubjectOf = Callable[[Case], Subject]

RETRY_LEASE_S: Final = 750.0
"""Longer than a failed delivery takes to come again, see bot.aws.work_queue."""


def investigate_alarm(desk: Desk, alarm: Alarm, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Handle one change of an alarm's state."""
    if alarm.state == "ALARM":
        return _once(desk, alarm_key(alarm), owner, time_left_s, lambda case: fired(case, alarm))
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
    def attempt(claim: Claim) -> None:
        case = Case(desk, claim, time_left_s, time_left_s() + LEASE_MARGIN_S)
        try:
            work(case)
        except LeaseLostError:
            raise
        except Exception as exc:
            # Whatever it was, it is raised again: the queue hands the delivery over once more.
            _break_off(case, exc)
            raise

    return once(desk.store, key, owner=owner, time_left_s=time_left_s, work=attempt)


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
    findings, problem = findings_or_problem(case, incident, lambda: _same_subject(case, incident, before))
    incident = note_answer(case, incident, findings, problem, case.now)
    report_answer(case, incident.id, findings, "")


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
    findings, problem = findings_or_problem(case, incident, lambda: subject(case))
    incident = note_answer(case, incident, findings, problem, incident.opened_at)
    if case.noted(UNREACHABLE) is not None:
        _respond(case, response_url, report_of(case, incident.id, findings))
        return
    case.desk.index.note_open(incident)
    report_answer(case, incident.id, findings, "")


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


def _break_off(case: Case, error: Exception) -> None:
    """Leave no thread that says "investigating" for ever."""
    if isinstance(error, NotYetError):
        return
    incident_id = case.noted("incident")
    logger.warning("investigation broke off", extra={"event": case.event, "incident_id": incident_id, "error": type(error).__name__})
    try:
        _say_broken_off(case, incident_id or "", error)
    except BotError:
        logger.exception("the thread could not be told", extra={"incident_id": incident_id})


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
