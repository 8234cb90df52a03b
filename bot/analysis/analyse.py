"""From an incident file to facts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from bot.analysis.changes import changes
from bot.analysis.client import client_outcomes
from bot.analysis.denials import DenialReader
from bot.analysis.facts import Facts, RuntimeFault
from bot.analysis.faults import FaultReader
from bot.analysis.first_pass import FirstPass, first_pass
from bot.analysis.front_door import front_door_facts
from bot.analysis.health import Signs, health
from bot.analysis.log_lines import iter_log_lines
from bot.analysis.network import network_path
from bot.analysis.policy import authorizer_permission, invoke_permission
from bot.analysis.reading import Text
from bot.analysis.service_health import health_events
from bot.analysis.silence import denied_simulations, function_log_is_empty, role_may_write_logs
from bot.analysis.stalls import StallReader
from bot.analysis.texts import iter_value_texts
from bot.analysis.throttling import ThrottleReader, throttling
from bot.analysis.traces import trace_calls
from bot.analysis.traffic import traffic
from bot.models.incident_file import IncidentFile

RuntimeFamily = Literal["python", "nodejs", "java", "dotnet", "go", "ruby", "provided", "image"]

_FAMILIES: Final[tuple[tuple[str, RuntimeFamily], ...]] = (
    ("python", "python"),
    ("nodejs", "nodejs"),
    ("java", "java"),
    ("dotnet", "dotnet"),
    ("go", "go"),
    ("ruby", "ruby"),
    ("provided", "provided"),
)
_PORT = re.compile(r"(?:ETIMEDOUT|timed out|dial tcp|i/o timeout|Connect to)[^\n]{0,120}?[\w\].-]:(\d{2,5})\b")


def analyse(incident: IncidentFile, first: FirstPass | None = None, also: Callable[[Text], None] | None = None) -> Facts:
    """Derive every fact that the file supports; what it does not support stays unknown.

    Args:
        incident: The file.
        first: From `first_pass` of the same file, where the caller has it.
        also: Is shown every text on the way, in the order of `iter_texts`, so that nobody need read the logs once more.
    """
    first = first or first_pass(incident)
    faults, denials, throttles = FaultReader(), DenialReader(incident), ThrottleReader()
    stalls = StallReader(first.invocations.rows)
    _second_pass(incident, first, _Readers(faults, denials, throttles, stalls, also or (lambda _: None)))
    outcomes = (*client_outcomes(incident), *first.gateway.outcomes)
    for outcome in outcomes:
        faults.see_gateway(outcome)
    found = faults.faults()
    throttled, moved = throttling(incident, throttles, outcomes), traffic(incident)
    door = front_door_facts(incident, first.gateway, outcomes)
    signs = Signs(first.invocations.runs, found, denials.denials(), outcomes, throttled, moved, door, first.gateway)
    first_failure_ms = _first_failure_ms(first, faults.first_ms)
    return Facts(
        runs=signs.runs,
        invocations=first.invocations.rows,
        faults=found,
        denials=signs.denials,
        denied_simulations=denied_simulations(incident),
        gateway_outcomes=outcomes,
        response_shapes=first.gateway.shapes,
        changes=changes(incident, first_failure_ms),
        traces=trace_calls(incident),
        stalls=stalls.stalls(),
        invoke_permission=invoke_permission(incident),
        authorizer_permission=authorizer_permission(incident),
        throttling=throttled,
        network=network_path(incident, _ports(found)),
        traffic=moved,
        front_door=door,
        health=health(incident, signs),
        health_events=health_events(incident, first_failure_ms),
        role_may_write_logs=role_may_write_logs(incident),
        function_log_is_empty=function_log_is_empty(incident),
        first_failure_ms=first_failure_ms,
        runtime_family=_runtime_family(incident),
    )


@dataclass(frozen=True, slots=True)
class _Readers:
    """Who is shown the texts of the second pass."""

    faults: FaultReader
    denials: DenialReader
    throttles: ThrottleReader
    stalls: StallReader
    also: Callable[[Text], None]


def _second_pass(incident: IncidentFile, first: FirstPass, readers: _Readers) -> None:
    for text in iter_value_texts(incident):
        readers.faults.see_value(text)
        readers.denials.see(text)
        readers.throttles.see(text)
        readers.also(text)
    for line in iter_log_lines(incident, first.outcomes):
        readers.faults.see(line)
        readers.stalls.see(line)
        if line.platform is None or line.platform.is_failure:
            readers.denials.see(line.text)
            readers.throttles.see(line.text)
        readers.also(line.text)


def _first_failure_ms(first: FirstPass, first_fault_ms: int | None) -> int | None:
    failed = [row.started_ms or row.ended_ms for row in first.invocations.rows if row.outcome in ("error", "timeout", "oom")]
    moments = [moment for moment in (*failed, first.gateway.first_failure_ms, first_fault_ms) if moment is not None]
    return min(moments) if moments else None


def _ports(faults: tuple[RuntimeFault, ...]) -> tuple[int, ...]:
    """Return the ports to which connections timed out."""
    return tuple(sorted({int(match.group(1)) for fault in faults for match in _PORT.finditer(fault.message)}))


def _runtime_family(incident: IncidentFile) -> RuntimeFamily | None:
    function = incident.function or {}
    if function.get("PackageType") == "Image":
        return "image"
    runtime = str(function.get("Runtime") or "")
    return next((family for start, family in _FAMILIES if runtime.startswith(start)), None)
