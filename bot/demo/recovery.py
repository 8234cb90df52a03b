"""Lets a scenario's trouble end when what caused it is mended: healthy metric values, and the alarm goes to OK by its own action."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from bot.demo import broken
from bot.demo.broken import Broken, Clients
from bot.demo.scenario import Fixed, Scenario

MENDED_FOR_S: Final = 4.0
"""Callers and the alarm notice that something was mended a while after it was; on AWS it is a minute or more."""


@dataclass
class Recovery:
    """Looks at each broken function and ends its trouble once."""

    aws: Clients
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    """By the function's name."""
    over: set[str] = field(default_factory=set)
    mended_for_s: float = MENDED_FOR_S
    clock: Callable[[], float] = time.monotonic
    _mended_at: dict[str, float] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def expect(self, scenario: Scenario) -> None:
        """Wait for a scenario's function to be mended."""
        self.scenarios[scenario.function.name] = scenario
        self.over.discard(scenario.function.name)
        self._mended_at.pop(scenario.function.name, None)

    def look(self, made: Broken) -> bool:
        """End the trouble if it is mended now; tell whether it ended just now."""
        scenario = self.scenarios.get(made.function_name)
        if scenario is None or scenario.fixed_when is None or made.function_name in self.over:
            return False
        if not is_fixed(scenario.fixed_when, made, self.aws):
            self._mended_at.pop(made.function_name, None)
            return False
        now = self.clock()
        if now - self._mended_at.setdefault(made.function_name, now) < self.mended_for_s:
            return False
        self.over.add(made.function_name)
        broken.recover(scenario, made, self.aws, now=self.now())
        return True


def is_fixed(fixed: Fixed, made: Broken, aws: Clients) -> bool:
    """Tell whether the function is configured so that the trouble is over."""
    client = aws.client("lambda")
    if fixed.permission:
        return any(_lets_in(statement, made.api_id) for statement in _statements(client, made.function_name))
    if fixed.reserved_concurrency_above is not None:
        reserved = client.get_function_concurrency(FunctionName=made.function_name).get("ReservedConcurrentExecutions")
        return reserved is None or reserved > fixed.reserved_concurrency_above
    read = client.get_function_configuration(FunctionName=made.function_name)
    wanted = {"Timeout": fixed.timeout_above, "MemorySize": fixed.memory_above}
    return all(read[name] > least for name, least in wanted.items() if least is not None)


def _statements(client: Any, name: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(client.get_policy(FunctionName=name)["Policy"]).get("Statement", [])
    except (client.exceptions.ResourceNotFoundException, ValueError):
        return []
    return found


def _lets_in(statement: dict[str, Any], api_id: str) -> bool:
    return statement.get("Effect") == "Allow" and f":{api_id}/" in json.dumps(statement.get("Condition") or {})
