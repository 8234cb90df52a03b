"""Carrying a change out, and taking it back: one order of things for all actions.

Read, compare with what was planned, write with AWS's own revision where there is one, read back. A write whose answer was lost is
settled by what stands afterwards, never by sending it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from bot.errors import OutcomeUnknownError, PlanStaleError, RefusedError, RemediationError, TargetNotFoundError
from bot.models.plan import ApiCall, AppliedChange, Outcome, RemediationPlan, Subject
from bot.ports import AwsClients
from bot.remediations.calls import call_aws
from bot.remediations.reads import Reads
from bot.remediations.state import Observed, with_revision

READ_BACK_PAUSES_S: Final = (0.0, 1.0, 2.0, 4.0)
"""A change may take seconds to be seen, IAM's most of all.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""

PENDING_PAUSES_S: Final = (1.0,) * 30
"""So long an update that somebody else began may take before this one gives up."""

CHANGED_CODES: Final = frozenset({"PreconditionFailedException"})
"""AWS's answer to a revision that is not the latest."""


class Remedy(Protocol):
    """What differs by action."""

    @property
    def undo_refusal(self) -> str | None:
        """Return why the action cannot be undone, where it cannot."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the live state."""

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the calls that lead from one state to another."""

    def reached(self, values: dict[str, Any], goal: dict[str, Any]) -> bool:
        """Tell whether a state is the one that was to be reached."""

    def recheck(self, plan: RemediationPlan, config: dict[str, Any], reads: Reads) -> None:
        """Refuse where what else the plan went by is otherwise now: whose the role is, how much is left for others."""

    def settle(self, subject: Subject, reads: Reads) -> None:
        """Wait until AWS has put a change into effect."""


def apply(remedy: Remedy, plan: RemediationPlan, aws: AwsClients, *, resuming: bool = False) -> AppliedChange:
    """Make the planned change, exactly that one.

    Args:
        remedy: The action.
        plan: What was approved.
        aws: Clients that may write.
        resuming: An earlier attempt at this very plan began and its end is not known: what stands already is then our own.

    Raises:
        PlanStaleError: The live state is not what the plan was made from, or the change stands already by somebody else's hand.
        RemediationError: AWS refused; nothing changed, or the message says what stands.
        OutcomeUnknownError: Neither an answer nor the state could be read.
    """
    return _Move(remedy, plan, Reads(aws, plan.region), start=plan.before, goal=plan.after, is_undo=False).run(resuming=resuming)


def undo(remedy: Remedy, change: AppliedChange, aws: AwsClients, *, resuming: bool = False) -> AppliedChange:
    """Put back exactly what was there before a change, "none" included.

    Raises:
        RefusedError: The action cannot be undone, or the change is an undo itself.
        PlanStaleError: Somebody changed it since; both states are named.
    """
    if change.is_undo:
        raise RefusedError(f"{change.plan.action}: this is an undo already; make a new plan to change it again")
    if remedy.undo_refusal:
        raise RefusedError(f"{change.plan.action}: {remedy.undo_refusal}")
    reads = Reads(aws, change.plan.region)
    return _Move(remedy, change.plan, reads, start=change.after, goal=change.before, is_undo=True).run(resuming=resuming)


def stands(remedy: Remedy, plan: RemediationPlan, aws: AwsClients) -> bool:
    """Read the configuration back and tell whether the change stands."""
    try:
        return remedy.reached(remedy.observe(plan, Reads(aws, plan.region)).values, plan.after)
    except (TargetNotFoundError, RefusedError):
        return False


@dataclass
class _Move:
    """The way from one state to another, step by step."""

    remedy: Remedy
    plan: RemediationPlan
    reads: Reads
    start: dict[str, Any]
    goal: dict[str, Any]
    is_undo: bool
    sent: list[ApiCall] = field(default_factory=list)
    outcome: Outcome = "applied"

    def run(self, *, resuming: bool) -> AppliedChange:
        config = self._checked()
        seen = self._quiet()
        if resuming and self.remedy.reached(seen.values, self.goal):
            return self._done("resumed", is_settled=not seen.is_pending)
        if resuming:
            self._check_between(seen)
        else:
            self._check_start(seen)
        if not self.is_undo:
            self.remedy.recheck(self.plan, config, self.reads)
        seen = self._walk(seen)
        return self._done(self.outcome, is_settled=not seen.is_pending)

    def _walk(self, seen: Observed) -> Observed:
        """Send one call after another. What somebody else put there meanwhile ends it: the next call would write over it."""
        while calls := self.remedy.steps(self.plan, seen.values, self.goal):
            seen = self._send(with_revision(calls[0], seen.revision_id), seen)
            self._check_between(seen)
        return seen

    def _done(self, outcome: Outcome, *, is_settled: bool) -> AppliedChange:
        return AppliedChange(
            plan=self.plan,
            plan_fingerprint=self.plan.fingerprint(),
            is_undo=self.is_undo,
            before=self.start,
            after=self.goal,
            outcome=outcome,
            is_settled=is_settled,
            calls=self.sent,
        )

    def _checked(self) -> dict[str, Any]:
        """Return the function's configuration. A plan is good for one account and region; the credentials might reach another."""
        try:
            config = self.reads.function(self.plan.function_name)
        except TargetNotFoundError as exc:
            raise PlanStaleError("function", self.plan.function_name, None) from exc
        arn = str(config["FunctionArn"]).split(":")
        if (arn[3], arn[4]) != (self.plan.region, self.plan.account_id):
            planned = f"{self.plan.account_id} in {self.plan.region}"
            raise RefusedError(f"{self.plan.action}: planned for {planned}, these credentials reach {arn[4]} in {arn[3]}")
        return config

    def _observe(self) -> Observed:
        try:
            return self.remedy.observe(self.plan, self.reads)
        except TargetNotFoundError as exc:
            raise PlanStaleError(self.plan.action, "there", None, hint=f" ({exc})") from exc

    def _quiet(self) -> Observed:
        """Return the state once no earlier update is in progress; AWS refuses a second one meanwhile."""
        seen = self._observe()
        for pause_s in PENDING_PAUSES_S:
            if not seen.is_pending:
                return seen
            self.remedy.sleep(pause_s)
            seen = self._observe()
        raise RemediationError(f"{self.plan.action}: an update of {self.plan.function_name} is still in progress; nothing was changed")

    def _check_start(self, seen: Observed) -> None:
        for name in dict.fromkeys([*self.start, *seen.values]):
            if seen.values.get(name) != self.start.get(name):
                done = self.remedy.reached(seen.values, self.goal)
                hint = ", which is what this would set: nothing is left to do" if done else ""
                raise PlanStaleError(name, self.start.get(name), seen.values.get(name), hint=hint)
        planned = None if self.is_undo else self.plan.revision_id
        if planned is not None and seen.revision_id != planned:
            raise PlanStaleError("revision_id", planned, seen.revision_id, hint=": something else was changed, make the plan again")

    def _check_between(self, seen: Observed) -> None:
        """On the way, and after an attempt that broke off, each field is as before or as wanted; anything else is somebody's."""
        if self.remedy.reached(seen.values, self.goal):
            return
        for name, value in seen.values.items():
            if value not in (self.start.get(name), self.goal.get(name)):
                raise PlanStaleError(name, self.start.get(name), value)

    def _send(self, call: ApiCall, before: Observed) -> Observed:
        """Send one call and return the state after it."""
        name = f"{call.service}:{call.operation}"
        self.sent.append(call)
        try:
            call_aws(self.reads.aws, self.plan.region, call.service, call.operation, call.parameters)
        except RemediationError as exc:
            return self._after_failure(name, exc, before)
        self.remedy.settle(self.plan, self.reads)
        seen = self._read_back(name, before)
        if seen.values == before.values:
            raise OutcomeUnknownError(f"{name}: AWS took the call, but the change is not seen yet: {_told(seen)}", operation=name)
        return seen

    def _after_failure(self, name: str, exc: RemediationError, before: Observed) -> Observed:
        """Decide by what stands, not by the error: the answer may be lost while the change was made."""
        seen = self._read_back(name, before, cause=exc)
        if seen.values != before.values:
            self._check_between(seen)
            self.outcome = "read-back"
            self.remedy.settle(self.plan, self.reads)
            return self._observe()
        if exc.code in CHANGED_CODES:
            raise PlanStaleError("revision_id", before.revision_id, seen.revision_id, hint=": AWS refused the write") from exc
        told = self._taken_back(seen) if seen.values != self.start and not self.is_undo else f"read back: {_told(seen)}"
        raise RemediationError(f"{exc}; {told}", operation=name, code=exc.code) from exc

    def _taken_back(self, seen: Observed) -> str:
        """Put back what the calls before a refused one made, since nobody approved half a change, and say what stands then.

        Raises:
            OutcomeUnknownError: What stands could not be read; the next attempt goes on from there.
        """
        back = _Move(self.remedy, self.plan, self.reads, start=self.goal, goal=self.start, is_undo=True, sent=self.sent)
        try:
            seen = back._walk(seen)
        except OutcomeUnknownError:
            raise
        except RemediationError as exc:
            return f"what was made before it could not be taken back: {exc}"
        return f"what was made before it was taken back; read back: {_told(seen)}"

    def _read_back(self, name: str, before: Observed, cause: Exception | None = None) -> Observed:
        """Return the state as soon as it differs from before, or as it is after some seconds."""
        seen: Observed | None = None
        for pause_s in READ_BACK_PAUSES_S:
            if pause_s:
                self.remedy.sleep(pause_s)
            try:
                seen = self._observe()
            except PlanStaleError:
                raise
            except RemediationError as exc:
                cause = cause or exc
                continue
            if seen.values != before.values:
                return seen
        if seen is None:
            told = f"{name}: sent, but neither its answer nor the state could be read ({cause})"
            raise OutcomeUnknownError(told, operation=name) from cause
        return seen


def _told(seen: Observed) -> str:
    return ", ".join(f"{name} is {'none' if value is None else value}" for name, value in seen.values.items())
