"""A change that is not done yet, and one that is: what a person approves, and what undo needs."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, Literal

from pydantic import Field

from bot.models.diagnosis import Action, Risk, Strict

PLAN_VERSION: Final = 1

Owner = Literal["cloudformation", "sam", "cdk", "serverless", "terraform", "pulumi", "nobody", "unknown"]

Outcome = Literal["applied", "read-back", "resumed"]
"""How it is known that a change stands: AWS said so; AWS's answer was lost and the state was read; an earlier attempt had done it."""


class PlanRequest(Strict):
    """Which change of which function somebody wants; what is not given is read."""

    action: Action
    function_name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,140}$")
    params: dict[str, Any] = Field(default_factory=dict)
    qualifier: str | None = None
    """The alias or version that callers use, where known."""
    region: str | None = None
    account_id: str | None = None
    incident_id: str | None = None
    risk: Risk | None = None
    """The risk of the offer, where it differs from the action's own."""
    front_door: str | None = None
    """Kind of front door, where known."""
    front_door_limit_s: float | None = None
    """After how long the front door stops waiting, where known."""


class FieldChange(Strict):
    """One field with its old and its new value; None is "none", not "unknown"."""

    name: str
    old: Any
    new: Any


class ApiCall(Strict):
    """One call to AWS as it would be sent: botocore's name of the service, the operation, all its parameters."""

    service: str
    operation: str
    parameters: dict[str, Any]


class Ownership(Strict):
    """Which tool would take a live change back, how that is known, and the change to make there."""

    owner: Owner
    evidence: list[str] = Field(default_factory=list)
    warning: str | None = None
    patch: str | None = None


class Subject(Strict):
    """What a change is made to; `details` hold what the action needs beyond the function, such as a role's name."""

    action: Action
    function_name: str
    account_id: str
    region: str
    qualifier: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)


class RemediationPlan(Subject):
    """One change, made from the live state and not done yet.

    `before` and `after` are the complete state that the change touches; `before` is all that undo needs.
    """

    version: Literal[1] = PLAN_VERSION
    incident_id: str | None = None
    risk: Risk
    before: dict[str, Any]
    after: dict[str, Any]
    revision_id: str | None = None
    """AWS's own revision of what is changed, where the API takes one: the write is refused when it moved on."""
    calls: list[ApiCall] = Field(min_length=1)
    effects: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    unread: list[str] = Field(default_factory=list)
    """Questions that AWS did not answer, so that something may be missing above."""
    needs_second_approver: bool = False
    ownership: Ownership
    undo: str

    @property
    def fields(self) -> list[FieldChange]:
        """Return the fields that change, with old and new value."""
        names = list(dict.fromkeys([*self.before, *self.after]))
        pairs = ((name, self.before.get(name), self.after.get(name)) for name in names)
        return [FieldChange(name=name, old=old, new=new) for name, old, new in pairs if old != new]

    def fingerprint(self) -> str:
        """Return the SHA-256 of the plan in one canonical form; an approval is good for this value and no other."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


class AppliedChange(Strict):
    """A change that stands, or the undoing of one; holds what is needed to put back what was there."""

    plan: RemediationPlan
    plan_fingerprint: str
    is_undo: bool = False
    before: dict[str, Any]
    after: dict[str, Any]
    outcome: Outcome
    is_settled: bool = True
    """False while AWS still puts the change into effect."""
    calls: list[ApiCall] = Field(default_factory=list)
    """What was sent, in order."""
    notes: list[str] = Field(default_factory=list)
