"""The collectors, one module a subject. Importing this registers all of them."""

from __future__ import annotations

from bot.evidence.base import COLLECTORS
from bot.evidence.collectors import (
    account,
    concurrency,
    entrance,
    event_sources,
    execution_role,
    function,
    function_metrics,
    gateway,
    gateway_metrics,
    load_balancer,
    logs,
    network,
    resource_policy,
    trail,
)

MODULES = (
    account,
    concurrency,
    entrance,
    event_sources,
    execution_role,
    function,
    function_metrics,
    gateway,
    gateway_metrics,
    load_balancer,
    logs,
    network,
    resource_policy,
    trail,
)


def required_actions() -> frozenset[str]:
    """Return every IAM action that the collectors need; the deployment grants exactly these."""
    return frozenset().union(*(collector.iam_actions for _, collector in COLLECTORS.items()))


__all__ = ["COLLECTORS", "MODULES", "required_actions"]
