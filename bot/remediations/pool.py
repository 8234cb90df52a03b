"""The account's pool of concurrency: what is reserved, what is free, and what must stay free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.remediations.case import Case, mapping, whole

MIN_UNRESERVED: Final = 100
"""What Lambda keeps unreserved in an account.
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html."""

MIN_UNRESERVED_SMALL: Final = 10
"""The same in a new account with a limit of 10 to 50. Source: the service's own message, "below its minimum value of [10]"."""

SMALL_ACCOUNT: Final = 50

STEPS: Final = (
    5,
    10,
    20,
    30,
    50,
    75,
    100,
    150,
    200,
    300,
    400,
    500,
    750,
    1000,
    1500,
    2000,
    3000,
    5000,
    7500,
    10_000,
    20_000,
    50_000,
    100_000,
)


@dataclass(frozen=True, slots=True)
class Pool:
    """Concurrency as far as the evidence shows it; None is not read. `is_reserved` None: nobody asked."""

    reserved: int | None
    is_reserved: bool | None
    account_limit: int | None
    unreserved: int | None
    peak: float | None

    @property
    def minimum(self) -> int:
        """Return what must stay unreserved."""
        return MIN_UNRESERVED_SMALL if self.account_limit is not None and self.account_limit <= SMALL_ACCOUNT else MIN_UNRESERVED

    @property
    def most_reservable(self) -> int | None:
        """Return the most that this function could reserve, its present reservation included."""
        if self.unreserved is not None:
            return max(0, (self.reserved or 0) + self.unreserved - self.minimum)
        # Without the unreserved pool the account's whole limit is the only bound that is known.
        return max(0, self.account_limit - self.minimum) if self.account_limit is not None else None

    def demand(self, throttles: float | None, invocations: float | None) -> float | None:
        """Return the concurrency that would have served the throttled calls too, or None where the peak is unknown."""
        if self.peak is None:
            return None
        if not throttles or not invocations:
            return self.peak
        # Refused calls count like served ones, but retries inflate them: never believe more than four times the peak.
        return self.peak * min(4.0, (invocations + throttles) / invocations)


def pool_of(case: Case) -> Pool:
    """Return the pool as facts and the concurrency section show it."""
    throttling, section = case.facts.throttling, case.incident.concurrency or {}
    reserved = throttling.reserved if throttling.reserved is not None else whole(section.get("ReservedConcurrentExecutions"))
    is_reserved = throttling.has_reserved
    if is_reserved is None and (reserved is not None or "ReservedConcurrentExecutions" in section):
        is_reserved = reserved is not None
    account = mapping(section.get("AccountLimit"))
    return Pool(
        reserved=reserved,
        is_reserved=is_reserved,
        account_limit=throttling.account_limit if throttling.account_limit is not None else whole(account.get("ConcurrentExecutions")),
        unreserved=throttling.unreserved_limit
        if throttling.unreserved_limit is not None
        else whole(account.get("UnreservedConcurrentExecutions")),
        peak=throttling.peak if throttling.peak is not None else case.facts.traffic.concurrent_max,
    )
