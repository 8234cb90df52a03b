"""Citations of what is no log line: values of a section, metrics, and facts that carry none of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel

from bot.analysis.facts import Facts, Item
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile, LogEvent
from bot.playbooks.paths import EACH, FACTS, parse_path, resolve

MAX_CHARS: Final = 280
MAX_FROM_FACTS: Final = 3

_FRONT_DOOR_SOURCES: Final = {
    "kind": ("target.front_door.kind",),
    "limit_ms": ("gateway.integrations[*].timeoutInMillis", "target.front_door.kind", "gateway.kind"),
    "function_timeout_ms": ("function.Timeout",),
    "function_outlives_it": ("function.Timeout", "gateway.integrations[*].timeoutInMillis", "target.front_door.kind", "gateway.kind"),
    "payload_format": ("gateway.integrations[*].payloadFormatVersion",),
    "is_proxy": ("gateway.integrations[*].type",),
    "status": ("client.status",),
    "handler_answered": ("client.status",),
    "forwards_host": ("gateway.DefaultCacheBehavior", "gateway.Origins", "gateway.kind"),
}
"""Where the facts of the front door come from; they carry no citation of their own."""

_TOP_SOURCES: Final = {
    "runtime_family": ("function.Runtime",),
    "role_may_write_logs": ("execution_role.policies[*].document", "execution_role.policies[*].name"),
}
"""The same for single facts beside the groups."""


def value_text(value: Any) -> str:
    """Return a value as the file has it, cut where it is long."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, BaseModel):
        text = value.model_dump_json(exclude_unset=True)
    elif isinstance(value, LogEvent):
        text = value.message
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text[:MAX_CHARS].strip()


def cite_node(ref: str, value: Any) -> Citation:
    """Return the citation of a value at a path."""
    return Citation(section=str(parse_path(ref)[0]), ref=ref, text=value_text(value))


def cite_fact(path: str, incident: IncidentFile, facts: Facts) -> tuple[Citation, ...]:
    """Return where a fact was seen; empty where that cannot be said."""
    names = [name for name in parse_path(path)[1:] if isinstance(name, str) and name != EACH]
    first = getattr(facts, names[0], None) if names else None
    if isinstance(first, tuple):
        return from_items(item for item in first if isinstance(item, Item))
    own = getattr(first, "cite", ())
    if own:
        return tuple(own[:MAX_FROM_FACTS])
    rest = names[1] if len(names) > 1 else ""
    if names[:1] == ["runs"]:
        return _from_runs(rest, facts)
    if names[:1] == ["front_door"]:
        return _from_front_door(rest, incident, facts)
    return _from_paths(_TOP_SOURCES.get(names[0], ()) if names else (), incident, facts)


def from_items(items: Iterable[Item]) -> tuple[Citation, ...]:
    """Return the first citations of some items; of one that was seen often, the first says how often."""
    found: list[Citation] = []
    for item in items:
        head, *rest = item.cite
        found.append(head.model_copy(update={"count": max(head.count, item.count)}) if not rest else head)
        found.extend(rest[:1])
        if len(found) >= MAX_FROM_FACTS:
            break
    return tuple(found[:MAX_FROM_FACTS])


def _from_runs(name: str, facts: Facts) -> tuple[Citation, ...]:
    outcome = {"timed_out": "timeout", "out_of_memory": "oom"}.get(name)
    flag = {"cold": "cold", "over_front_door_limit": "over_front_door_limit"}.get(name)
    return from_items(
        item for item in facts.invocations if (outcome is None or item.outcome == outcome) and (flag is None or getattr(item, flag))
    )


def _from_front_door(name: str, incident: IncidentFile, facts: Facts) -> tuple[Citation, ...]:
    found = _from_paths(_FRONT_DOOR_SOURCES.get(name, ("target.front_door.kind", "gateway.kind")), incident, facts)
    if found or name not in ("status", "handler_answered"):
        return found
    return from_items(item for item in facts.gateway_outcomes if item.status == facts.front_door.status)


def _from_paths(paths: tuple[str, ...], incident: IncidentFile, facts: Facts) -> tuple[Citation, ...]:
    nodes = [node for path in paths for node in resolve(path, incident, facts).nodes if node.value is not None]
    return tuple(cite_node(node.ref, node.value) for node in nodes[:MAX_FROM_FACTS])


def is_fact(path: str) -> bool:
    """Tell whether a path leads into the facts."""
    return parse_path(path)[0] == FACTS
