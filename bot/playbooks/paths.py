"""Dotted paths into an incident file or the facts: `function.Timeout`, `tags."aws:cloudformation:stack-name"`, `event_sources[*].State`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import BaseModel

from bot.analysis.facts import Facts
from bot.models.incident_file import IncidentFile, LogEvent
from bot.playbooks.shape import UnknownNameError, follow, sections

FACTS: Final = "facts"
EACH: Final = "[*]"

_SEGMENT: Final = re.compile(r'(?:^|\.)(?:"(?P<quoted>[^"]+)"|(?P<plain>[^."\[\]\s]+))|(?P<each>\[\*\])|\[(?P<index>\d+)\]')

Segment = str | int
Missing = Literal["absent", "missing"]


class PathError(ValueError):
    """A path cannot be read, or leads nowhere."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value that a path led to; `ref` is the path with the wildcards filled in."""

    ref: str
    value: Any


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a path led to.

    `absent`: the section was not asked for or could not be read, so nothing is known. `missing`: the parent was read and
    holds no such key.
    """

    nodes: tuple[Node, ...] = ()
    gap: Missing | None = None


@lru_cache(maxsize=4096)
def parse_path(path: str) -> tuple[Segment, ...]:
    """Split a path into keys, indexes and wildcards.

    Raises:
        PathError: The path is not well formed, or its first part is neither a section nor `facts`.
    """
    segments: list[Segment] = []
    at = 0
    while at < len(path):
        match = _SEGMENT.match(path, at)
        if match is None:
            raise PathError(f"path {path!r} cannot be read at {path[at:]!r}")
        if match["each"]:
            segments.append(EACH)
        elif match["index"]:
            segments.append(int(match["index"]))
        else:
            segments.append(match["quoted"] or match["plain"])
        at = match.end()
    if not segments:
        raise PathError("the path is empty")
    _check_root(segments)
    return tuple(segments)


def _check_root(segments: Sequence[Segment]) -> None:
    """Refuse a path whose typed part does not exist; inside AWS's own answers any key may appear."""
    names = tuple(part for part in segments if isinstance(part, str) and part != EACH)
    known = (*sections(), FACTS)
    if not names or names[0] != segments[0] or names[0] not in known:
        raise PathError(str(UnknownNameError("section", str(segments[0]), known)))
    try:
        follow(*((Facts, names[1:]) if names[0] == FACTS else (IncidentFile, names)))
    except UnknownNameError as exc:
        raise PathError(str(exc)) from exc


def resolve(path: str, incident: IncidentFile, facts: Facts) -> Resolved:
    """Follow a path; a wildcard yields one node for each element."""
    segments = parse_path(path)
    root = str(segments[0])
    if root == FACTS:
        return _collect(list(_walk(facts, segments[1:], FACTS)))
    state = incident.state(root)
    if state == "absent":
        return Resolved(gap="absent")
    if state == "none" and len(segments) > 1:
        return Resolved(gap="missing")
    return _collect(list(_walk(getattr(incident, root), segments[1:], root)))


def _collect(found: list[Node | None]) -> Resolved:
    nodes = tuple(node for node in found if node is not None)
    return Resolved(nodes=nodes) if nodes else Resolved(gap="missing")


def _walk(value: Any, segments: Sequence[Segment], ref: str) -> Iterator[Node | None]:
    """Yield the nodes below a value; None for a branch that holds no such key."""
    if not segments:
        yield Node(ref, value)
        return
    head, rest = segments[0], segments[1:]
    if head == EACH:
        for number, element in enumerate(_elements(value)):
            yield from _walk(element[1], rest, f"{ref}{element[0] if isinstance(element[0], str) else f'[{number}]'}")
        return
    found, inner = _step(value, head)
    if not found:
        yield None
        return
    yield from _walk(inner, rest, f"{ref}[{head}]" if isinstance(head, int) else f"{ref}.{quoted(head)}")


def _elements(value: Any) -> list[tuple[Segment, Any]]:
    if isinstance(value, Mapping):
        return [(f".{quoted(str(key))}", inner) for key, inner in value.items()]
    if isinstance(value, list | tuple):
        return list(enumerate(value))
    # A policy's Action or Resource is one string or a list of them; both read the same here.
    return [] if value is None else [(0, value)]


def _step(value: Any, key: Segment) -> tuple[bool, Any]:
    if isinstance(key, int):
        is_there = isinstance(value, list | tuple) and key < len(value)
        return (True, value[key]) if is_there else (False, None)
    if isinstance(value, Mapping):
        return (True, value[key]) if key in value else (False, None)
    if isinstance(value, BaseModel):
        if key in type(value).model_fields:
            return True, getattr(value, key)
        extra = value.model_extra or {}
        return (True, extra[key]) if key in extra else (False, None)
    if isinstance(value, LogEvent):
        return (True, getattr(value, key)) if key in ("timestamp", "message", "stream") else (False, None)
    return False, None


def quoted(key: str) -> str:
    """Return a key as a path writes it."""
    return f'"{key}"' if re.search(r"[.\[\]\s]", key) else key
