"""The IAM actions that the bot's modules declare for themselves."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Final

from bot.alarms import target
from bot.evidence import chart
from bot.evidence.collectors import COLLECTORS
from bot.remediations.offers import REMEDIATIONS
from bot.workflow import changes

READING: Final = re.compile(r":(Get|GET$|List|Describe|Lookup|Simulate|FilterLogEvents$|StartQuery$|StopQuery$|BatchGet|Head)")


def evidence_actions() -> frozenset[str]:
    """Return what the collectors, the alarm resolver and the chart ask."""
    return frozenset(target.IAM_ACTIONS | chart.IAM_ACTIONS).union(*(collector.iam_actions for _, collector in COLLECTORS.items()))


def remediation_actions() -> frozenset[str]:
    """Return what carrying out every registered remediation takes."""
    return frozenset().union(*(remediation.iam_actions for _, remediation in REMEDIATIONS.items()))


def change_reads() -> frozenset[str]:
    """Return what the work on changes reads beside: each of its modules says so in `READS`."""
    modules = (importlib.import_module(found.name) for found in pkgutil.iter_modules(changes.__path__, f"{changes.__name__}."))
    return frozenset().union(*(getattr(module, "READS", frozenset()) for module in modules))


READS: Final = frozenset(action for action in remediation_actions() | change_reads() if READING.search(action))

WRITES: Final = remediation_actions() - READS
