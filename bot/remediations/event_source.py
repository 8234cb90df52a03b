"""enable-event-source: switch an event source mapping on again."""

from __future__ import annotations

from typing import Any, ClassVar

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.remediations.case import Case, word
from bot.remediations.remediation import REMEDIATIONS, Remediation


@REMEDIATIONS.register("enable-event-source")
class EnableEventSource(Remediation):
    """Enable a mapping that a person disabled."""

    action: ClassVar[Action] = "enable-event-source"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"})
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the disabled mapping, unless Lambda itself stopped it for a problem that may still stand."""
        mappings = case.incident.event_sources
        if not mappings:
            return self.declined("no event source mapping is known: which one is disabled must be known first")
        disabled = [m for m in mappings if str(m.get("State", "")).lower() in ("disabled", "disabling")]
        if not disabled:
            states = ", ".join(sorted({str(m.get("State") or "not read") for m in mappings}))
            return self.declined(f"no mapping is disabled (state: {states}); enabling changes nothing")
        by_hand = [m for m in disabled if not self._problem(m)]
        if not by_hand:
            return self.declined(f"the mapping stopped for a problem that is not known to be gone: {self._problem(disabled[0])}")
        mapping = by_hand[0]
        params = {
            "uuid": word(mapping.get("UUID")),
            "event_source_arn": word(mapping.get("EventSourceArn")),
            "from_enabled": False,
            "to_enabled": True,
            "missing": None if mapping.get("UUID") else ["uuid"],
        }
        reason = mapping.get("StateTransitionReason") or "no problem is recorded"
        return self.offered(
            params, f"the mapping is disabled ({reason}), and events pile up; the backlog is handled at once when it starts again"
        )

    def _problem(self, mapping: dict[str, Any]) -> str | None:
        """Return what stopped the mapping when it was not a person."""
        reason = str(mapping.get("StateTransitionReason") or "")
        if "user" in reason.lower():
            return None
        result = str(mapping.get("LastProcessingResult") or "")
        if result.upper().startswith("PROBLEM"):
            return result
        return reason if "lambda" in reason.lower() else None
