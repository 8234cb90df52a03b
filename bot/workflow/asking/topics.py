"""What each subcommand answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.commands import AskCommand
from bot.errors import InputError
from bot.models.replies import (
    AuditReply,
    HistoryReply,
    NoteReply,
    PlaybookLine,
    PlaybookReply,
    PlaybooksReply,
    Reply,
    StatusReply,
)
from bot.question import MAX_MUTE_MINUTES, parse_mute, parse_name
from bot.workflow.asking.desk import AskDesk
from bot.workflow.asking.lines import change_line, incident_line
from bot.workflow.asking.people import help_for

SHOWN: Final = 10


def answer(desk: AskDesk, command: AskCommand) -> Reply:
    """Return the answer to a subcommand.

    Raises:
        InputError: The words after it are not understood.
    """
    topic = TOPICS.get(command.topic)
    return topic(desk, command) if topic else help_for(desk, command.user_id)


def mute_for(desk: AskDesk, function_name: str, minutes: float, user_id: str) -> Reply:
    """Mute a function and say until when."""
    if not 1 <= minutes <= MAX_MUTE_MINUTES:
        raise InputError(f"time: expected 1 minute to {MAX_MUTE_MINUTES / 1440:.0f} days, found {minutes:g} minutes")
    until = desk.desk.clock.now().timestamp() + minutes * 60
    desk.index.mute(function_name, until=until, by=user_id)
    return HistoryReply(function_name=function_name, muted_until=until)


def _status(desk: AskDesk, command: AskCommand) -> Reply:
    incidents = desk.index.open_incidents()[:SHOWN]
    return StatusReply(
        incidents=tuple(incident_line(desk, incident) for incident in incidents),
        waiting=tuple(change_line(change) for change in desk.waiting()[:SHOWN]),
    )


def _history(desk: AskDesk, command: AskCommand) -> Reply:
    function_name = parse_name(command.text)
    found = desk.index.incidents_of(function_name, SHOWN)
    return HistoryReply(
        function_name=function_name,
        incidents=tuple(incident_line(desk, incident) for incident in found),
        muted_until=desk.index.muted_until(function_name),
    )


def _playbooks(desk: AskDesk, command: AskCommand) -> Reply:
    wanted = command.text.strip().lower()
    playbooks = desk.desk.playbooks
    if not wanted:
        rows = (PlaybookLine(id=one.id, title=one.title, hop=one.hop) for one in sorted(playbooks, key=lambda one: (one.hop, one.id)))
        return PlaybooksReply(playbooks=tuple(rows))
    found = next((one for one in playbooks if wanted in (one.id, one.cause)), None)
    if found is None:
        near = [one.id for one in playbooks if wanted in one.id][:5]
        raise InputError(f"no playbook is called {wanted[:60]}" + (f"; did you mean {', '.join(near)}?" if near else ""))
    return PlaybookReply(
        id=found.id,
        title=found.title,
        doc=found.doc,
        remediations=tuple(one.action for one in found.remediations),
        references=tuple(found.references),
    )


def _mute(desk: AskDesk, command: AskCommand) -> Reply:
    asked = parse_mute(command.text)
    return mute_for(desk, asked.function_name, asked.minutes, command.user_id)


def _unmute(desk: AskDesk, command: AskCommand) -> Reply:
    function_name = parse_name(command.text)
    if not desk.index.muted_until(function_name):
        return NoteReply(text=f"{function_name} is not muted.")
    desk.index.mute(function_name, until=0.0, by=command.user_id)
    return NoteReply(text=f"{function_name} is not muted any more.")


def _audit(desk: AskDesk, command: AskCommand) -> Reply:
    function_name = parse_name(command.text)
    return AuditReply(function_name=function_name, entries=desk.audit.about(function_name, SHOWN))


def _help(desk: AskDesk, command: AskCommand) -> Reply:
    return help_for(desk, command.user_id)


TOPICS: Final[dict[str, Callable[[AskDesk, AskCommand], Reply]]] = {
    "status": _status,
    "history": _history,
    "playbooks": _playbooks,
    "mute": _mute,
    "unmute": _unmute,
    "audit": _audit,
    "help": _help,
}
