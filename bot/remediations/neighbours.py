"""Who else lives from the account's unreserved concurrency, and whether they would starve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from bot.errors import PlanStaleError, RefusedError
from bot.models.plan import RemediationPlan
from bot.remediations.pool import MIN_UNRESERVED, MIN_UNRESERVED_SMALL, SMALL_ACCOUNT
from bot.remediations.reads import Reads
from bot.remediations.traffic import metric_query, metric_values

READS: Final = frozenset({"cloudwatch:GetMetricData", "lambda:GetAccountSettings", "lambda:GetFunctionConcurrency", "lambda:ListFunctions"})
"""What finding that out takes."""

DAYS: Final = 7
HOUR_S: Final = 3600
"""Hourly maxima of a week: 168 values a function, and peaks do not get lost in them."""

QUERIES: Final = 500
"""One GetMetricData takes no more. Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""

NAMED: Final = 5
"""So many neighbours are named, those with the highest peaks."""

MARGIN: Final = 1.25
"""With less room than this above the neighbours' peak, a second person looks at it."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account's concurrency in the region."""

    limit: int
    unreserved: int

    @property
    def minimum(self) -> int:
        """Return what must stay unreserved."""
        return MIN_UNRESERVED_SMALL if self.limit <= SMALL_ACCOUNT else MIN_UNRESERVED


@dataclass(slots=True)
class Capacity:
    """What taking capacity does to others, in words."""

    effects: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    needs_second_approver: bool = False


def account_of(reads: Reads) -> Account:
    """Return the account's limits, without which no capacity is taken."""
    limit = reads.call("lambda", "GetAccountSettings")["AccountLimit"]
    return Account(limit=int(limit["ConcurrentExecutions"]), unreserved=int(limit["UnreservedConcurrentExecutions"]))


def reserved_of(reads: Reads, function_name: str) -> int | None:
    """Return the function's reservation, None where it has none."""
    answer = reads.call("lambda", "GetFunctionConcurrency", FunctionName=function_name)
    found = answer.get("ReservedConcurrentExecutions")
    return None if found is None else int(found)


def taking(reads: Reads, action: str, function_name: str, amount: int, *, shares_pool: bool) -> Capacity:
    """Return what it means to take `amount` from the unreserved pool.

    Args:
        reads: Asks AWS.
        action: The action, for a refusal.
        function_name: Who takes it.
        amount: How much is taken.
        shares_pool: The function draws from that pool now, so its own use of it goes away.

    Raises:
        RefusedError: The pool would fall below AWS's minimum, or below what the neighbours used at their peak.
    """
    account = account_of(reads)
    left = account.unreserved - amount
    if left < account.minimum:
        raise RefusedError(
            f"{action}: of the account's {account.limit:,}, {left:,} would stay unreserved; AWS allows no less than {account.minimum}"
        )
    neighbours, peak = _neighbours(reads, function_name, shares_pool=shares_pool)
    named = ", ".join(f"{name} {value:,.0f}" for name, value in neighbours[:NAMED]) or "none was seen"
    capacity = Capacity(
        effects=[
            f"capacity: all other functions share {left:,} instead of {account.unreserved:,};"
            f" peaks of the last {DAYS} days: {named}{f'; together {peak:,.0f}' if peak is not None else ''}"
        ]
    )
    if peak is None:
        capacity.warnings.append("how much the other functions use could not be read: a second person should look")
        capacity.needs_second_approver = True
    elif left < peak:
        raise RefusedError(f"{action}: {left:,} would stay for all other functions, which used {peak:,.0f} at their peak ({named})")
    elif left < peak * MARGIN:
        capacity.warnings.append(f"little room is left for the other functions: {left:,}, of which they used {peak:,.0f}")
        capacity.needs_second_approver = True
    return capacity


def still(plan: RemediationPlan, now: Capacity) -> None:
    """Refuse a plan that was approved while there was more room.

    Raises:
        PlanStaleError: Two people should look at it now, and it was planned for one.
    """
    if now.needs_second_approver and not plan.needs_second_approver:
        raise PlanStaleError("room for other functions", "enough for one approval", "; ".join(now.warnings))


def giving_back(reads: Reads, function_name: str, amount: int) -> Capacity:
    """Return what it means that a function shares the pool from now on."""
    account = account_of(reads)
    neighbours, peak = _neighbours(reads, function_name, shares_pool=False)
    named = ", ".join(f"{name} {value:,.0f}" for name, value in neighbours[:NAMED]) or "none was seen"
    together = f"; together {peak:,.0f}" if peak is not None else ""
    return Capacity(
        effects=[
            f"capacity: the function shares {account.unreserved + amount:,} with all others, of which it may take everything;"
            f" their peaks of the last {DAYS} days: {named}{together}"
        ]
    )


def _neighbours(reads: Reads, function_name: str, *, shares_pool: bool) -> tuple[list[tuple[str, float]], float | None]:
    """Return the neighbours with the highest peaks that reserve nothing, and the peak of all together."""
    functions = [f["FunctionName"] for f in reads.optional_rows("lambda", "ListFunctions", "Functions")]
    names = [name for name in functions if name != function_name][: QUERIES - 2]
    queries = [metric_query(f"n{i}", "ConcurrentExecutions", "Maximum", HOUR_S, name) for i, name in enumerate(names)]
    queries += [
        metric_query("pool", "UnreservedConcurrentExecutions", "Maximum", HOUR_S),
        metric_query("own", "ConcurrentExecutions", "Maximum", HOUR_S, function_name),
    ]
    unread = len(reads.unread)
    values = metric_values(reads, queries, days=DAYS)
    peaks = {name: max(values[f"n{i}"].values()) for i, name in enumerate(names) if f"n{i}" in values}
    ranked = sorted(peaks.items(), key=lambda row: (-row[1], row[0]))[: 2 * NAMED]
    sharing = [row for row in ranked if _shares(reads, row[0])]
    if "pool" in values:
        own: dict[Any, float] = values.get("own", {}) if shares_pool else {}
        return sharing, max(value - own.get(time, 0.0) for time, value in values["pool"].items())
    # Without the pool's own metric the sum of the peaks is the most that it can have been.
    return sharing, None if len(reads.unread) > unread else sum(peak for _, peak in sharing)


def _shares(reads: Reads, function_name: str) -> bool:
    found = reads.optional("lambda", "GetFunctionConcurrency", FunctionName=function_name)
    return found.get("ReservedConcurrentExecutions") is None
