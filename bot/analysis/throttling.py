"""Concurrency against its limits: who was throttled, and which limit was reached."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bot.analysis.facts import GatewayOutcome, Throttling
from bot.analysis.metrics import cite_metric, reduce_series, series_of
from bot.analysis.reading import Text
from bot.analysis.roles import function_name_of
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile, MetricSeries

PeakAt = Literal["reserved", "account", "below", "unknown"]
SeenAs = Literal["metric", "gateway", "client", "log", "none"]

NEAR: Final = 0.95
"""Metrics of a minute miss the very peak, so this share of a limit counts as having reached it."""

_REASON = re.compile(
    r"\b(ReservedFunctionConcurrentInvocationLimitExceeded|ConcurrentInvocationLimitExceeded|ReservedFunctionInvocationRateLimitExceeded"
    r"|FunctionInvocationRateLimitExceeded|CallerRateLimitExceeded|ConcurrentSnapshotCreateLimitExceeded|ZeroReservedConcurrency)\b"
)
"""TooManyRequestsException.Reason of the Lambda API; the last one stands in an event's destination record."""


@dataclass(slots=True)
class ThrottleReader:
    """Looks for Lambda's own reason in what gateways, callers and destinations were told.

    A function's own log is left out: a throttle there is a downstream service's, since a throttled function does not run.
    """

    reason: str | None = None
    cite: tuple[Citation, ...] = field(default=())
    seen_as: SeenAs = "none"

    def see(self, text: Text) -> None:
        """Take one text into account."""
        if self.reason is not None or text.role in ("function-log", "authorizer-log", "denial", "change") or text.outcome == "ok":
            return
        if ("LimitExceeded" in text.message or "ZeroReserved" in text.message) and (match := _REASON.search(text.message)):
            self.reason = match.group(1)
            self.cite = (text.cite(match.group(1)),)
            self.seen_as = (
                "client" if text.role.startswith("client") else "gateway" if text.role in ("gateway-log", "access-log") else "log"
            )


def throttling(incident: IncidentFile, reader: ThrottleReader, outcomes: tuple[GatewayOutcome, ...]) -> Throttling:
    """Set throttles beside the limits that could have caused them."""
    concurrency: dict[str, Any] = incident.concurrency or {}
    reserved = _whole(concurrency.get("ReservedConcurrentExecutions"))
    has_reserved = None if "ReservedConcurrentExecutions" not in concurrency else reserved is not None
    limits = concurrency.get("AccountLimit")
    account_limit = _whole(limits.get("ConcurrentExecutions")) if isinstance(limits, dict) else None
    unreserved_limit = _whole(limits.get("UnreservedConcurrentExecutions")) if isinstance(limits, dict) else None
    name = function_name_of(incident.target.function_name)
    throttle_series = series_of(incident, "AWS/Lambda", ("Throttles",), "Sum", "function", function_name=name)
    throttles = reduce_series(throttle_series, sum)
    peak_series = series_of(incident, "AWS/Lambda", ("ConcurrentExecutions",), "Maximum", "function", function_name=name)
    peak = reduce_series(peak_series, max)
    account_peak = _account_peak(incident)
    seen_as, cites = _seen(throttles, reader, outcomes)
    metric_cites = (*_metric_cite(throttle_series, throttles), *_metric_cite(peak_series, peak))
    return Throttling(
        throttles=throttles,
        reason=reader.reason,
        seen_as=seen_as,
        reserved=reserved,
        has_reserved=has_reserved,
        account_limit=account_limit,
        unreserved_limit=unreserved_limit,
        peak=peak,
        peak_is_at=_peak_is_at(peak, account_peak, reserved, has_reserved, account_limit, unreserved_limit),
        account_peak=account_peak,
        provisioned=_provisioned(concurrency),
        spillover=reduce_series(series_of(incident, "AWS/Lambda", ("ProvisionedConcurrencySpilloverInvocations",), "Sum"), sum),
        cite=(*cites, *metric_cites, *_limit_cites(concurrency)),
    )


def _metric_cite(series: list[MetricSeries], value: float | None) -> tuple[Citation, ...]:
    return (cite_metric(series[0], value),) if series and value else ()


def _account_peak(incident: IncidentFile) -> float | None:
    for metric in ("ClaimedAccountConcurrency", "ConcurrentExecutions", "UnreservedConcurrentExecutions"):
        found = reduce_series(series_of(incident, "AWS/Lambda", (metric,), "Maximum", "account"), max)
        if found is not None:
            return found
    return None


def _seen(throttles: float | None, reader: ThrottleReader, outcomes: tuple[GatewayOutcome, ...]) -> tuple[SeenAs, tuple[Citation, ...]]:
    said = [outcome for outcome in outcomes if outcome.reason == "throttled-lambda"]
    cites = (*reader.cite, *(outcome.cite[0] for outcome in said[:2]))
    if throttles:
        return "metric", cites
    if said:
        return ("client" if said[0].source.startswith("client") else "gateway"), cites
    return reader.seen_as, cites


def _peak_is_at(
    peak: float | None, account_peak: float | None, reserved: int | None, has_reserved: bool | None,
    account_limit: int | None, unreserved: int | None,
) -> PeakAt:  # fmt: skip
    if reserved is not None:
        if peak is None:
            return "unknown"
        return "reserved" if peak >= reserved * NEAR else "below"
    limit = unreserved or account_limit
    if account_peak is not None and account_limit is not None and account_peak >= account_limit * NEAR:
        return "account"
    if has_reserved is False and peak is not None and limit is not None and peak >= limit * NEAR:
        return "account"
    known = (account_peak is not None and account_limit is not None) or (has_reserved is False and peak is not None and limit is not None)
    return "below" if known and account_peak is not None else "unknown"


def _provisioned(concurrency: dict[str, Any]) -> int | None:
    configs = concurrency.get("ProvisionedConcurrencyConfigs")
    if not isinstance(configs, list):
        return None
    amounts = (_whole(entry.get("RequestedProvisionedConcurrentExecutions")) for entry in configs if isinstance(entry, dict))
    return sum(amount for amount in amounts if amount)


def _limit_cites(concurrency: dict[str, Any]) -> tuple[Citation, ...]:
    made = []
    if "ReservedConcurrentExecutions" in concurrency:
        value = concurrency["ReservedConcurrentExecutions"]
        text = f"ReservedConcurrentExecutions = {'none' if value is None else value}"
        made.append(Citation(section="concurrency", ref="concurrency.ReservedConcurrentExecutions", text=text))
    limits = concurrency.get("AccountLimit")
    if isinstance(limits, dict) and "ConcurrentExecutions" in limits:
        text = f"ConcurrentExecutions = {limits['ConcurrentExecutions']}"
        made.append(Citation(section="concurrency", ref="concurrency.AccountLimit.ConcurrentExecutions", text=text))
    return tuple(made)


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
