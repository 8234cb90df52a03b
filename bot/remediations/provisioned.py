"""set-provisioned-concurrency: environments that stay initialised, and are paid for by the hour."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final

from pydantic import Field

from bot.analysis.versions import only_latest_runs
from bot.errors import RefusedError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import ApiCall, PlanRequest, RemediationPlan, Subject
from bot.remediations import neighbours
from bot.remediations.case import Case
from bot.remediations.patch import Patch
from bot.remediations.pool import Pool, pool_of
from bot.remediations.reads import Reads
from bot.remediations.remediation import PLAN_READS, REMEDIATIONS, Draft, Remediation, count
from bot.remediations.state import Observed
from bot.remediations.traffic import DAY_S, PROVISIONED_GB_SECOND_USD, architecture_of, daily_change

FIELD: Final = "provisioned_concurrency"


class ProvisionedParams(Strict):
    """How many environments, for which alias or version."""

    qualifier: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,128}$")
    to_concurrency: int = Field(ge=1)


@REMEDIATIONS.register("set-provisioned-concurrency")
class SetProvisionedConcurrency(Remediation):
    """Keep environments of an alias or version initialised."""

    action: ClassVar[Action] = "set-provisioned-concurrency"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = (
        PLAN_READS
        | neighbours.READS
        | {
            "lambda:DeleteProvisionedConcurrencyConfig",
            "lambda:GetAlias",
            "lambda:GetProvisionedConcurrencyConfig",
            "lambda:ListProvisionedConcurrencyConfigs",
            "lambda:PutProvisionedConcurrencyConfig",
        }
    )
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html"
    Params: ClassVar[type[Strict]] = ProvisionedParams

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
        """Tell that only $LATEST is used: by a qualifier, an unqualified integration, or all of the log."""
        return any(q in (None, "$LATEST") for q in case.qualifiers()) or only_latest_runs(case.incident)

    def _most(self, pool: Pool) -> int | None:
        if pool.reserved:
            return pool.reserved
        return pool.most_reservable

    def subject(self, request: PlanRequest, params: ProvisionedParams, config: dict[str, Any]) -> Subject:
        """Return the function with the alias or version that gets the environments."""
        qualifier = params.qualifier or request.qualifier
        if qualifier in (None, "$LATEST"):
            raise RefusedError(
                "set-provisioned-concurrency: $LATEST cannot have it; name an alias or version with qualifier, "
                "or publish a version and let callers use an alias first"
            )
        return self.subject_of(request.model_copy(update={"qualifier": qualifier}), config)

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return what is asked for now; how much of it is ready does not matter for a comparison."""
        answer = reads.or_none("lambda", "GetProvisionedConcurrencyConfig", **self._where(subject)) or {}
        requested = answer.get("RequestedProvisionedConcurrentExecutions")
        return Observed(values={FIELD: None if requested is None else int(requested)}, raw=answer)

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the one call: provisioned concurrency is put or deleted."""
        wanted, where = goal[FIELD], self._where(subject)
        if wanted == current[FIELD]:
            return []
        if wanted is None:
            return [ApiCall(service="lambda", operation="DeleteProvisionedConcurrencyConfig", parameters=where)]
        parameters = {**where, "ProvisionedConcurrentExecutions": wanted}
        return [ApiCall(service="lambda", operation="PutProvisionedConcurrencyConfig", parameters=parameters)]

    def recheck(self, plan: RemediationPlan, config: dict[str, Any], reads: Reads) -> None:
        """Refuse where others took the capacity since."""
        old, new = plan.before[FIELD] or 0, plan.after[FIELD]
        if new > old and neighbours.reserved_of(reads, plan.function_name) is None:
            neighbours.still(plan, neighbours.taking(reads, self.action, plan.function_name, new - old, shares_pool=True))

    def draft(self, request: PlanRequest, params: ProvisionedParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return how many environments are asked for, what they cost, and who gets less."""
        old, new, name = seen.values[FIELD], params.to_concurrency, subject.function_name
        version = reads.function(name, subject.qualifier)
        self._refuse_what_aws_refuses(subject, version, reads)
        reserved = neighbours.reserved_of(reads, name)
        if reserved is not None and new > reserved:
            raise RefusedError(
                f"set-provisioned-concurrency: {new} is more than the function's reservation of {reserved}: raise that first"
            )
        capacity = neighbours.Capacity(effects=[f"capacity: taken from the function's own reservation of {reserved}"])
        if reserved is None and new > (old or 0):
            capacity = neighbours.taking(reads, self.action, name, new - (old or 0), shares_pool=True)
        second = int(version["MemorySize"]) / 1024 * PROVISIONED_GB_SECOND_USD[architecture_of(version)] * DAY_S
        cost = daily_change("cost", (old or 0) * second, new * second, f"for {new} environments of {version['MemorySize']} MB, used or not")
        return Draft(
            after={FIELD: new},
            undo="delete the provisioned concurrency: there was none" if old is None else f"set it back to {old}",
            patch=self._patch(subject, new),
            effects=[cost, *capacity.effects, "environments take minutes to be ready"],
            warnings=[*capacity.warnings, "a target of Application Auto Scaling on this alias would overwrite the value"],
            needs_second_approver=capacity.needs_second_approver,
        )

    def _refuse_what_aws_refuses(self, subject: Subject, version: dict[str, Any], reads: Reads) -> None:
        if (version.get("SnapStart") or {}).get("OptimizationStatus") == "On":
            raise RefusedError("set-provisioned-concurrency: SnapStart is on, and the two cannot be combined")
        qualifier = str(subject.qualifier)
        alias = None if qualifier.isdigit() else reads.or_none("lambda", "GetAlias", FunctionName=subject.function_name, Name=qualifier)
        if alias is None:
            return
        configs = reads.optional_rows(
            "lambda", "ListProvisionedConcurrencyConfigs", "ProvisionedConcurrencyConfigs", FunctionName=subject.function_name
        )
        number = alias["FunctionVersion"]
        if any(str(c.get("FunctionArn", "")).endswith(f":{number}") for c in configs):
            raise RefusedError(f"set-provisioned-concurrency: version {number}, behind {qualifier}, has provisioned concurrency of its own")

    def _patch(self, subject: Subject, new: int) -> Patch:
        where = {"function_name": subject.function_name, "qualifier": subject.qualifier, "provisioned_concurrent_executions": new}
        if str(subject.qualifier).isdigit():
            return Patch(
                "AWS::Lambda::Version",
                {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": new}},
                "aws_lambda_provisioned_concurrency_config",
                where,
            )
        return Patch(
            "AWS::Lambda::Alias",
            {"Name": subject.qualifier, "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": new}},
            "aws_lambda_provisioned_concurrency_config",
            where,
        )

    def _where(self, subject: Subject) -> dict[str, Any]:
        return {"FunctionName": subject.function_name, "Qualifier": subject.qualifier}
