"""What a person wants investigated: a name, a message that names something, or the same once more."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot import question
from bot.alarms.mentions import Mention, mentions
from bot.alarms.named import alarm_named
from bot.commands import ClickCommand, MessageCommand, WhyCommand
from bot.errors import CommandError, DeliveryError, TargetNotFoundError
from bot.models.alarm import Alarm
from bot.models.replies import NoteReply
from bot.question import Question
from bot.workflow.asking.desk import AskDesk
from bot.workflow.asking.meant import meant_by
from bot.workflow.desk import Case
from bot.workflow.examine import Subject, subject_of_alarm, subject_of_question
from bot.workflow.investigate import SubjectOf, investigate_again, investigate_question
from bot.workflow.once import Outcome, once

logger = logging.getLogger(__name__)

NOTHING_NAMED = "I found no function and no alarm named here. Ask with a name: /lambda why my-function"


def asked_by_name(desk: AskDesk, command: WhyCommand, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Investigate what `/lambda why` names: a function, an alarm or an API; a name that is none of them gets suggestions."""
    try:
        asked = question.parse(command.text)
    except CommandError:
        subject: SubjectOf | None = None
    else:

        def subject(case: Case) -> Subject:
            return _subject_of_name(desk, case, asked)

    return investigate_question(desk.desk, command, owner=owner, time_left_s=time_left_s, subject=subject)


def asked_by_message(desk: AskDesk, command: MessageCommand, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Investigate what a message names; in an incident's thread, that incident once more."""
    incident_id = desk.index.incident_in_thread(command.channel_id, command.thread_ts or command.message_ts)
    named = mentions(command.text, desk.directory.refresh())
    if incident_id and not named:
        return investigate_again(desk.desk, incident_id, command.request_id, owner=owner, time_left_s=time_left_s)
    if not named:
        key = f"message|{command.request_id}"
        return once(desk.desk.store, key, owner=owner, time_left_s=time_left_s, work=lambda _claim: _tell(desk, command))
    mention = named[0]
    why = WhyCommand(
        request_id=command.request_id,
        text=f"{mention.name}:{mention.qualifier}" if mention.qualifier else mention.name,
        user_id=command.user_id,
        channel_id=command.channel_id,
        team_id=command.team_id,
        response_url=command.response_url,
        asked_at=command.asked_at,
    )
    return investigate_question(
        desk.desk, why, owner=owner, time_left_s=time_left_s, subject=lambda case: _subject_of_mention(desk, case, mention)
    )


def asked_again(desk: AskDesk, incident_id: str, command: ClickCommand, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Investigate an incident once more because somebody pressed the button."""
    return investigate_again(desk.desk, incident_id, command.request_id, owner=owner, time_left_s=time_left_s)


def _subject_of_name(desk: AskDesk, case: Case, asked: Question) -> Subject:
    meant = meant_by(desk, asked)
    if meant is None:
        return subject_of_question(case, asked)
    if meant.alarm is not None:
        return _subject_now(case, meant.alarm)
    if meant.subject is not None:
        return meant.subject
    hint = f" Did you mean {', '.join(meant.suggestions)}?" if meant.suggestions else ""
    raise TargetNotFoundError(f"There is no function, alarm or API called {asked.function_name} in this account and region.{hint}")


def _subject_of_mention(desk: AskDesk, case: Case, mention: Mention) -> Subject:
    if mention.kind == "alarm":
        region = mention.region or desk.desk.region or None
        alarm = alarm_named(mention.name, desk.desk.aws, region=region, now=desk.desk.clock.now())
        if alarm is None:
            raise TargetNotFoundError(f"The message names alarm {mention.name}, which CloudWatch does not know (any more) here.")
        return _subject_now(case, alarm)
    asked = Question(mention.name, qualifier=mention.qualifier, region=mention.region, account_id=mention.account_id)
    return subject_of_question(case, asked)


def _subject_now(case: Case, alarm: Alarm) -> Subject:
    """Return what an alarm is about; one that is quiet now is looked at as it stands now and not when it last changed."""
    if alarm.state != "ALARM":
        alarm = alarm.model_copy(update={"changed_at": case.desk.clock.now()})
    return subject_of_alarm(case, alarm)


def _tell(desk: AskDesk, command: MessageCommand) -> None:
    reply = NoteReply(text=NOTHING_NAMED)
    try:
        if command.response_url:
            desk.messenger.answer(command.response_url, reply)
        else:
            desk.messenger.answer_person(command.channel_id, command.thread_ts, command.user_id, reply)
    except DeliveryError as exc:
        logger.warning("answer reached nobody", extra={"code": exc.code})
