"""raise-reserved-concurrency and remove-reserved-concurrency."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final

from pydantic import Field

from bot.errors import InputError, RefusedError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import ApiCall, PlanRequest, RemediationPlan, Subject
from bot.remediations import neighbours
from bot.remediations.case import Case
from bot.remediations.patch import Patch
from bot.remediations.pool import STEPS, Pool, pool_of
from bot.remediations.reads import Reads
from bot.remediations.remediation import PLAN_READS, REMEDIATIONS, Draft, Remediation, count, next_step
from bot.remediations.state import Observed

SOURCE_URL: Final = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"

ACTIONS: Final = PLAN_READS | neighbours.READS | {"lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency"}

FIELD: Final = "reserved_concurrency"

SURVIVES: Final = "the template takes this change back only where it sets the property, at the next deployment that touches it"
"""A property that a template leaves out is not reset.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html"""


class ReservedParams(Strict):
    """The new reservation, or by how much the present one grows."""

    to_concurrency: int | None = Field(default=None, ge=1)
    factor: float | None = Field(default=None, gt=1, le=10)
    max_concurrency: int | None = Field(default=None, ge=1)


class ReservedConcurrency(Remediation):
    """The function's reservation; the API has no revision, so the state is read again right before a write."""

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the reservation as it stands."""
        return Observed(values={FIELD: neighbours.reserved_of(reads, subject.function_name)})

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the one call: a reservation is put or deleted."""
        wanted, name = goal[FIELD], subject.function_name
        if wanted == current[FIELD]:
            return []
        if wanted is None:
            return [ApiCall(service="lambda", operation="DeleteFunctionConcurrency", parameters={"FunctionName": name})]
        parameters = {"FunctionName": name, "ReservedConcurrentExecutions": wanted}
        return [ApiCall(service="lambda", operation="PutFunctionConcurrency", parameters=parameters)]

    def undo_words(self, old: int | None) -> str:
        """Return how the previous state comes back."""
        return "delete the reservation again: there was none" if old is None else f"reserve {old} again"


@REMEDIATIONS.register("raise-reserved-concurrency")
class RaiseReservedConcurrency(ReservedConcurrency):
    """Raise, or first set, the function's reserved concurrency."""

    action: ClassVar[Action] = "raise-reserved-concurrency"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = ACTIONS
    source_url: ClassVar[str] = SOURCE_URL
    Params: ClassVar[type[Strict]] = ReservedParams

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return a reservation that would have served the peak, within what the account can spare."""
        pool = pool_of(case)
        refusal = self._refusal(pool)
        if refusal:
            return self.declined(refusal)
        demand = pool.demand(case.facts.throttling.throttles, case.facts.traffic.invocations)
        most = pool.most_reservable
        if pool.reserved is None and demand is None:
            why = "the present reservation and the peak are not in the evidence: both are read before anything changes"
            return self.offered({"factor": 2, "max_concurrency": most, "missing": ["from_concurrency"]}, why)
        to = next_step(max((pool.reserved or 0) * 1.5, (demand or 0) * 1.2), STEPS)
        to = min(to, most) if most is not None else to
        params = {"from_concurrency": pool.reserved, "to_concurrency": to}
        return self.offered(params, self._why(case, pool, to))

    def _refusal(self, pool: Pool) -> str | None:
        most = pool.most_reservable
        if pool.reserved == 0:
            return "reserved concurrency is 0: somebody switched the function off, which is a decision to take back, not a limit to raise"
        if most is not None and most <= (pool.reserved or 0):
            if pool.unreserved is not None:
                return f"the account's unreserved pool of {pool.unreserved} would fall below its minimum of {pool.minimum}"
            return f"the account has only {pool.account_limit}, of which {pool.minimum} must stay unreserved"
        return None

    def _why(self, case: Case, pool: Pool, to: int) -> str:
        reasons = []
        if pool.peak is not None:
            reasons.append(f"the peak was {count(pool.peak)}")
        if case.facts.throttling.throttles:
            reasons.append(f"{count(case.facts.throttling.throttles)} calls were throttled")
        if pool.reserved is not None:
            reasons.append(f"{pool.reserved} are reserved")
        if pool.unreserved is not None:
            left = pool.unreserved - (to - (pool.reserved or 0))
            reasons.append(f"{left} stay for all other functions (minimum {pool.minimum})")
        else:
            reasons.append("what the account can spare was not read and is checked first")
        return "; ".join(reasons)

    def recheck(self, plan: RemediationPlan, config: dict[str, Any], reads: Reads) -> None:
        """Refuse where others took the capacity since."""
        old, new = plan.before[FIELD], plan.after[FIELD]
        neighbours.still(plan, neighbours.taking(reads, self.action, plan.function_name, new - (old or 0), shares_pool=old is None))

    def draft(self, request: PlanRequest, params: ReservedParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the new reservation and who pays for it."""
        old: int | None = seen.values[FIELD]
        new = self._wanted(params, old)
        if old == 0:
            raise RefusedError(
                "raise-reserved-concurrency: it is 0, so somebody switched the function off: a decision to take back, not a limit to raise"
            )
        if old is not None and new <= old:
            raise RefusedError(f"raise-reserved-concurrency: {new} is not more than the present {old}")
        capacity = neighbours.taking(reads, self.action, subject.function_name, new - (old or 0), shares_pool=old is None)
        warnings = [*capacity.warnings, "more calls at once may be too much for what the function calls, a database first"]
        if old is None:
            warnings.append(f"a reservation is a cap too: above {new} calls at once are throttled from then on")
        return Draft(
            after={FIELD: new},
            undo=self.undo_words(old),
            patch=Patch(
                "AWS::Lambda::Function",
                {"ReservedConcurrentExecutions": new},
                "aws_lambda_function",
                {"reserved_concurrent_executions": new},
                on_function=True,
                cdk={"reservedConcurrentExecutions": str(new)},
                serverless={"reservedConcurrency": new},
            ),
            effects=["cost: a reservation costs nothing", *capacity.effects],
            warnings=warnings,
            needs_second_approver=capacity.needs_second_approver,
            survives=SURVIVES,
        )

    def _wanted(self, params: ReservedParams, old: int | None) -> int:
        if params.to_concurrency is not None:
            return params.to_concurrency
        if params.factor is None or not old:
            raise InputError("raise-reserved-concurrency: to_concurrency is needed, for example to_concurrency=50")
        wanted = next_step(math.ceil(old * params.factor), STEPS)
        return min(wanted, params.max_concurrency) if params.max_concurrency else wanted


