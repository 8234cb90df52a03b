"""raise-reserved-concurrency and remove-reserved-concurrency."""

from __future__ import annotations

from typing import ClassVar

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.remediations.case import Case
from bot.remediations.pool import STEPS, Pool, pool_of
from bot.remediations.remediation import REMEDIATIONS, Remediation, count, next_step

SOURCE_URL = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"


@REMEDIATIONS.register("raise-reserved-concurrency")
class RaiseReservedConcurrency(Remediation):
    """Raise, or first set, the function's reserved concurrency."""

    action: ClassVar[Action] = "raise-reserved-concurrency"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {"lambda:DeleteFunctionConcurrency", "lambda:GetAccountSettings", "lambda:GetFunctionConcurrency", "lambda:PutFunctionConcurrency"}
    )
    source_url: ClassVar[str] = SOURCE_URL

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


@REMEDIATIONS.register("remove-reserved-concurrency")
class RemoveReservedConcurrency(Remediation):
    """Remove the function's reservation, so that it shares the account's pool."""

    action: ClassVar[Action] = "remove-reserved-concurrency"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {"lambda:DeleteFunctionConcurrency", "lambda:GetAccountSettings", "lambda:GetFunctionConcurrency", "lambda:PutFunctionConcurrency"}
    )
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
