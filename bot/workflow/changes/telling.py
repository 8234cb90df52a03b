"""What people see of a change: its message, its notes, and the incident's first message."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from functools import partial
from typing import Final

from bot.commands import ClickCommand
from bot.errors import DeliveryError, StateError
from bot.models.change import Change
from bot.models.incident import Incident, Report
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.thread import is_passing

logger = logging.getLogger(__name__)

NOTE_LEASE_S: Final = 30.0
"""Posting a note takes no longer."""

EDITS: Final = 3
"""So often a message is edited again because its change went on while it was."""

HOPS: Final = 10
"""No incident was folded so often; a circle would be followed for ever."""


def show(desk: ChangeDesk, change: Change) -> None:
    """Bring the change's message up to date, and the incident's first message.

    Raises:
        DeliveryError: Slack does not answer at this moment. What it will never take is logged and let be.
    """
    _show_change(desk, change)
    incident = desk.incidents.incident(change.incident_id)
    if incident is None or not incident.thread_ts:
        return
    findings = desk.incidents.load(incident.id, incident.answered_by) if incident.answered_by else None
    changes = desk.changes.changes_of(incident.id)
    lead = _lead_of(desk, incident) if incident.folded_into else None
    report = Report(incident=incident, findings=findings, event=incident.answered_by, changes=changes, lead=lead)
    _deliver(lambda: desk.messenger.edit(report), change, "first message")


def note_once(desk: ChangeDesk, change: Change, note: str, *, cause: str) -> None:
    """Post a note into the thread, once for each cause; a worker that dies in the midst of it makes it twice rather than never.

    Raises:
        DeliveryError: Slack does not answer at this moment.
        StateError: Another worker is posting it.
    """
    claim = desk.incidents.claim(f"note|{change.id}|{note}|{cause}", owner=uuid.uuid4().hex, lease_s=NOTE_LEASE_S)
    if claim.standing == "done":
        return
    if claim.standing == "busy":
        raise StateError(f"{change.id}: its note {note} is being posted by another worker")
    try:
        _deliver(lambda: desk.messenger.note(change, note), change, f"note {note}")
    except DeliveryError:
        desk.incidents.release(claim)
        raise
    desk.incidents.finish(claim)


def answer(desk: ChangeDesk, command: ClickCommand, text: str) -> None:
    """Tell the person who clicked, and nobody else; an answer that Slack does not take stops nothing.

    It stands in the thread where the button is: one through the response URL stands in the channel, where nobody looks who reads
    the thread.
    """
    try:
        if command.thread_ts and command.channel_id and _told_in_thread(desk, command, text):
            return
        if command.response_url:
            desk.messenger.tell(command.response_url, text)
    except DeliveryError as exc:
        logger.warning("private answer was not taken", extra={"code": exc.code})


def _told_in_thread(desk: ChangeDesk, command: ClickCommand, text: str) -> bool:
    try:
        desk.messenger.tell_person(command.channel_id, command.thread_ts, command.user_id, text)
    except DeliveryError as exc:
        logger.info("private answer was not taken in the thread", extra={"code": exc.code})
        return False
    return True


def _show_change(desk: ChangeDesk, change: Change) -> None:
    """Edit the change's message; a worker that went on meanwhile may have been overtaken by this edit, and then it is made again."""
    for _ in range(EDITS):
        if not change.message_ts:
            return
        _deliver(partial(desk.messenger.edit_change, change), change, "message of the change")
        stored = desk.changes.change_of(change.id)
        if stored is None or stored.version == change.version:
            return
        change = stored


def _lead_of(desk: ChangeDesk, incident: Incident) -> Incident | None:
    """Return the incident that tells of one that was folded into it."""
    lead: Incident | None = incident
    for _ in range(HOPS):
        if lead is None or not lead.folded_into:
            break
        lead = desk.incidents.incident(lead.folded_into)
    return lead


def _deliver(send: Callable[[], None], change: Change, what: str) -> None:
    try:
        send()
    except DeliveryError as exc:
        if is_passing(exc):
            raise
        logger.warning("%s was not taken", what, extra={"change_id": change.id, "code": exc.code})
