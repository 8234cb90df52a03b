"""raise-ephemeral-storage: give the function a larger /tmp."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import Field

from bot.errors import RefusedError
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk, Strict
from bot.models.plan import PlanRequest, Subject
from bot.remediations.case import Case
from bot.remediations.configuration import CONFIGURATION_ACTIONS, ConfigurationChange, latest_only_warnings
from bot.remediations.patch import Block, Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import REMEDIATIONS, Draft, next_step
from bot.remediations.state import Observed
from bot.remediations.traffic import STORAGE_GB_SECOND_USD, daily_change, traffic_of

DEFAULT_MB: Final = 512
MAX_MB: Final = 10_240
"""Both limits. Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html."""

STEPS_MB: Final = (1024, 2048, 4096, 8192, MAX_MB)


class StorageParams(Strict):
    """The new size."""

    to_mb: int = Field(ge=DEFAULT_MB, le=MAX_MB)


@REMEDIATIONS.register("raise-ephemeral-storage")
class RaiseEphemeralStorage(ConfigurationChange):
    """Raise the size of /tmp."""

    action: ClassVar[Action] = "raise-ephemeral-storage"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = CONFIGURATION_ACTIONS | {"cloudwatch:GetMetricData"}
    Params: ClassVar[type[Strict]] = StorageParams
    field_name: ClassVar[str] = "ephemeral_storage_mb"
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return twice the present size."""
        present = case.number("EphemeralStorage", "Size")
        if present is not None and present >= MAX_MB:
            return self.declined(f"ephemeral storage is already {MAX_MB} MB, the most that Lambda allows")
        to = next_step((present or DEFAULT_MB) * 2, STEPS_MB)
        size = f"the {present} MB" if present else f"what the function has of ephemeral storage ({DEFAULT_MB} MB unless set)"
        return self.offered(
            {"from_mb": present, "to_mb": to}, f"{size} in /tmp are full; files that runs leave behind fill more too, later"
        )

    def from_config(self, config: dict[str, Any]) -> int:
        """Return the size of /tmp; a function without one of its own has the default."""
        return int((config.get("EphemeralStorage") or {}).get("Size", DEFAULT_MB))

    def to_parameters(self, value: Any) -> dict[str, Any]:
        """Return EphemeralStorage."""
        return {"EphemeralStorage": {"Size": value}}

    def draft(self, request: PlanRequest, params: StorageParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the new size with its cost."""
        old, new = seen.values[self.field_name], params.to_mb
        if new <= old:
            raise RefusedError(f"raise-ephemeral-storage: {new} MB is not more than the present {old} MB")
        return Draft(
            after={self.field_name: new},
            undo=f"set EphemeralStorage back to {old} MB",
            patch=Patch(
                "AWS::Lambda::Function",
                self.to_parameters(new),
                "aws_lambda_function",
                {"ephemeral_storage": Block(size=new)},
                on_function=True,
                cdk={"ephemeralStorageSize": f"cdk.Size.mebibytes({new})"},
                serverless={"ephemeralStorageSize": new},
            ),
            effects=[self._cost(old, new, subject, reads), "new environments start with the new size: expect cold starts"],
            warnings=latest_only_warnings(request, seen.raw, reads),
        )

    def _cost(self, old: int, new: int, subject: Subject, reads: Reads) -> str:
        traffic = traffic_of(reads, subject.function_name)
        if traffic is None:
            return f"cost: {STORAGE_GB_SECOND_USD * 1e6:.4f} dollars per million GB-seconds; no calls were seen in the last 24 hours"
        second = traffic.duration_s * STORAGE_GB_SECOND_USD / 1024
        basis = f"for the {traffic.invocations:,.0f} calls of the last 24 hours"
        return daily_change("cost of storage", second * (old - DEFAULT_MB), second * (new - DEFAULT_MB), basis)
