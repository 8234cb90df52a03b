"""What people see of a change: its message, its notes, and the incident's first message."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Final

from bot.errors import DeliveryError, StateError
from bot.models.change import Change
from bot.models.incident import Report
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.thread import is_passing

logger = logging.getLogger(__name__)

NOTE_LEASE_S: Final = 30.0
"""Posting a note takes no longer."""


def show(desk: ChangeDesk, change: Change) -> None:
    """Bring the change's message up to date, and the incident's first message.

    Raises:
        DeliveryError: Slack does not answer at this moment. What it will never take is logged and let be.
    """
    if change.message_ts:
        _deliver(lambda: desk.messenger.edit_change(change), change, "message of the change")
    incident = desk.incidents.incident(change.incident_id)
    if incident is None or not incident.thread_ts:
        return
    findings = desk.incidents.load(incident.id, incident.answered_by) if incident.answered_by else None
    changes = desk.changes.changes_of(incident.id)
    report = Report(incident=incident, findings=findings, event=incident.answered_by, changes=changes)
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


def answer(desk: ChangeDesk, response_url: str, text: str) -> None:
    """Tell the person who clicked, and nobody else; an answer that Slack does not take stops nothing."""
    if not response_url:
        return
    try:
        desk.messenger.tell(response_url, text)
    except DeliveryError as exc:
        logger.warning("private answer was not taken", extra={"code": exc.code})


def _deliver(send: Callable[[], None], change: Change, what: str) -> None:
    try:
        send()
    except DeliveryError as exc:
        if is_passing(exc):
            raise
        logger.warning("%s was not taken", what, extra={"change_id": change.id, "code": exc.code})
