"""Incidents that share a cause become one, with the list of its victims."""

from __future__ import annotations

import logging
from typing import Final

from bot.errors import NotYetError
from bot.models.incident import Findings, Gate, Incident
from bot.workflow.desk import Case
from bot.workflow.news import say_news
from bot.workflow.shared_cause import fold_key
from bot.workflow.thread import known_incident, lead_of, open_thread, show

logger = logging.getLogger(__name__)

STORM_S: Final = 120.0
"""While threads were opened so lately in a channel, a new incident is examined before it opens one: it may belong to another."""

FOLD_S: Final = 1800.0
"""Incidents with one cause are one while not so much time passes between them."""

LEADER_WAIT_S: Final = 120.0
"""So long the incident that opened first in a storm is waited for, before another one tells of the shared cause."""

PATIENCE_S: Final = 15.0
"""A worker waits no longer than this; then it gives its place to another delivery, and its own comes again."""

LOOK_EVERY_S: Final = 2.0

KEPT_FOR_RETRY_S: Final = 300.0
"""Nobody else investigates what waits: its findings are kept and its delivery comes again within this time."""


def place(case: Case, incident: Incident, findings: Findings, gate: Gate | None) -> str:
    """Return the incident that tells of this one's cause: itself, or another one with the same cause.

    Raises:
        NotYetError: The incident that opened first is still being examined, and may have the same cause.
    """
    noted = case.noted("lead")
    if noted is not None:
        return noted
    key = fold_key(findings)
    if not key or gate is None or incident.victims or incident.answered_by not in ("", case.event):
        return incident.id
    folds = case.desk.folds
    if not folds.lead_of(key, window_s=FOLD_S):
        _await_leader(case, incident, gate, key)
    lead = lead_of(case, known_incident(case, folds.fold(key, incident.id, window_s=FOLD_S))).id
    case.desk.store.change(incident.id, fold_key=key)
    case.note("lead", lead)
    return lead


def fold(case: Case, incident: Incident, lead_id: str) -> None:
    """Make an incident a victim of another one, and let both threads say so."""
    logger.info("incident folded", extra={"incident_id": incident.id, "lead": lead_id})
    folded = case.desk.store.change(incident.id, folded_into=lead_id, examined_by="", examined_until=0)
    case.desk.index.note_open(folded)
    if folded.thread_ts:
        show(case, folded.id)
    tell_lead(case, folded)


def tell_lead(case: Case, victim: Incident, *, repeated: str = "") -> None:
    """Bring the incident that a victim was folded into up to date."""
    lead = case.desk.store.list_victim(victim.folded_into, victim)
    if not lead.thread_ts:
        if lead.examined_by and lead.examined_until >= case.now:
            # Its own worker opens the thread, and reads the list of victims after that.
            return
        lead = open_thread(case, lead)
    show(case, lead.id)
    say_news(case, lead, repeated=repeated)


def _await_leader(case: Case, incident: Incident, gate: Gate, key: str) -> None:
    """Wait while the incident that opened its thread first is still being examined, unless the cause is spoken for meanwhile."""
    give_up = case.now + min(PATIENCE_S, case.time_left_s() - PATIENCE_S)
    while gate.leader != incident.id and case.now < gate.since + LEADER_WAIT_S and _is_examined(case, gate.leader):
        if case.now >= give_up:
            case.desk.store.examine(incident.id, case.event, lease_s=KEPT_FOR_RETRY_S)
            raise NotYetError(f"{incident.id}: waits for {gate.leader}, which may have the same cause")
        case.desk.sleep(LOOK_EVERY_S)
        if case.desk.folds.lead_of(key, window_s=FOLD_S):
            return


def _is_examined(case: Case, incident_id: str) -> bool:
    leader = case.desk.store.incident(incident_id)
    return leader is not None and leader.phase == "investigating" and leader.examined_until >= case.now
