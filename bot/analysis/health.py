"""What speaks for a healthy function, so that `nothing wrong` is a finding and not an empty answer."""

from __future__ import annotations

from dataclasses import dataclass

from bot.analysis.facts import Denial, FrontDoorFacts, GatewayOutcome, Health, Runs, RuntimeFault, Throttling, Traffic
from bot.analysis.gateway import GatewayTable
from bot.models.incident_file import IncidentFile


@dataclass(frozen=True, slots=True)
class Signs:
    """Everything that speaks for or against health."""

    runs: Runs
    faults: tuple[RuntimeFault, ...]
    denials: tuple[Denial, ...]
    outcomes: tuple[GatewayOutcome, ...]
    throttling: Throttling
    traffic: Traffic
    front_door: FrontDoorFacts
    gateway: GatewayTable


def health(incident: IncidentFile, signs: Signs) -> Health:
    """Weigh the signs: healthy needs runs or traffic that were seen to go well, and no sign of anything else."""
    handled = sum(fault.count for fault in signs.faults if fault.outcome == "ok")
    seen_well = signs.runs.ok > 0 or bool(signs.traffic.invocations and signs.traffic.errors == 0) or _good_requests(signs)
    return Health(
        is_healthy=seen_well and not _trouble(incident, signs),
        client_errors_only=_client_errors_only(signs),
        handled_errors=handled,
        looked_at=tuple(_looked_at(incident, signs)),
    )


def _good_requests(signs: Signs) -> bool:
    failing = sum(sum(counted.values()) for counted in signs.gateway.statuses.values())
    return signs.gateway.requests > failing


def _trouble(incident: IncidentFile, signs: Signs) -> bool:
    """Anything that a caller, an operator or Lambda itself would call a failure."""
    runs, traffic = signs.runs, signs.traffic
    if runs.failed or runs.over_front_door_limit or runs.init_timeouts or runs.init_errors or signs.outcomes:
        return True
    if any(fault.outcome != "ok" for fault in signs.faults) or any(_hurts(denial) for denial in signs.denials):
        return True
    if (
        traffic.errors
        or traffic.throttles
        or traffic.front_door_5xx
        or (traffic.front_door_4xx or 0) > 0.05 * (traffic.front_door_count or 0)
    ):
        return True
    if signs.throttling.seen_as != "none" or signs.throttling.reserved == 0 or signs.front_door.gateway_throttle_zero:
        return True
    status = signs.front_door.status
    return (status is not None and status >= 400) or _is_in_a_bad_state(incident)


def _hurts(denial: Denial) -> bool:
    """A refusal in CloudTrail of somebody else says nothing of this function."""
    is_foreign = denial.role == "denial" and denial.principal_kind in ("caller", "deployer", "anonymous")
    return denial.outcome != "ok" and not is_foreign


def _is_in_a_bad_state(incident: IncidentFile) -> bool:
    function = incident.function or {}
    if function.get("State") not in (None, "Active") or function.get("LastUpdateStatus") not in (None, "Successful"):
        return True
    return any(
        mapping.get("State") == "Disabled" or "PROBLEM" in str(mapping.get("LastProcessingResult", ""))
        for mapping in incident.event_sources or []
    )


def _client_errors_only(signs: Signs) -> bool:
    """Callers saw 4xx, by the function's own answer or by the metrics, and nothing failed that is not theirs."""
    status, traffic = signs.front_door.status, signs.traffic
    if signs.runs.failed:
        return False
    if status is not None:
        return 400 <= status < 500 and signs.front_door.handler_answered is True
    return bool(traffic.front_door_4xx) and traffic.front_door_5xx == 0 and traffic.errors == 0 and not signs.outcomes


def _looked_at(incident: IncidentFile, signs: Signs) -> list[str]:
    said = []
    runs, traffic = signs.runs, signs.traffic
    if runs.total:
        said.append(f"the function's log: {_many(runs.total, 'invocation')}, {runs.ok} ended well")
    elif incident.logs is not None:
        events = sum(len(group.events) for group in incident.logs)
        said.append(f"{_many(events, 'log line')} in {_many(len(incident.logs), 'log group')}")
    if signs.gateway.requests:
        said.append(f"gateway and access logs: {_many(signs.gateway.requests, 'request')}")
    if traffic.invocations is not None:
        said.append(f"metrics: {traffic.invocations:g} invocations, {traffic.errors if traffic.errors is not None else 'unknown'} errors")
    names = (
        "resource_policy",
        "execution_role",
        "concurrency",
        "function",
        "gateway",
        "network",
        "event_sources",
        "changes",
        "denials",
        "health",
    )
    said += [f"the {name.replace('_', ' ')} section" for name in names if incident.state(name) != "absent"]
    return said


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
