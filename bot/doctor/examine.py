"""All checks in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.doctor import access, changing, chat, endpoint, stack, trail, wiring
from bot.doctor.finding import Check, Deployment, Finding
from bot.ports import AwsClients

CHECKS: Final[tuple[Check, ...]] = (
    stack.check_functions,
    stack.check_settings,
    stack.check_queues,
    stack.check_sweep,
    chat.check_slack,
    endpoint.check_endpoint,
    access.check_reading,
    access.check_changing,
    access.check_forbidden,
    wiring.check_alarms,
    wiring.check_operator,
    wiring.check_routes,
    changing.check_rules,
    changing.check_changeable,
    trail.check_trail,
)


def examine(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Yield what each check finds, as soon as it does."""
    for check in CHECKS:
        yield from check(deployment, aws)
