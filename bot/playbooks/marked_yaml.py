"""YAML with the line of every value, and with duplicate keys refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

MAX_NODES: Final = 50_000
"""Aliases can make a small file unfold into gigabytes; no honest playbook comes near this many values."""

MAX_DEPTH: Final = 100

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser is ten times as fast (0.05 s for 55 playbooks); a PyYAML built without it has only its own."""

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at one place of a file."""

    line: int
    where: Place
    message: str

    def words(self, path: str) -> str:
        """Return the fault as `path:line: where: message`."""
        place = ".".join(map(str, self.where))
        return f"{path}:{self.line}: {place + ': ' if place else ''}{self.message}"


@dataclass(slots=True)
class Marked:
    """A YAML document as plain values, with the line of each."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    blocks: set[Place] = field(default_factory=set)

    def nearest(self, place: Place) -> Place:
        """Return the longest beginning of a place that stands in the file."""
        kept: list[str | int] = []
        for part in place:
            # A validator adds words of its own to a place (the name of a union's member); those are passed over.
            if (*kept, part) in self.lines:
                kept.append(part)
        return tuple(kept)

    def line(self, place: Place) -> int:
        """Return the line of a place, or of the nearest one around it."""
        return self.lines.get(self.nearest(place), 1)

    def text_line(self, place: Place) -> int:
        """Return the line on which a text begins; that of a block (`|`) stands below its key."""
        nearest = self.nearest(place)
        return self.lines.get(nearest, 1) + (nearest in self.blocks)


def read(text: str) -> Marked:
    """Parse a document; whatever is wrong with it stands in `faults`."""
    marked = Marked()
    try:
        _refuse_depth(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        marked.faults.append(Fault(mark.line + 1 if mark else 1, (), f"not valid YAML: {exc.problem or exc.context}"))
        return marked
    except _TooManyError as exc:
        marked.faults.append(Fault(exc.line, (), str(exc)))
        return marked
    except yaml.YAMLError as exc:
        marked.faults.append(Fault(1, (), f"not valid YAML: {str(exc).splitlines()[0]}"))
        return marked
    if root is None:
        marked.faults.append(Fault(1, (), "the file is empty"))
        return marked
    try:
        marked.value = _Builder(marked).build(root, ())
    except _TooManyError as exc:
        marked.faults.append(Fault(exc.line, (), str(exc)))
    return marked


class _TooManyError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__("an alias contains itself, or the file unfolds into too many values or too many levels")
        self.line = line


def _refuse_depth(text: str) -> None:
    """Refuse what is nested too deeply, before it is composed: libyaml's composer recurses in C, and would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _TooManyError(event.start_mark.line + 1 if event.start_mark else 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Builder:
    """Turns YAML nodes into plain values and notes lines and faults on the way."""

    def __init__(self, marked: Marked) -> None:
        self._marked = marked
        self._scalars = yaml.SafeLoader("")
        self._open: set[int] = set()
        self._count = 0

    def build(self, node: yaml.Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self._marked.lines.setdefault(place, line)
        self._count += 1
        if id(node) in self._open or self._count > MAX_NODES:
            raise _TooManyError(line)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.build(child, (*place, number)) for number, child in enumerate(node.value)]
            return dict(self._pairs(node, place))
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        if node.style in ("|", ">"):
            self._marked.blocks.add(place)
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as exc:
            self._fault(node, place, f"cannot be read: {getattr(exc, 'problem', None) or exc}")
            return None

    def _pairs(self, node: yaml.Node, place: Place) -> Iterator[tuple[Any, Any]]:
        seen: dict[Any, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, place, "a key must be a plain word")
                continue
            key = key_node.value
            if key in seen:
                self._fault(key_node, (*place, key), f"duplicate key {key!r}, first given on line {seen[key]}")
                continue
            seen[key] = key_node.start_mark.line + 1
            self._marked.lines[(*place, key)] = seen[key]
            yield key, self.build(value_node, (*place, key))

    def _fault(self, node: yaml.Node, place: Place, message: str) -> None:
        self._marked.faults.append(Fault(node.start_mark.line + 1, place, message))
