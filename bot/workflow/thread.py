"""One thread per incident: opened once, edited in place, and each reply posted once."""

from __future__ import annotations

import logging
from typing import Final

from bot.errors import DeliveryError, StateError
from bot.models.incident import Findings, Incident, Report
from bot.workflow.desk import Case

logger = logging.getLogger(__name__)

PASSING_CODES: Final = frozenset(
    {"ratelimited", "no_connection", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
"""Refusals that pass; every other one is an answer. Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors"""

UNEDITABLE_CODES: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The first message is gone or frozen. Source: https://docs.slack.dev/reference/methods/chat.update#errors"""

EDITS: Final = 3
"""How often the first message is edited again because the alarm's state changed while it was."""

UNREACHABLE: Final = "unreachable"
"""Step of a case whose channel the bot cannot post to; it is answered through the response URL."""


def is_passing(error: DeliveryError) -> bool:
    """Tell whether a later attempt may succeed."""
    return error.code in PASSING_CODES or error.code.startswith("http_5")


def open_thread(case: Case, incident: Incident) -> Incident:
    """Post the first message, unless it stands already, and note where.

    Two events of one incident may be worked on at once, so the thread has a claim of its own.

    Raises:
        DeliveryError: Slack did not take the message.
        StateError: Another worker is posting it at this moment.
    """
    store, messenger = case.desk.store, case.desk.messenger
    if incident.thread_ts:
        return incident
    claim = store.claim(f"thread|{incident.id}", owner=case.claim.owner, lease_s=case.lease_s)
    if claim.standing == "busy":
        raise StateError(f"{incident.id}: its thread is being opened by another worker")
    if claim.standing == "done":
        return store.incident(incident.id) or incident
    try:
        # A worker that died between the post and its note has left a message, which a second one would double.
        posted = messenger.find(incident) if claim.standing == "resumed" else None
        channel, thread_ts = posted or messenger.post(Report(incident=incident, event=case.event))
    except DeliveryError:
        store.release(claim)
        raise
    incident = store.change(incident.id, channel=channel, thread_ts=thread_ts)
    store.finish(claim)
    return incident


def edit_first_message(case: Case, incident_id: str, findings: Findings | None, repeat_of: str = "") -> Report:
    """Bring the first message up to date with the incident as it stands, and return what was reported.

    A recovery may be noted by another worker between the reading and the edit; then the edit is made again.
    """
    store = case.desk.store
    report = Report(incident=_known(case, incident_id), findings=findings, event=case.event, repeat_of=repeat_of)
    for _ in range(EDITS):
        _edit(case, report)
        now = _known(case, incident_id)
        if now == report.incident:
            break
        if findings is not None and now.answered_by != report.incident.answered_by:
            findings = store.load(incident_id, now.answered_by) or findings
        report = report.model_copy(update={"incident": now, "findings": findings})
    return report


def post_replies(case: Case, report: Report, parts: tuple[str, ...]) -> None:
    """Post each reply that does not stand in the thread yet."""
    posted = case.desk.messenger.posted_parts(report) if case.is_resumed else frozenset()
    for part in parts:
        if case.noted(f"reply:{part}") is not None:
            continue
        if part not in posted:
            case.desk.messenger.reply(report, part)
        case.note(f"reply:{part}")


def _edit(case: Case, report: Report) -> None:
    try:
        case.desk.messenger.edit(report)
    except DeliveryError as exc:
        if exc.code not in UNEDITABLE_CODES:
            raise
        logger.warning(
            "first message cannot be edited, answered in the thread", extra={"incident_id": report.incident.id, "code": exc.code}
        )
        post_replies(case, report, ("answer",))


def _known(case: Case, incident_id: str) -> Incident:
    incident = case.desk.store.incident(incident_id)
    if incident is None:
        raise StateError(f"{incident_id}: no such incident")
    return incident
