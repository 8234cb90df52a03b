"""raise-ephemeral-storage: give the function a larger /tmp."""

from __future__ import annotations

from typing import ClassVar, Final

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.remediations.case import Case
from bot.remediations.remediation import REMEDIATIONS, Remediation, next_step

DEFAULT_MB: Final = 512
MAX_MB: Final = 10_240
"""Both limits. Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html."""

STEPS_MB: Final = (1024, 2048, 4096, 8192, MAX_MB)


@REMEDIATIONS.register("raise-ephemeral-storage")
class RaiseEphemeralStorage(Remediation):
    """Raise the size of /tmp."""

    action: ClassVar[Action] = "raise-ephemeral-storage"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {"lambda:GetFunction", "lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"}
    )
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
