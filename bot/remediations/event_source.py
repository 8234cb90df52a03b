"""enable-event-source: switch an event source mapping on again."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from pydantic import Field

from bot.errors import InputError, RefusedError, TargetNotFoundError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import ApiCall, PlanRequest, Subject
from bot.remediations.case import Case, word
from bot.remediations.patch import Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import PLAN_READS, REMEDIATIONS, Draft, Remediation
from bot.remediations.state import Observed
from bot.remediations.timeout_effects import queue_attributes

ON: Final = frozenset({"Creating", "Enabled", "Enabling"})
"""States of a mapping that is on, or about to be.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html, State"""

ON_THE_WAY: Final = frozenset({"Creating", "Enabling", "Disabling", "Updating"})
"""States in which AWS takes no other change of the mapping. Source: as above."""

FIELD: Final = "enabled"


class EventSourceParams(Strict):
    """Which mapping; not needed where the function has one disabled mapping only."""

    uuid: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")
    event_source_arn: str | None = None
    to_enabled: Literal[True] = True


@REMEDIATIONS.register("enable-event-source")
class EnableEventSource(Remediation):
    """Enable a mapping that a person disabled."""

    action: ClassVar[Action] = "enable-event-source"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = PLAN_READS | {
        "lambda:GetEventSourceMapping",
        "lambda:ListEventSourceMappings",
        "lambda:UpdateEventSourceMapping",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
    }
    Params: ClassVar[type[Strict]] = EventSourceParams
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

    def subject(self, request: PlanRequest, params: EventSourceParams, config: dict[str, Any]) -> Subject:
        """Return the mapping as far as it is named."""
        return self.subject_of(request, config, uuid=params.uuid, event_source_arn=params.event_source_arn)

    def resolve(self, subject: Subject, reads: Reads) -> Subject:
        """Return the subject with its one mapping: the one named, else the one that is disabled."""
        if "uuid" in subject.details:
            return subject
        rows = reads.optional_rows("lambda", "ListEventSourceMappings", "EventSourceMappings", FunctionName=subject.function_name)
        source = subject.details.get("event_source_arn")
        fitting = [m for m in rows if (m.get("EventSourceArn") == source if source else m.get("State") not in ON)]
        if len(fitting) != 1:
            named = ", ".join(f"{m['UUID']} ({m.get('EventSourceArn')}, {m.get('State')})" for m in rows) or "none"
            raise InputError(f"enable-event-source: uuid is needed; the function's mappings: {named}")
        return subject.model_copy(update={"details": {**subject.details, "uuid": str(fitting[0]["UUID"])}})

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return whether the mapping is on."""
        found = reads.or_none("lambda", "GetEventSourceMapping", UUID=subject.details["uuid"])
        if found is None:
            raise TargetNotFoundError(f"event source mapping: {subject.details['uuid']} does not exist")
        # Each time, for a mapping can be pointed at another function.
        if str(found.get("FunctionArn", "")).split(":")[6:7] != [subject.function_name]:
            raise RefusedError(f"enable-event-source: mapping {subject.details['uuid']} belongs to {found.get('FunctionArn')}")
        return Observed(values={FIELD: found.get("State") in ON}, is_pending=found.get("State") in ON_THE_WAY, raw=found)

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the one call."""
        if current == goal:
            return []
        parameters = {"UUID": subject.details["uuid"], "Enabled": goal[FIELD]}
        return [ApiCall(service="lambda", operation="UpdateEventSourceMapping", parameters=parameters)]

    def draft(self, request: PlanRequest, params: EventSourceParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return that the mapping is on, and what then comes in at once."""
        arn = str(seen.raw.get("EventSourceArn") or "its source")
        effects = [f"events of {arn} are handled again", "cost: that of handling them"]
        if ":sqs:" in arn:
            waiting = queue_attributes(arn, reads).get("ApproximateNumberOfMessages")
            effects += [f"about {int(waiting):,} messages wait and come in at once"] if waiting is not None else []
        problem = self._problem(seen.raw)
        return Draft(
            after={FIELD: True},
            undo="disable the mapping again",
            patch=Patch("AWS::Lambda::EventSourceMapping", {"Enabled": True}, "aws_lambda_event_source_mapping", {"enabled": True}),
            effects=effects,
            warnings=[f"Lambda stopped it itself: {problem}; unless that is mended it stops again"] if problem else [],
        )
