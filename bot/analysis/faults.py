"""Kinds of error: what runtimes, the platform, applications and gateways reported, grouped so that a thousand of one kind are one fact."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.analysis.facts import GatewayOutcome, Outcome, RuntimeFault, TextRole
from bot.analysis.fault_shapes import INIT_TYPES, FaultShape, fault_shape
from bot.analysis.gateway_words import ALB_REASONS, RESPONSE_TYPES
from bot.analysis.log_lines import Line
from bot.analysis.platform import PlatformEvent, parse_platform
from bot.analysis.reading import Text
from bot.models.diagnosis import Citation

Phase = Literal["init", "invoke", "unknown"]
By = Literal["runtime", "platform", "application", "gateway"]

MAX_KINDS: Final = 300
"""Kinds of fault kept; an application that logs a new wording every time would otherwise fill the memory."""

_SHAPE_NOISE = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|0x[0-9a-fA-F]+|\d+")
_MISSING: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"No module named '?([\w.\-]+)'?",
        r"Cannot find (?:module|package) '([^'\n]+)'",
        r"cannot load such file -- (\S+)",
        r"Class not found: ([\w.$]+)",
        r"(?:ClassNotFoundException|NoClassDefFoundError): ([\w.$/]+)",
        r"cannot import name '?(\w+)'?",
        r"Could not load file or assembly '([^',\n]+)",
        r"Error loading class [\w.$]+: ([\w.$/]+): java\.lang\.NoClassDefFoundError",
    )
)
_WRAPPINGS: Final = (
    ("Lambda Customer Function Error:", "\0"),
    ("The Lambda function returned the following error: ", " Check your Lambda function code and try again"),
)
"""$context.integration.error of REST and of HTTP APIs. Sources: public access logs; API Gateway developer guide, "Troubleshooting issues
with HTTP API Lambda integrations"."""
_PLATFORM_KINDS: Final = ("error", "timeout", "report", "init-report")


@dataclass(slots=True)
class _Kind:
    fault: RuntimeFault
    count: int = 1


@dataclass(slots=True)
class FaultReader:
    """Takes function log lines, with the outcomes of their invocations, and groups their faults."""

    _kinds: dict[tuple[object, ...], _Kind] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    first_ms: int | None = None
    """When the first fault that nobody handled was written in the function's own log."""

    def see(self, line: Line) -> None:
        """Take one line into account."""
        text = line.text
        if text.role not in ("function-log", "authorizer-log", "other-log"):
            return
        if line.platform is not None:
            self._see_platform(text, line.platform)
        elif (shape := fault_shape(text.message)) is not None:
            if text.outcome == "ok" and text.level not in ("error", None) and not shape.uncaught:
                return
            self._add(text, shape.error_type, shape.message, shape.by, _phase(text, shape))

    def _see_platform(self, text: Text, event: PlatformEvent) -> None:
        if event.kind not in _PLATFORM_KINDS or (event.kind in ("report", "init-report") and not event.error_type):
            return
        said = event.detail.partition("\n")[0] if event.detail else ""
        never_ran = event.error_type in INIT_TYPES or "failed to start" in said or "fork/exec" in said or "valid bootstrap" in said
        phase: Phase = "init" if event.kind == "init-report" or never_ran or text.in_init else "invoke"
        self._add(text, event.error_type, said, "platform", phase)

    def see_value(self, text: Text) -> None:
        """Take a payload that a caller saw into account."""
        if text.role != "client-body":
            return
        shape = fault_shape(text.message)
        if shape is not None and (shape.uncaught or shape.error_type):
            self._add(text, shape.error_type, shape.message, "runtime" if shape.uncaught else shape.by, _phase(text, shape))

    def see_gateway(self, outcome: GatewayOutcome) -> None:
        """Take the errorMessage that a gateway logged into account; it holds no type but what the words give away."""
        if outcome.reason != "function-error" or not outcome.detail or outcome.source not in ("gateway-log", "access-log"):
            return
        if outcome.detail in ALB_REASONS or outcome.detail in RESPONSE_TYPES:
            return  # a class of error, and not what the function said
        said = _own_words(outcome.detail)
        platform, shape = parse_platform(said), fault_shape(said)
        kind = platform.error_type if platform else shape.error_type if shape else None
        message = platform.detail if platform and platform.kind == "timeout" else said
        phase: Phase = "init" if kind in INIT_TYPES else "unknown"
        self._put(lambda: outcome.cite[0], outcome.count, kind, message, "gateway", phase, "error", outcome.source, first=True)

    def _add(self, text: Text, error_type: str | None, message: str, by: By, phase: Phase) -> None:
        first = text.request_id is None or text.request_id not in self._seen
        if text.request_id is not None:
            self._seen.add(text.request_id)
        outcome: Outcome = text.outcome
        if outcome != "ok" and text.role == "function-log" and text.timestamp is not None:
            self.first_ms = text.timestamp if self.first_ms is None else min(self.first_ms, text.timestamp)
        said = f"{error_type}: {message}" if error_type and message else message or error_type
        self._put(lambda: text.cite(said), 1, error_type, message, by, phase, outcome, text.role, first=first)

    def _put(
        self, cite: Callable[[], Citation], count: int, error_type: str | None, message: str, by: By, phase: Phase, outcome: Outcome,
        role: TextRole, *, first: bool,
    ) -> None:  # fmt: skip
        key = (error_type, _SHAPE_NOISE.sub("#", message[:160]), phase, by, outcome, first, role)
        known = self._kinds.get(key)
        if known is not None:
            known.count += count
        elif len(self._kinds) < MAX_KINDS:
            fault = RuntimeFault(
                cite=(cite(),), error_type=error_type, message=message, phase=phase, by=by, module=missing_module(message),
                outcome=outcome, first_in_invocation=first, role=role,
            )  # fmt: skip
            self._kinds[key] = _Kind(fault, count)

    def faults(self) -> tuple[RuntimeFault, ...]:
        """Return the kinds in the order in which they were first seen."""
        return tuple(
            kind.fault.model_copy(
                update={"count": kind.count, "cite": tuple(c.model_copy(update={"count": kind.count}) for c in kind.fault.cite)}
            )
            for kind in self._kinds.values()
        )


def _own_words(detail: str) -> str:
    """Return the function's errorMessage without what a gateway wraps around it."""
    for before, after in _WRAPPINGS:
        if before in detail:
            return detail.partition(before)[2].partition(after)[0].strip()
    return detail.strip()


def _phase(text: Text, shape: FaultShape) -> Phase:
    kind = shape.error_type or ""
    if text.in_init or kind in INIT_TYPES or kind.startswith("Init<") or shape.message.startswith("Init error"):
        return "init"
    if "\tundefined\tERROR" in text.message[:60] or shape.message.startswith(("Error loading class", "Class not found: ")):
        return "init"
    return "invoke" if text.request_id else "unknown"


def missing_module(message: str) -> str | None:
    """Return the module, class or file that an import error misses."""
    for pattern in _MISSING:
        if match := pattern.search(message):
            return match.group(1).replace("/", ".") if "NoClassDef" in message else match.group(1)
    return None
