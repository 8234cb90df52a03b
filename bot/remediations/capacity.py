"""set-provisioned-concurrency and request-quota-increase: capacity that must be paid for or asked for."""

from __future__ import annotations

import math
from typing import ClassVar, Final

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.remediations.case import Case
from bot.remediations.pool import STEPS, Pool, pool_of
from bot.remediations.remediation import REMEDIATIONS, Remediation, count, next_step

DEFAULT_ACCOUNT_LIMIT: Final = 1000
"""What an account has unless it is new. Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

CONCURRENCY_QUOTA: Final = "L-B99A9384"
"""Concurrent executions. Source: https://docs.aws.amazon.com/general/latest/gr/lambda-service.html."""


@REMEDIATIONS.register("set-provisioned-concurrency")
class SetProvisionedConcurrency(Remediation):
    """Keep environments of an alias or version initialised."""

    action: ClassVar[Action] = "set-provisioned-concurrency"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {
            "lambda:DeleteProvisionedConcurrencyConfig",
            "lambda:GetAccountSettings",
            "lambda:GetFunctionConcurrency",
            "lambda:GetProvisionedConcurrencyConfig",
            "lambda:PutProvisionedConcurrencyConfig",
        }
    )
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return how many environments for which alias."""
        pool = pool_of(case)
        qualifier = next((q for q in case.qualifiers() if q and q != "$LATEST"), None)
        if qualifier is None and self._only_latest(case):
            return self.declined("callers use $LATEST, which cannot have it: publish a version and let callers use an alias first")
        if case.setting("SnapStart", "OptimizationStatus") == "On":
            return self.declined("SnapStart is on, and the two cannot be combined")
        most = self._most(pool)
        if most is not None and most < 1:
            limit = pool.account_limit if pool.account_limit is not None else pool.unreserved
            return self.declined(f"the account's concurrency of {limit} leaves nothing: {pool.minimum} must stay unreserved")
        wanted = math.ceil((pool.peak or 0) * 1.1) or min(10, max(1, case.facts.runs.cold))
        to = min(wanted, most) if most is not None else wanted
        now = case.facts.throttling.provisioned
        if now is not None and to <= now:
            return self.declined(f"{now} environments are provisioned already, and the peak was {count(pool.peak or now)}")
        why = f"{to} environment{'s stay' if to > 1 else ' stays'} initialised" + (
            f", for a peak of {count(pool.peak)}" if pool.peak is not None else ""
        )
        params = {"qualifier": qualifier, "from_concurrency": now, "to_concurrency": to, "missing": None if qualifier else ["qualifier"]}
        return self.offered(params, f"{why}; it costs money every hour from then on")

    def _only_latest(self, case: Case) -> bool:
        """Tell that $LATEST was seen in use: as a qualifier, an unqualified integration, or the version that log streams name."""
        if any(q in (None, "$LATEST") for q in case.qualifiers()):
            return True
        own = f"/aws/lambda/{case.function_name}"
        streams = [e.stream or "" for log in case.incident.logs or [] if log.group == own for e in log.events]
        starts = (e.message for log in case.incident.logs or [] if log.group == own for e in log.events if e.message.startswith("START "))
        return any("[$LATEST]" in s for s in streams) or any(s.rstrip().endswith("Version: $LATEST") for s in starts)

    def _most(self, pool: Pool) -> int | None:
        if pool.reserved:
            return pool.reserved
        return pool.most_reservable


@REMEDIATIONS.register("request-quota-increase")
class RequestQuotaIncrease(Remediation):
    """Ask AWS for a higher limit of concurrent executions."""

    action: ClassVar[Action] = "request-quota-increase"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {
            "iam:CreateServiceLinkedRole",
            "lambda:GetAccountSettings",
            "servicequotas:GetServiceQuota",
            "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
            "servicequotas:RequestServiceQuotaIncrease",
        }
    )
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the limit to ask for."""
        pool, throttling = pool_of(case), case.facts.throttling
        if pool.reserved is not None and throttling.peak_is_at == "reserved":
            return self.declined(f"the function's own reservation of {pool.reserved} is used up, not the account's limit")
        limit, peak = pool.account_limit, throttling.account_peak
        if limit is not None and peak is not None and peak < limit * 0.5:
            return self.declined(f"the account used {count(peak)} of {limit} at most")
        desired = None
        if limit is not None:
            desired = DEFAULT_ACCOUNT_LIMIT if limit < DEFAULT_ACCOUNT_LIMIT else next_step(limit * 1.5, STEPS)
            # Service Quotas refuses a value that is not above the present one.
            desired = desired if desired > limit else limit * 2
        params = {
            "service_code": "lambda",
            "quota_code": CONCURRENCY_QUOTA,
            "from_value": limit,
            "desired_value": desired,
            "factor": 2 if desired is None else None,
            "missing": ["from_value"] if desired is None else None,
        }
        now = f"the account's limit is {limit}" if limit is not None else "the account's limit was not read and is read first"
        return self.offered(params, f"{now}; AWS takes minutes to days, may open a support case, and a request cannot be withdrawn")
