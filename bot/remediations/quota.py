"""request-quota-increase: capacity that must be asked for."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import Field

from bot.errors import InputError, RefusedError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import ApiCall, PlanRequest, Subject
from bot.remediations.case import Case
from bot.remediations.pool import STEPS, pool_of
from bot.remediations.reads import Reads
from bot.remediations.remediation import PLAN_READS, REMEDIATIONS, Draft, Remediation, count, next_step
from bot.remediations.state import Observed

DEFAULT_ACCOUNT_LIMIT: Final = 1000
"""What an account has unless it is new. Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

CONCURRENCY_QUOTA: Final = "L-B99A9384"
"""Concurrent executions. Source: https://docs.aws.amazon.com/general/latest/gr/lambda-service.html."""


OPEN: Final = frozenset({"PENDING", "CASE_OPENED"})
"""A request in one of these states blocks another one for the same quota.
Source: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestedServiceQuotaChange.html"""


class QuotaParams(Strict):
    """The quota, and the value to ask for or by how much it grows."""

    service_code: str = Field(default="lambda", pattern=r"^[a-zA-Z][a-zA-Z0-9-]{1,63}$")
    quota_code: str = Field(default=CONCURRENCY_QUOTA, pattern=r"^[a-zA-Z][a-zA-Z0-9-]{1,128}$")
    desired_value: float | None = Field(default=None, gt=0, le=10_000_000_000)
    factor: float | None = Field(default=None, gt=1, le=10)


@REMEDIATIONS.register("request-quota-increase")
class RequestQuotaIncrease(Remediation):
    """Ask AWS for a higher limit of concurrent executions."""

    action: ClassVar[Action] = "request-quota-increase"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = PLAN_READS | {
        "iam:CreateServiceLinkedRole",
        "servicequotas:GetServiceQuota",
        "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
        "servicequotas:RequestServiceQuotaIncrease",
    }
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_RequestServiceQuotaIncrease.html"
    Params: ClassVar[type[Strict]] = QuotaParams
    undo_refusal: ClassVar[str | None] = "a request to AWS cannot be withdrawn by its API: close the support case, if it opened one"

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

    def subject(self, request: PlanRequest, params: QuotaParams, config: dict[str, Any]) -> Subject:
        """Return the account's quota."""
        return self.subject_of(request, config, service_code=params.service_code, quota_code=params.quota_code)

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the quota and the request that is open for it."""
        where = {"ServiceCode": subject.details["service_code"], "QuotaCode": subject.details["quota_code"]}
        quota = reads.call("service-quotas", "GetServiceQuota", **where)["Quota"]
        history = reads.call("service-quotas", "ListRequestedServiceQuotaChangeHistoryByQuota", **where)
        requests = [r for r in history.get("RequestedQuotas", []) if r.get("Status") in OPEN]
        asked = float(requests[0]["DesiredValue"]) if requests else None
        return Observed(values={"quota": float(quota["Value"]), "open_request": asked}, raw=quota)

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the one request."""
        if self.reached(current, goal) or goal["open_request"] is None:
            return []
        parameters = {
            "ServiceCode": subject.details["service_code"],
            "QuotaCode": subject.details["quota_code"],
            "DesiredValue": goal["open_request"],
        }
        return [ApiCall(service="service-quotas", operation="RequestServiceQuotaIncrease", parameters=parameters)]

    def reached(self, values: dict[str, Any], goal: dict[str, Any]) -> bool:
        """Tell that the request is open, or granted already: small increases are granted at once."""
        wanted = goal["open_request"]
        return bool(values == goal or (wanted is not None and values["quota"] >= wanted))

    def draft(self, request: PlanRequest, params: QuotaParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the request."""
        quota, asked = seen.values["quota"], seen.values["open_request"]
        if params.desired_value is None and params.factor is None:
            raise InputError("request-quota-increase: desired_value is needed, for example desired_value=2000")
        desired = params.desired_value or next_step(quota * (params.factor or 1), STEPS)
        if asked is not None:
            raise RefusedError(f"request-quota-increase: a request for {count(asked)} is open already, and AWS takes one at a time")
        if desired <= quota:
            raise RefusedError(f"request-quota-increase: {count(desired)} is not more than the present {count(quota)}")
        if not seen.raw.get("Adjustable", True):
            raise RefusedError(f"request-quota-increase: AWS does not change {seen.raw.get('QuotaName', subject.details['quota_code'])}")
        return Draft(
            after={"quota": quota, "open_request": float(desired)},
            undo="not possible: a request to AWS cannot be withdrawn by its API",
            effects=["cost: the quota itself costs nothing", "AWS answers within minutes to days; until then nothing changes"],
            warnings=["the request may open a support case in the customer's name"],
        )
