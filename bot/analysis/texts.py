"""Every text in an incident file that a pattern can be asked about, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bot.analysis.facts import TextRole
from bot.analysis.first_pass import first_pass
from bot.analysis.log_lines import Outcomes, iter_log_lines
from bot.analysis.reading import Level, Text, normalise
from bot.models.incident_file import IncidentFile

__all__ = ["Level", "Text", "iter_texts", "iter_value_texts", "outcomes_of"]

_FUNCTION_REASONS: Final = ("StateReason", "StateReasonCode", "LastUpdateStatusReason", "LastUpdateStatusReasonCode")
_MAPPING_REASONS: Final = ("LastProcessingResult", "StateTransitionReason")


def iter_texts(incident: IncidentFile, outcomes: Outcomes | None = None) -> Iterator[Text]:
    """Yield every text of the file, values first, then log lines group by group in the order of time.

    Args:
        incident: The file.
        outcomes: How its invocations ended, from `outcomes_of`, where the caller has them; else the logs are read twice.
    """
    yield from iter_value_texts(incident)
    for line in iter_log_lines(incident, outcomes or outcomes_of(incident)):
        yield line.text


def outcomes_of(incident: IncidentFile) -> Outcomes:
    """Return how each invocation and request that the logs show ended."""
    return first_pass(incident).outcomes


def iter_value_texts(incident: IncidentFile) -> Iterator[Text]:
    """Yield the texts outside the logs: what the client saw, refusals, changes, states, health events, traces."""
    yield from _client(incident)
    yield from _events(incident.denials, "denials", "denial")
    yield from _events(incident.changes, "changes", "change")
    for index, mapping in enumerate(incident.event_sources or []):
        for key in _MAPPING_REASONS:
            yield from _text("mapping", "event_sources", f"event_sources[{index}].{key}", mapping.get(key), index)
    for key in _FUNCTION_REASONS:
        yield from _text("function-state", "function", f"function.{key}", (incident.function or {}).get(key))
    for index, event in enumerate(incident.health or []):
        for path, value in _strings(event, f"health[{index}]"):
            yield from _text("health", "health", path, value, index)
    for index, trace in enumerate(incident.traces or []):
        for path, value in _strings(trace, f"traces[{index}]"):
            yield from _text("trace", "traces", path, value, index)


def _text(role: TextRole, section: str, ref: str, raw: object, index: int = 0) -> Iterator[Text]:
    if isinstance(raw, str) and (message := normalise(raw)):
        yield Text(role, section, ref, message, raw, index=index)


def _client(incident: IncidentFile) -> Iterator[Text]:
    client = incident.client
    if client is None:
        return
    yield from _text("client-body", "client", "client.body", client.body)
    for name in sorted(client.headers):
        value = client.headers[name]
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        message = normalise(f"{name}: {shown}")
        yield Text("client-header", "client", f"client.headers.{name}", message, shown or name)


def _events(rows: list[dict[str, Any]] | None, section: str, role: TextRole) -> Iterator[Text]:
    """CloudTrail events that failed: the code goes before the message, as AWS's own clients print it."""
    for index, row in enumerate(rows or []):
        code, said = row.get("errorCode"), row.get("errorMessage")
        if not code and not said:
            continue
        parts = [part for part in (code, said) if isinstance(part, str)]
        raw = parts[-1] if parts else str(code or said)
        key = "errorMessage" if isinstance(said, str) else "errorCode"
        yield Text(role, section, f"{section}[{index}].{key}", normalise(": ".join(parts)), raw, level="error", index=index)


def _strings(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every string below a value, with its dotted path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key in value:
            yield from _strings(value[key], f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{path}[{index}]")
