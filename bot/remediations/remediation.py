"""The base of the remediations, and their registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.registry import Registry
from bot.remediations.case import Case

REMEDIATIONS: Final[Registry[type[Remediation]]] = Registry("remediation")


class Remediation(ABC):
    """One action: what it needs, and whether and with which values it would help an incident.

    `iam_actions` are all the actions, of reading and of writing, that carrying it out takes.
    """

    action: ClassVar[Action]
    risk: ClassVar[Risk]
    iam_actions: ClassVar[frozenset[str]]
    source_url: ClassVar[str]

    @abstractmethod
    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the change with values computed from the evidence, or why it would not help."""

    def offered(self, params: dict[str, Any], why: str, *, risk: Risk | None = None) -> RemediationOffer:
        """Return an offer; a parameter that is None is not known and left out."""
        known = {name: value for name, value in params.items() if value is not None}
        return RemediationOffer(action=self.action, params=known, why=why, risk=risk or self.risk)

    def declined(self, why: str) -> DeclinedRemediation:
        """Return a refusal with its reason."""
        return DeclinedRemediation(action=self.action, why=why)


def next_step(wanted: float, steps: Sequence[int]) -> int:
    """Return the first of the rising steps that is at least `wanted`, else the last."""
    return next((step for step in steps if step >= wanted), steps[-1])


def count(number: float) -> str:
    """Return a number as people write it: no decimals where there are none."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"
