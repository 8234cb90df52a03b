"""A function that is muted: its alarms are recorded and nothing is posted, until the mute ends by itself."""

from __future__ import annotations

from bot.models.incident import Incident
from bot.workflow.desk import Case


def mute_noted(case: Case, incident: Incident) -> Incident:
    """Return the incident with the mute of its function as it is now; `muted_until` is None when there is none or it has ended."""
    until: float | None = case.desk.index.muted_until(incident.function) if incident.function else incident.muted_until
    until = until if until and until > case.now else None
    return incident if incident.muted_until == until else case.desk.store.change(incident.id, muted_until=until)
