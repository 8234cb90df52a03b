"""One thread per incident: opened once, edited in place, and each reply posted once."""

from __future__ import annotations

import logging
from typing import Any, Final

from bot.errors import DeliveryError, StateError
from bot.models.incident import Findings, Incident, Report, Worsening
from bot.workflow.desk import Case
from bot.workflow.pace import edit_in_turn, paced

logger = logging.getLogger(__name__)

PASSING_CODES: Final = frozenset(
    {"ratelimited", "no_connection", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
"""Refusals that pass; every other one is an answer. Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors"""

UNEDITABLE_CODES: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The first message is gone or frozen. Source: https://docs.slack.dev/reference/methods/chat.update#errors"""

CHANNEL_CODES: Final = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel", "is_inactive",
     "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel", "no_permission", "ekm_access_denied"}
)  # fmt: skip
"""The channel does not take the bot's messages, another one may. Source: as above."""

UNREACHABLE: Final = "unreachable"
"""Step of a case whose channel the bot cannot post to; it is answered through the response URL."""

HOPS: Final = 3
"""An incident is folded once; more would be a circle."""


def is_passing(error: DeliveryError) -> bool:
    """Tell whether a later attempt may succeed."""
    return error.code in PASSING_CODES or error.code.startswith("http_5")


def open_thread(case: Case, incident: Incident) -> Incident:
    """Post the first message, unless it stands already, and note where.

    Two events of one incident may be worked on at once, so the thread has a claim of its own. An alarm's incident whose channel
    does not take it goes into the default channel, with a note.

    Raises:
        DeliveryError: Slack did not take the message.
        StateError: Another worker is posting it at this moment.
    """
    store, messenger = case.desk.store, case.desk.messenger
    if incident.thread_ts:
        return incident
    claim = store.claim(f"thread|{incident.id}|{incident.channel}", owner=case.claim.owner, lease_s=case.lease_s)
    if claim.standing == "busy":
        raise StateError(f"{incident.id}: its thread is being opened by another worker")
    if claim.standing == "done":
        return store.incident(incident.id) or incident
    report = report_of(case, incident.id)
    try:
        # A worker that died between the post and its note has left a message, which a second one would double.
        posted = messenger.find(incident) if claim.standing == "resumed" else None
        channel, thread_ts = posted or paced(case, incident.channel, lambda: messenger.post(report))
    except (DeliveryError, StateError) as exc:
        store.release(claim)
        if isinstance(exc, DeliveryError) and (moved := _moved(case, incident, exc)):
            return open_thread(case, moved)
        raise
    incident = told(case, store.change(incident.id, channel=channel, thread_ts=thread_ts))
    case.desk.index.note_thread(incident)
    case.desk.index.note_open(incident)
    store.finish(claim)
    return incident


def show(case: Case, incident_id: str, findings: Findings | None = None, repeat_of: str = "") -> None:
    """Bring the first message up to date with the incident as it stands, or leave that to the worker that is at it."""
    report: Report | None = None

    def edit() -> None:
        nonlocal report
        # Between two edits in a row the evidence rarely changes, and is the dearest to read.
        report = report_of(case, incident_id, findings or (report.findings if report else None), repeat_of, before=report)
        _edit(case, report)

    edit_in_turn(case, incident_id, edit)


def report_of(
    case: Case,
    incident_id: str,
    findings: Findings | None = None,
    repeat_of: str = "",
    *,
    worse: tuple[Worsening, ...] = (),
    before: Report | None = None,
) -> Report:
    """Return all that there is to say of an incident as it stands.

    `findings` saves reading those of this very event, `before` reading what an earlier report holds.
    """
    store, incident = case.desk.store, known_incident(case, incident_id)
    known_by = before.incident.answered_by if before else case.event
    if incident.answered_by and (findings is None or incident.answered_by != known_by):
        findings = store.load(incident_id, incident.answered_by) or findings
    return Report(
        incident=incident,
        findings=findings,
        event=case.event,
        repeat_of=repeat_of,
        changes=case.desk.changes.changes_of(incident_id) if case.desk.changes else (),
        lead=lead_of(case, incident) if incident.folded_into else None,
        worse=worse,
    )


