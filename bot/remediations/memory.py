"""raise-memory: give the function more memory, and with it more processor."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import Field

from bot.errors import RefusedError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import PlanRequest, Subject
from bot.remediations.case import Case
from bot.remediations.configuration import CONFIGURATION_ACTIONS, ConfigurationChange, latest_only_warnings
from bot.remediations.patch import Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import REMEDIATIONS, Draft, next_step
from bot.remediations.state import Observed
from bot.remediations.traffic import GB_SECOND_USD, architecture_of, daily_change, traffic_of

MIN_MEMORY_MB: Final = 128
MAX_MEMORY_MB: Final = 10_240
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

SMALL_ACCOUNT_MAX_MB: Final = 3_008
"""New accounts are refused more. Source: the service's own message, "Member must have value less than or equal to 3008"."""

FULL_CPU_MB: Final = 1_769
"""At this size a function has one vCPU. Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html."""

STEPS_MB: Final = (512, 1024, 1536, 2048, 3008, 4096, 6144, 8192, MAX_MEMORY_MB)

LOW_RATIO: Final = 0.75
"""Below this share of its memory, a function that was not killed does not lack memory."""


class MemoryParams(Strict):
    """The new size."""

    to_mb: int = Field(ge=MIN_MEMORY_MB, le=MAX_MEMORY_MB)


@REMEDIATIONS.register("raise-memory")
class RaiseMemory(ConfigurationChange):
    """Raise the function's MemorySize."""

    action: ClassVar[Action] = "raise-memory"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = CONFIGURATION_ACTIONS | {"cloudwatch:GetMetricData"}
    Params: ClassVar[type[Strict]] = MemoryParams
    field_name: ClassVar[str] = "memory_mb"
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the next size that a person would choose, from what runs used at most."""
        present, used = self._present_mb(case), self._used_mb(case)
        if present is not None and present >= MAX_MEMORY_MB:
            return self.declined(f"memory is already {MAX_MEMORY_MB} MB, the most that Lambda allows")
        for_cpu = self._is_for_cpu(case)
        if present and used is not None and used / present < LOW_RATIO and not self._was_killed(case) and not for_cpu:
            return self.declined(f"runs used at most {used} of {present} MB: memory is not what is short")
        wanted = max((present or 0) * 2, (used or 0) * 1.5, 1024 if for_cpu else 512)
        to = next_step(wanted, STEPS_MB)
        return self.offered({"from_mb": present, "to_mb": to}, self._why(case, present, used, to, for_cpu=for_cpu))

    def _why(self, case: Case, present: int | None, used: int | None, to: int, *, for_cpu: bool) -> str:
        if for_cpu:
            reasons = [f"memory also buys processor time, which the start needs; {FULL_CPU_MB} MB are one whole vCPU"]
        elif present and used is not None:
            reasons = [f"runs used up to {used} of {present} MB"]
        else:
            reasons = ["how much the runs needed is not in the evidence, since they were stopped at the limit"]
        if to > SMALL_ACCOUNT_MAX_MB:
            reasons.append(f"a new account may be held to {SMALL_ACCOUNT_MAX_MB} MB")
        alias = case.alias()
        if alias:
            reasons.append(f"the change reaches $LATEST only: publish a version and move alias {alias} to it")
        reasons.append("every millisecond costs more")
        return "; ".join(reasons)

    def _present_mb(self, case: Case) -> int | None:
        seen = [i.memory_size_mb for i in case.facts.invocations if i.memory_size_mb]
        return case.number("MemorySize") or max(seen, default=None)

    def _used_mb(self, case: Case) -> int | None:
        seen = [i.max_memory_used_mb for i in case.facts.invocations if i.max_memory_used_mb is not None]
        if case.facts.runs.max_memory_used_mb is not None:
            seen.append(case.facts.runs.max_memory_used_mb)
        return max(seen, default=None)

    def _was_killed(self, case: Case) -> bool:
        ended = any(i.outcome == "oom" for i in case.facts.invocations)
        return ended or case.facts.runs.out_of_memory > 0 or case.cause == "out-of-memory"

    def _is_for_cpu(self, case: Case) -> bool:
        """Tell a start that is short of processor time: memory then helps although little of it is used."""
        slow_start = any(i.cold and i.outcome in ("timeout", "running") for i in case.facts.invocations)
        return case.cause in ("cold-start", "init-failure") or slow_start or case.facts.runs.init_timeouts > 0

    def from_config(self, config: dict[str, Any]) -> int:
        """Return MemorySize."""
        return int(config["MemorySize"])

    def to_parameters(self, value: Any) -> dict[str, Any]:
        """Return MemorySize."""
        return {"MemorySize": value}

    def draft(self, request: PlanRequest, params: MemoryParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the new size with its cost."""
        old, new = seen.values[self.field_name], params.to_mb
        if new <= old:
            raise RefusedError(f"raise-memory: {new} MB is not more than the present {old} MB")
        warnings = latest_only_warnings(request, seen.raw, reads)
        if new > SMALL_ACCOUNT_MAX_MB:
            warnings.append(f"an account that is held to {SMALL_ACCOUNT_MAX_MB} MB refuses this; then nothing changes")
        properties = {"MemorySize": new}
        return Draft(
            after={self.field_name: new},
            undo=f"set MemorySize back to {old} MB",
            patch=Patch(
                "AWS::Lambda::Function",
                properties,
                "aws_lambda_function",
                {"memory_size": new},
                on_function=True,
                cdk={"memorySize": str(new)},
                serverless={"memorySize": new},
            ),
            effects=[self._cost(old, new, seen.raw, subject, reads), "new environments start with the new size: expect cold starts"],
            warnings=warnings,
        )

    def _cost(self, old: int, new: int, config: dict[str, Any], subject: Subject, reads: Reads) -> str:
        traffic = traffic_of(reads, subject.function_name)
        if traffic is None:
            return f"cost: each running second costs {new / old:.2g} times as much; no calls were seen in the last 24 hours"
        second = traffic.duration_s * GB_SECOND_USD[architecture_of(config)] / 1024
        basis = f"for the {traffic.invocations:,.0f} calls of the last 24 hours if they take as long as now"
        return daily_change("cost", second * old, second * new, basis)
