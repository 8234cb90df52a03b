"""From an offer's button to a plan made from the live state: for the window, and again when the window is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.analysis.analyse import analyse
from bot.errors import RefusedError
from bot.models.change import Offered
from bot.models.diagnosis import RemediationOffer
from bot.models.incident import Incident
from bot.models.plan import RemediationPlan
from bot.remediations.case import Case
from bot.remediations.remediation import Remediation
from bot.remediations.requests import request_from
from bot.workflow.changes.desk import ChangeDesk, Editable
from bot.workflow.changes.inputs import editable_of


@dataclass(frozen=True)
class Prepared:
    """An offer with all that it was made from."""

    offered: Offered
    incident: Incident
    offer: RemediationOffer
    case: Case
    remedy: Remediation

    @property
    def editable(self) -> tuple[Editable, ...]:
        """Return the values that may be edited."""
        return editable_of(self.remedy.Params, self.offer, {})

    def plan(self, desk: ChangeDesk, given: Mapping[str, Any]) -> RemediationPlan:
        """Return the change that would be made now.

        Raises:
            InputError: A value is missing or out of bounds.
            TargetNotFoundError: The function is gone.
            RemediationError: The change is refused, or AWS did not answer.
        """
        request = request_from(self.offer, self.case, given=dict(given))
        request = request.model_copy(update={"incident_id": self.incident.id})
        made = self.remedy.plan(request, desk.aws.for_incident(self.incident.id))
        check_not_own(desk, made)
        if self.incident.recovered_at is None:
            return made
        # Still possible: the next wave may be on its way. But whoever decides has to know.
        at = datetime.fromtimestamp(self.incident.recovered_at, UTC)
        return made.model_copy(update={"warnings": [f"the alarm has been back to OK since {at:%H:%M} UTC", *made.warnings]})


def check_not_own(desk: ChangeDesk, plan: RemediationPlan) -> None:
    """Refuse what gives rights on the bot's own table, queue, parameters or bucket: approvals could be written by whoever has them.

    Raises:
        RefusedError: A call names one of them.
    """
    named = json.dumps([call.parameters for call in plan.calls], ensure_ascii=False)
    for name in sorted(desk.own):
        # As a whole name, with whatever stands around it in an ARN.
        if re.search(rf"(?<![A-Za-z0-9_.-]){re.escape(name)}(?![A-Za-z0-9_.-])", named):
            raise RefusedError(f"{plan.action}: {name} belongs to this bot, and it changes nothing about itself")


def prepare(desk: ChangeDesk, offer_id: str) -> Prepared:
    """Return what an offer's button leads to.

    Raises:
        RefusedError: The offer, its incident or its investigation is no longer there.
    """
    offered = desk.changes.offer(offer_id)
    incident = desk.incidents.incident(offered.incident_id) if offered else None
    if offered is None or incident is None:
        raise RefusedError("this offer is no longer known; ask again with /lambda why")
    findings = desk.incidents.load(offered.incident_id, offered.event)
    offers = findings.answer.diagnoses[0].remediations if findings and findings.answer.diagnoses else []
    if findings is None or offered.index >= len(offers) or offers[offered.index].action != offered.action:
        raise RefusedError("the investigation behind this offer is no longer kept; ask again with /lambda why")
    case = Case(findings.evidence, analyse(findings.evidence), findings.answer.diagnoses[0].cause)
    return Prepared(offered, incident, offers[offered.index], case, desk.remedies(offered.action))