def post_replies(case: Case, report: Report, parts: tuple[str, ...]) -> None:
    """Post each reply that does not stand in the thread yet."""
    posted = case.desk.messenger.posted_parts(report) if case.is_resumed else frozenset()
    for part in parts:
        if case.noted(f"reply:{part}") is not None:
            continue
        if part not in posted:
            report = _reply(case, report, part)
        case.note(f"reply:{part}")


def say_once(case: Case, report: Report, part: str, key: str) -> bool:
    """Post a reply that several events may have reason to post; False while another worker is at it."""
    store = case.desk.store
    claim = store.claim(f"say|{report.incident.id}|{part}|{key}", owner=case.claim.owner, lease_s=case.lease_s)
    if claim.standing in {"busy", "done"}:
        return claim.standing == "done"
    # The message carries the id of what is said, not of who says it, so that whoever tries again finds it.
    report = report.model_copy(update={"event": claim.event})
    try:
        if claim.standing == "new" or part not in case.desk.messenger.posted_parts(report):
            _reply(case, report, part)
    except (DeliveryError, StateError):
        store.release(claim)
        raise
    store.finish(claim)
    return True


def told(case: Case, incident: Incident, **more: Any) -> Incident:
    """Note that people were told of the incident as it stands."""
    return case.desk.store.change(
        incident.id,
        notified_at=case.now,
        told_victims=max(1, len(incident.victims)),
        told_severity=incident.severity,
        told_recovered=incident.recovered_at is not None,
        **more,
    )


def lead_of(case: Case, incident: Incident) -> Incident:
    """Return the incident that tells of this one: itself, or the one that it was folded into."""
    for _ in range(HOPS):
        if not incident.folded_into:
            break
        incident = known_incident(case, incident.folded_into)
    return incident


def known_incident(case: Case, incident_id: str) -> Incident:
    """Return an incident as it stands.

    Raises:
        StateError: There is none.
    """
    incident = case.desk.store.incident(incident_id)
    if incident is None:
        raise StateError(f"{incident_id}: no such incident")
    return incident


def _reply(case: Case, report: Report, part: str) -> Report:
    """Post a reply and return the report, whose incident may have moved to another channel."""
    incident = report.incident
    try:
        paced(case, incident.channel, lambda: case.desk.messenger.reply(report, part))
    except DeliveryError as exc:
        moved = _moved(case, incident, exc)
        if moved is None:
            raise
        return _reply(case, report.model_copy(update={"incident": open_thread(case, moved)}), part)
    return report


def _edit(case: Case, report: Report) -> None:
    try:
        case.desk.messenger.edit(report)
    except DeliveryError as exc:
        if exc.code in CHANNEL_CODES and (moved := _moved(case, report.incident, exc)):
            open_thread(case, moved)
            return
        if exc.code not in UNEDITABLE_CODES:
            raise
        logger.warning(
            "first message cannot be edited, answered in the thread", extra={"incident_id": report.incident.id, "code": exc.code}
        )
        post_replies(case, report, ("answer",))


def _moved(case: Case, incident: Incident, error: DeliveryError) -> Incident | None:
    """Return the incident in the default channel, where its own refuses it; None when that would not help."""
    default = case.desk.channel
    if error.code not in CHANNEL_CODES or incident.origin != "alarm":
        return None
    facts = {"incident_id": incident.id, "channel": incident.channel, "code": error.code}
    if default in (incident.channel, incident.default_asked):
        logger.error("the default channel does not take messages: invite the bot there; the delivery goes to the dead letters", extra=facts)
        return None
    logger.warning("a channel does not take messages, reported in the default channel", extra=facts)
    note = f"Reported here because {incident.channel} does not take the bot's messages ({error.code})."
    return case.desk.store.change(incident.id, channel=default, default_asked=default, thread_ts="", channel_note=note)
