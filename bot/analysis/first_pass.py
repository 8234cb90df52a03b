"""The first of two passes over the logs: how every invocation and request ended. The second reads their lines in that light."""

from __future__ import annotations

from dataclasses import dataclass

from bot.analysis.front_door import function_timeout_ms
from bot.analysis.gateway import GatewayReader, GatewayTable
from bot.analysis.invocations import InvocationReader, InvocationTable
from bot.analysis.limits import front_door_limit_ms
from bot.analysis.log_lines import Outcomes, iter_log_lines
from bot.models.incident_file import IncidentFile


@dataclass(frozen=True, slots=True)
class FirstPass:
    """Invocations, gateway requests, and how each ended."""

    invocations: InvocationTable
    gateway: GatewayTable

    @property
    def outcomes(self) -> Outcomes:
        """Return how each invocation and each request ended, by id."""
        known = self.invocations.outcomes
        return Outcomes({**self.gateway.by_id, **known.by_id}, known.init_owner) if self.gateway.by_id else known


def first_pass(incident: IncidentFile) -> FirstPass:
    """Read all log lines once."""
    timeout_ms = function_timeout_ms(incident)
    invocations = InvocationReader(front_door_limit_ms(incident), timeout_ms / 1000 if timeout_ms else None)
    gateway = GatewayReader()
    for line in iter_log_lines(incident):
        invocations.see(line)
        gateway.see(line)
    return FirstPass(invocations.table(), gateway.table())
