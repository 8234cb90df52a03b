"""Incidents for the tests of the remediations."""

from __future__ import annotations

from typing import Any

from bot.analysis.facts import Denial, Facts, Invocation
from bot.models.diagnosis import Citation, DeclinedRemediation, RemediationOffer
from bot.models.incident_file import IncidentFile
from bot.remediations.offers import offer

CITE = (Citation(section="logs", ref="/aws/lambda/orders", text="seen"),)


def an_incident(target: dict[str, Any] | None = None, **sections: Any) -> IncidentFile:
    """Return an incident of the function `orders`; `target` and sections as in an incident file."""
    where = {"function_name": "orders", "region": "eu-west-1", "account_id": "111122223333", **(target or {})}
    return IncidentFile.model_validate({"version": 1, "target": where, **sections})


def an_invocation(**fields: Any) -> Invocation:
    """Return one invocation that did not end well."""
    return Invocation(cite=CITE, **fields)


def a_denial(**fields: Any) -> Denial:
    """Return one refused action of the execution role, refused by no policy allowing it."""
    known = {"principal_kind": "execution-role", "policy_type": "identity", "explicit": False, **fields}
    return Denial(cite=CITE, **known)


def offered(action: Any, incident: IncidentFile, facts: Facts | None = None, *, cause: str | None = None) -> RemediationOffer:
    """Return the offer, which must be one."""
    result = offer(action, incident, facts or Facts(), cause=cause)
    assert isinstance(result, RemediationOffer), result.why
    return result


def declined(action: Any, incident: IncidentFile, facts: Facts | None = None, *, cause: str | None = None) -> str:
    """Return the reason of the refusal, which must be one."""
    result = offer(action, incident, facts or Facts(), cause=cause)
    assert isinstance(result, DeclinedRemediation), result.params
    return result.why
