"""One question or verdict of a person, worked on once, whatever is delivered twice or dies on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from bot.commands import AskCommand, ClickCommand, HomeCommand, MessageCommand, WhyCommand
from bot.errors import CommandError, DeliveryError, InputError
from bot.models.incident import Claim
from bot.models.replies import GRADES, NoteReply, Reply
from bot.question import DEFAULT_MUTE_MINUTES
from bot.workflow.asking import grades, topics
from bot.workflow.asking.desk import AskDesk
from bot.workflow.asking.home import home_of
from bot.workflow.asking.why import asked_again, asked_by_message, asked_by_name
from bot.workflow.desk import Case
from bot.workflow.once import LEASE_MARGIN_S, Outcome, once
from bot.workflow.quiet import mute_noted
from bot.workflow.thread import is_passing, show

logger = logging.getLogger(__name__)

PeoplesCommand = WhyCommand | AskCommand | HomeCommand | ClickCommand | MessageCommand


CLICKS: Final = frozenset({*GRADES, "mute", "unmute"})


def answer_person(desk: AskDesk, command: PeoplesCommand, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Do what a person asks of the work queue.

    Raises:
        CommandError: No part of the bot knows such a command.
        Exception: Whatever broke it off; the queue hands it over once more.
    """
    if isinstance(command, WhyCommand):
        return asked_by_name(desk, command, owner=owner, time_left_s=time_left_s)
    if isinstance(command, MessageCommand):
        return asked_by_message(desk, command, owner=owner, time_left_s=time_left_s)
    if isinstance(command, ClickCommand) and command.verb == "again":
        return asked_again(desk, command.subject, command, owner=owner, time_left_s=time_left_s)
    if isinstance(command, ClickCommand) and command.verb not in CLICKS:
        raise CommandError(f"verb: {command.verb!r} is not for this worker; known: {', '.join(sorted(CLICKS))}")
    key = f"{command.kind}|{command.request_id}"

    def work(claim: Claim) -> None:
        _answer(desk, command, Case(desk.desk, claim, time_left_s, time_left_s() + LEASE_MARGIN_S))

    return once(desk.desk.store, key, owner=owner, time_left_s=time_left_s, work=work)


def _answer(desk: AskDesk, command: AskCommand | HomeCommand | ClickCommand, case: Case) -> None:
    try:
        if isinstance(command, HomeCommand):
            desk.messenger.publish_home(command.user_id, home_of(desk, command.user_id))
            desk.directory.refresh()
        elif isinstance(command, AskCommand):
            _tell(desk, command, _said(lambda: topics.answer(desk, command)))
        else:
            _tell(desk, command, _said(lambda: _clicked(desk, command, case)))
    except DeliveryError as exc:
        if is_passing(exc):
            raise
        # The window was closed, or the answer came after half an hour: there is nobody left to tell.
        logger.warning("answer reached nobody", extra={"kind": command.kind, "code": exc.code})


def _clicked(desk: AskDesk, command: ClickCommand, case: Case) -> Reply | None:
    if command.verb in GRADES:
        return grades.grade(desk, command)
    incident_id, _, minutes = command.subject.partition("|")
    incident = desk.desk.store.incident(incident_id)
    if incident is None or not incident.function:
        raise InputError("this incident names no function, so there is nothing to mute")
    if command.verb == "unmute":
        desk.index.mute(incident.function, until=0.0, by=command.user_id)
        reply: Reply = NoteReply(text=f"{incident.function} is not muted any more.")
    else:
        chosen = int(minutes) if minutes.isdigit() else DEFAULT_MUTE_MINUTES
        reply = topics.mute_for(desk, incident.function, chosen, command.user_id)
    # Everybody sees in the first message that it is quiet, and until when.
    if mute_noted(case, incident).thread_ts:
        show(case, incident.id)
    return reply


def _said(work: Callable[[], Reply | None]) -> Reply | None:
    """Return the reply, or what was not understood."""
    try:
        return work()
    except InputError as exc:
        return NoteReply(text=f"I did not understand that: {exc}.")


def _tell(desk: AskDesk, command: AskCommand | ClickCommand, reply: Reply | None) -> None:
    if reply is None:
        return
    thread_ts = command.thread_ts if isinstance(command, ClickCommand) else ""
    if thread_ts and command.channel_id:
        try:
            # An answer through the response URL would stand in the channel, where nobody looks who reads the thread.
            desk.messenger.answer_person(command.channel_id, thread_ts, command.user_id, reply)
        except DeliveryError as exc:
            if is_passing(exc) or not command.response_url:
                raise
        else:
            return
    if command.response_url:
        desk.messenger.answer(command.response_url, reply)
    elif command.channel_id:
        desk.messenger.answer_person(command.channel_id, thread_ts, command.user_id, reply)
