"""Whether, and with which values, an action would help an incident."""

from __future__ import annotations

from bot.analysis.facts import Facts
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer
from bot.models.incident_file import IncidentFile

# Importing a module registers its actions.
from bot.remediations import (
    alias,
    concurrency,
    event_source,
    execution_logging,
    invoke_permission,
    memory,
    provisioned,
    quota,
    role_permission,
    storage,
    timeout,
    tracing,
)
from bot.remediations.case import Case
from bot.remediations.remediation import REMEDIATIONS

__all__ = ["MODULES", "REMEDIATIONS", "offer"]

MODULES = (
    alias,
    concurrency,
    event_source,
    execution_logging,
    invoke_permission,
    memory,
    provisioned,
    quota,
    role_permission,
    storage,
    timeout,
    tracing,
)
"""The modules that register remediations."""


def offer(action: Action, incident: IncidentFile, facts: Facts, *, cause: str | None = None) -> RemediationOffer | DeclinedRemediation:
    """Return the change with values computed from the evidence, or the reason why it would not help.

    Args:
        action: A word of the remediation vocabulary.
        incident: The evidence.
        facts: What was derived from it.
        cause: The diagnosed label, where known; some changes help one cause and not another.
    """
    return REMEDIATIONS[action]().offer(Case(incident, facts, cause))
