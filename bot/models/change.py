"""A change on its way: from the request over approval, application and verification to its undoing. Times are seconds since 1970."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

from pydantic import Field

from bot.models.diagnosis import Action, Strict
from bot.models.plan import AppliedChange, RemediationPlan

ChangeState = Literal[
    "pending",  # asked for, not decided
    "approved",  # enough people approved; will be applied unless the lifetime ends first
    "applying",  # the write may have begun
    "applied",  # stands in AWS, not verified yet
    "verified",  # stands, and the alarm or metric recovered
    "ineffective",  # stands, and did not help within the last check
    "failed",  # was not made, or what stands is not known; `problem` says which
    "undoing",  # the way back may have begun
    "undone",  # what was there before stands again
    "rejected",
    "expired",
    "withdrawn",
    "rehearsed",  # dry run: everything was done but the write
]  # fmt: skip

OVER: Final[frozenset[ChangeState]] = frozenset({"failed", "undone", "rejected", "expired", "withdrawn", "rehearsed"})
"""States in which nothing more can happen to the change itself."""

STANDING: Final[frozenset[ChangeState]] = frozenset({"applied", "verified", "ineffective"})
"""States from which a change can be undone."""

ID_CHARS: Final = 16


def change_id_of(request_id: str) -> str:
    """Return the id of the change that a request opens; the same request always opens the same one."""
    return f"chg-{hashlib.sha256(request_id.encode()).hexdigest()[:ID_CHARS]}"


def offer_id_of(incident_id: str, event: str, index: int) -> str:
    """Return the id of an offer, which is all that its button holds."""
    return f"off-{hashlib.sha256(f'{incident_id}|{event}|{index}'.encode()).hexdigest()[:ID_CHARS]}"


class Offered(Strict):
    """Where an offer's button leads: the offer of the incident's answer that is meant."""

    id: str
    incident_id: str
    event: str
    """The investigation whose first diagnosis made the offer."""
    index: int
    action: Action


class Decision(Strict):
    """What one person decided, and by which request."""

    user_id: str
    at: float
    request_id: str


class Check(Strict):
    """One look at whether a change helped."""

    number: int
    at: float
    stands: bool
    """The configuration still is what the change set."""
    alarm_state: str | None = None
    """CloudWatch's state of the incident's alarm, None where there is none or it could not be read."""
    recovered_at: float | None = None
    said: str = ""
    """What the metric shows, in words."""


class Change(Strict):
    """All that the table knows of a change.

    `version` counts the writes: a write is made only on the version that was read.
    """

    id: str
    incident_id: str
    channel: str
    thread_ts: str
    message_ts: str = ""
    """The message whose buttons decide; empty while it is not posted."""
    plan: RemediationPlan
    fingerprint: str
    state: ChangeState = "pending"
    requested_by: str
    requested_at: float
    expires_at: float
    offer_id: str = ""
    """The offer that it came from: where a fresh plan is made when this one is stale. Empty where there was none."""
    needed: int = Field(default=1, ge=1)
    """How many approvals it takes."""
    approvers: tuple[str, ...] = ()
    """Slack ids of users and groups who might approve when it was asked for, to be shown; each click is judged by the rules of its time."""
    approvals: tuple[Decision, ...] = ()
    ended_by: Decision | None = None
    """Who rejected or withdrew it."""
    alarm_arn: str = ""
    opened_at: float = 0.0
    """When the incident's alarm fired, or the question was asked."""
    began_at: float | None = None
    """When the write may have begun."""
    applied: AppliedChange | None = None
    applied_at: float | None = None
    checks: tuple[Check, ...] = ()
    problem: str = ""
    """Why it failed, or why the last attempt to undo it was refused."""
    undo_by: Decision | None = None
    undo_from: ChangeState | None = None
    """Where it goes back to when its undoing is refused."""
    is_undo_begun: bool = False
    """AWS refused an undoing, maybe in its midst: the next one goes on from what stands."""
    undone: AppliedChange | None = None
    undone_at: float | None = None
    minutes: int | None = Field(default=None, ge=1)
    """A temporary change: undone by itself so long after it was applied."""
    revert_at: float | None = None
    kept_by: str = ""
    warned_at: float | None = None
    reminded_at: float | None = None
    reminders: int = 0
    quiet_by: str = ""
    """Who ended the reminders of drift. Where nobody had to: `agreed` when template and function agree, `taken-back` when a
    deployment or a person put another value there (`problem` says what), `enough` after the last reminder."""
    version: int = 0

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more can happen to it."""
        return self.state in OVER

    @property
    def token(self) -> str:
        """Return what its buttons hold: bound to this plan, this message and this channel; good for no other."""
        bound = hashlib.sha256(f"{self.id}|{self.fingerprint}|{self.channel}".encode()).hexdigest()[:ID_CHARS]
        return f"{self.id}.{bound}"
