"""Incidents and changes as rows of a list."""

from __future__ import annotations

from bot.models.change import Change
from bot.models.incident import Incident
from bot.models.replies import ChangeLine, Grade, IncidentLine, IncidentState
from bot.models.wording import change_words
from bot.workflow.asking.desk import AskDesk


def incident_line(desk: AskDesk, incident: Incident) -> IncidentLine:
    """Return an incident as a row: what it is about, what was found, and what people say of that."""
    findings = desk.desk.store.load(incident.id, incident.answered_by) if incident.answered_by else None
    diagnoses = findings.answer.diagnoses if findings else []
    target = findings.answer.target.function_name if findings else None
    return IncidentLine(
        id=incident.id,
        title=target or incident.title,
        state=_state(incident),
        cause=diagnoses[0].cause if diagnoses else "",
        opened_at=incident.opened_at,
        recovered_at=incident.recovered_at,
        fired=incident.fired,
        channel=incident.channel,
        thread_ts=incident.thread_ts,
        grade=_grade(desk, incident.id),
    )


def change_line(change: Change) -> ChangeLine:
    """Return a change as a row."""
    return ChangeLine(
        id=change.id,
        words=change_words(change.plan),
        function_name=change.plan.function_name,
        requested_by=change.requested_by,
        expires_at=change.expires_at,
        channel=change.channel,
        thread_ts=change.thread_ts,
    )


def _state(incident: Incident) -> IncidentState:
    if incident.recovered_at is not None:
        return "recovered"
    if incident.phase == "investigating":
        return "investigating"
    return {"no-target": "not-found", "broken-off": "broken-off"}.get(incident.phase, "open")  # type: ignore[return-value]


def _grade(desk: AskDesk, incident_id: str) -> Grade | None:
    """Return what most people say; of equals the worst."""
    grades = [vote.grade for vote in desk.feedback.votes(incident_id)]
    if not grades:
        return None
    worst_first: tuple[Grade, ...] = ("wrong", "partly", "right")
    return sorted(worst_first, key=grades.count)[-1] if len(set(map(grades.count, worst_first))) > 1 else "wrong"
