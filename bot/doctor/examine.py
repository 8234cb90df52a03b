"""All checks in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.doctor import access, chat, stack, wiring
from bot.doctor.finding import Check, Deployment, Finding
from bot.ports import AwsClients

CHECKS: Final[tuple[Check, ...]] = (
    stack.check_functions,
    stack.check_queues,
    stack.check_sweep,
    chat.check_slack,
    chat.check_endpoint,
    access.check_reading,
    access.check_forbidden,
    wiring.check_alarms,
    wiring.check_rules,
)


def examine(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Yield what each check finds, as soon as it does."""
    for check in CHECKS:
        yield from check(deployment, aws)
