"""The base of the remediations, and their registry."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from pydantic import ValidationError

from bot.errors import InputError, RefusedError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import ApiCall, AppliedChange, PlanRequest, RemediationPlan, Subject
from bot.ports import AwsClients
from bot.registry import Registry
from bot.remediations import change
from bot.remediations.case import Case
from bot.remediations.ownership import READS as OWNERSHIP_READS
from bot.remediations.ownership import read_ownership
from bot.remediations.patch import Patch
from bot.remediations.reads import Reads
from bot.remediations.state import Observed, with_revision

REMEDIATIONS: Final[Registry[type[Remediation]]] = Registry("remediation")

RISING: Final[tuple[Risk, ...]] = ("low", "medium", "high")

PLAN_READS: Final = OWNERSHIP_READS | {"lambda:GetFunctionConfiguration"}
"""What every plan reads: that the function is there, where it is, and who owns it."""


class NoParams(Strict):
    """The parameters of an action that takes none."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an action adds to a plan: the state to reach, and what people must know."""

    after: dict[str, Any]
    undo: str
    patch: Patch | None = None
    effects: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    risk: Risk | None = None
    needs_second_approver: bool = False
    survives: str | None = None


class Remediation(ABC):
    """One action: whether it would help an incident, and the change itself.

    `iam_actions` are all the actions, of reading and of writing, that carrying it out takes. The parts of the change that differ
    by action are `Params`, `subject`, `observe`, `draft` and `steps`; the order of things is the same for all.
    """

    action: ClassVar[Action]
    risk: ClassVar[Risk]
    iam_actions: ClassVar[frozenset[str]]
    source_url: ClassVar[str]
    Params: ClassVar[type[Strict]] = NoParams
    undo_refusal: ClassVar[str | None] = None
    """Why this action cannot be undone, where it cannot."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    def sleep(self, seconds: float, /) -> None:
        """Wait, as long as whoever made this says."""
        self._sleep(seconds)

    @abstractmethod
    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the change with values computed from the evidence, or why it would not help."""

    @abstractmethod
    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the live state of what the change touches."""

    @abstractmethod
    def draft(self, request: PlanRequest, params: Any, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return what is to be reached and what people must know. Raises RefusedError where it must not be done."""

    @abstractmethod
    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the calls that lead from one state to another, in order and without a revision; the same for doing and undoing."""

    def reached(self, values: dict[str, Any], goal: dict[str, Any]) -> bool:
        """Tell whether a state is the one that was to be reached."""
        return values == goal

    def subject(self, request: PlanRequest, params: Any, config: dict[str, Any]) -> Subject:
        """Return what the change is made to."""
        return self.subject_of(request, config)

    def resolve(self, subject: Subject, reads: Reads) -> Subject:
        """Return the subject with what must be looked up to be exact."""
        return subject

    def subject_of(self, request: PlanRequest, config: dict[str, Any], **details: Any) -> Subject:
        """Return the function where its ARN says that it is."""
        arn = str(config["FunctionArn"]).split(":")
        if request.account_id and request.account_id != arn[4]:
            raise RefusedError(f"account: {request.function_name} was asked for in {request.account_id}, these credentials reach {arn[4]}")
        return Subject(
            action=self.action,
            function_name=request.function_name,
            account_id=arn[4],
            region=arn[3],
            qualifier=request.qualifier,
            details={name: value for name, value in details.items() if value is not None},
        )

    def plan(self, request: PlanRequest, aws: AwsClients) -> RemediationPlan:
        """Return the change that would be made now. Only reads.

        Raises:
            InputError: A parameter is missing, unknown or out of bounds; or the function does not exist (TargetNotFoundError).
            RefusedError: The change must not be made, or is made already.
            RemediationError: AWS did not answer.
        """
        params = self.parse(request.params)
        reads = Reads(aws, request.region)
        config = reads.function(self.function_name(request, params))
        request = request.model_copy(update={"function_name": config["FunctionName"]})
        subject = self.resolve(self.subject(request, params, config), reads)
        seen = self.observe(subject, reads)
        draft = self.draft(request, params, subject, seen, reads)
        calls = self.steps(subject, seen.values, draft.after)
        if not calls:
            raise RefusedError(f"{self.action}: nothing to change, this is how {subject.function_name} stands already")
        arn = ":".join(str(config["FunctionArn"]).split(":")[:7])
        ownership = read_ownership(reads, arn, subject.function_name, draft.patch, survives=draft.survives)
        # A revision moves on when an update ends, so one that is read meanwhile is of no use later.
        revision = None if seen.is_pending else seen.revision_id
        pending = ["an earlier update is still in progress: applying waits until it has ended"] * seen.is_pending
        return RemediationPlan(
            **subject.model_dump(),
            incident_id=request.incident_id,
            risk=_highest(self.risk, request.risk, draft.risk),
            before=seen.values,
            after=draft.after,
            revision_id=revision,
            calls=[with_revision(calls[0], revision), *calls[1:]],
            effects=draft.effects,
            warnings=[*draft.warnings, *pending],
            unread=reads.unread,
            needs_second_approver=draft.needs_second_approver,
            ownership=ownership,
            undo=draft.undo,
        )

    def apply(self, plan: RemediationPlan, aws: AwsClients, *, resuming: bool = False) -> AppliedChange:
        """Make the planned change, exactly that one; see `change.apply`."""
        return change.apply(self, self._own(plan), aws, resuming=resuming)

    def undo(self, applied: AppliedChange, aws: AwsClients, *, resuming: bool = False) -> AppliedChange:
        """Put back exactly what was there before; see `change.undo`."""
        self._own(applied.plan)
        return change.undo(self, applied, aws, resuming=resuming)

    def stands(self, plan: RemediationPlan, aws: AwsClients) -> bool:
        """Read the configuration back and tell whether the change stands."""
        return change.stands(self, self._own(plan), aws)

    def settle(self, subject: Subject, reads: Reads) -> None:
        """Wait until AWS has put a change into effect; most changes are in effect at once, or not worth waiting for."""
        return

    def recheck(self, plan: RemediationPlan, config: dict[str, Any], reads: Reads) -> None:
        """Look right before the write at what else the plan went by. Raises PlanStaleError or RefusedError where that is otherwise now."""
        return

    def _own(self, plan: RemediationPlan) -> RemediationPlan:
        if plan.action != self.action:
            raise InputError(f"plan: made for {plan.action}, given to {self.action}")
        return plan

    def function_name(self, request: PlanRequest, params: Any) -> str:
        """Return the function that changes."""
        return request.function_name

    def parse(self, params: dict[str, Any]) -> Any:
        """Return the parameters, checked.

        Raises:
            InputError: One is missing, unknown, of a wrong type or out of bounds; every fault is named.
        """
        try:
            return self.Params.model_validate(params)
        except ValidationError as exc:
            known = ", ".join(self.Params.model_fields) or "none"
            faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'parameters'}: {e['msg']}" for e in exc.errors()[:10])
            raise InputError(f"{self.action}: {faults}; known parameters: {known}") from exc

    def offered(self, params: dict[str, Any], why: str, *, risk: Risk | None = None) -> RemediationOffer:
        """Return an offer; a parameter that is None is not known and left out."""
        known = {name: value for name, value in params.items() if value is not None}
        return RemediationOffer(action=self.action, params=known, why=why, risk=risk or self.risk)

    def declined(self, why: str) -> DeclinedRemediation:
        """Return a refusal with its reason."""
        return DeclinedRemediation(action=self.action, why=why)


def _highest(*risks: Risk | None) -> Risk:
    """Return the highest risk: an offer may know of more than the action has by itself, and never of less."""
    return max((risk for risk in risks if risk is not None), key=RISING.index)


def next_step(wanted: float, steps: Sequence[int]) -> int:
    """Return the first of the rising steps that is at least `wanted`, else the last."""
    return next((step for step in steps if step >= wanted), steps[-1])


def count(number: float) -> str:
    """Return a number as people write it: no decimals where there are none."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"