@REMEDIATIONS.register("remove-reserved-concurrency")
class RemoveReservedConcurrency(ReservedConcurrency):
    """Remove the function's reservation, so that it shares the account's pool."""

    action: ClassVar[Action] = "remove-reserved-concurrency"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = ACTIONS
    source_url: ClassVar[str] = SOURCE_URL

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the reservation to remove, with a warning for what it may protect."""
        pool = pool_of(case)
        if pool.is_reserved is False:
            return self.declined("no concurrency is reserved for this function")
        account_peak = case.facts.throttling.account_peak
        if pool.reserved and pool.account_limit and account_peak is not None and account_peak >= pool.account_limit * 0.95:
            return self.declined(
                f"the account itself is at its limit of {pool.account_limit}: without a reservation the function gets less"
            )
        if pool.reserved == 0:
            why = "reserved concurrency is 0, so every call is refused; it may be a deliberate kill switch: ask who set it first"
        else:
            now = f"reserved concurrency of {pool.reserved}" if pool.reserved is not None else "the reservation"
            why = f"{now} is also a cap; without it the function shares the account's pool. It may protect a database, so ask first"
        missing = ["from_concurrency"] if pool.reserved is None else None
        return self.offered({"from_concurrency": pool.reserved, "missing": missing}, why)

    def draft(self, request: PlanRequest, params: Any, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return that nothing is reserved, and what the reservation may have protected."""
        old: int | None = seen.values[FIELD]
        if old is None:
            raise RefusedError(f"remove-reserved-concurrency: no concurrency is reserved for {subject.function_name}")
        capacity = neighbours.giving_back(reads, subject.function_name, old)
        if old == 0:
            warning = "0 refuses every call and may be a deliberate kill switch: ask who set it first"
        else:
            warning = f"the cap of {old} may protect a database or a partner's API: ask first"
        return Draft(
            after={FIELD: None},
            undo=self.undo_words(old),
            patch=Patch(
                "AWS::Lambda::Function",
                {"ReservedConcurrentExecutions": {"Ref": "AWS::NoValue"}},
                "aws_lambda_function",
                {"reserved_concurrent_executions": -1},
                on_function=True,
                cdk={"reservedConcurrentExecutions": "undefined"},
                serverless={"reservedConcurrency": None},
            ),
            effects=["cost: none by itself", *capacity.effects],
            warnings=[warning],
            needs_second_approver=old == 0,
            survives=SURVIVES,
        )
