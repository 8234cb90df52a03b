"""Playbooks with one threshold changed: a case set that does not notice the change does not test the threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.playbooks.model import Playbook

_BOUNDS: Final = {"gt": "gte", "gte": "gt", "lt": "lte", "lte": "lt"}
_CONDITION_LISTS: Final = ("signals", "unless", "weaker", "stronger", "remediations", "declines", "advice")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A playbook with one change; `place` is where, `change` is what in words."""

    playbook: Playbook
    place: tuple[str | int, ...]
    change: str


def mutants(playbook: Playbook) -> Iterator[Mutant]:
    """Yield the playbook once for every change of a threshold, a bound or a `min`."""
    plain = playbook.model_dump(by_alias=True, exclude_unset=True)
    for place, key, change, words in _changes(plain):
        yield Mutant(Playbook.model_validate(_changed(plain, place, change)), (*place, key), words)


def _changes(plain: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, dict[str, Any], str]]:
    for name in _CONDITION_LISTS:
        for number, part in enumerate(plain.get(name, ())):
            if isinstance(part, dict) and part.get("when"):
                yield from _in_tree(part["when"], (name, number, "when"))
    if plain.get("hint"):
        yield from _in_tree(plain["hint"]["when"], ("hint", "when"))


def _in_tree(node: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, dict[str, Any], str]]:
    """Yield for each mapping that holds a bound or a `min`: its place, the key, its changed content, and the change in words."""
    if isinstance(node, list | tuple):
        for number, child in enumerate(node):
            yield from _in_tree(child, (*place, number))
        return
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in _BOUNDS:
            for new_key, new_value, words in _other_bounds(key, value):
                rest = {name: inner for name, inner in node.items() if name != key}
                yield place, key, {**rest, new_key: new_value}, words
        elif key == "min" and isinstance(value, int):
            for other in (value + 1, value - 1):
                if other >= 1:
                    yield place, key, {**node, "min": other}, f"min {value} to {other}"
        else:
            yield from _in_tree(value, (*place, key))


def _other_bounds(key: str, value: Any) -> Iterator[tuple[str, Any, str]]:
    yield _BOUNDS[key], value, f"{key} to {_BOUNDS[key]}"
    if isinstance(value, dict):
        times = value.get("times", 1.0)
        for factor in (0.5, 2.0):
            yield key, {**value, "times": times * factor}, f"{key} {times:g} × {value['path']} to {times * factor:g} ×"
        return
    for other in (value * 0.5, value * 2) if value else (value - 1, value + 1):
        yield key, other, f"{key} {value:g} to {other:g}"


def _changed(node: Any, place: tuple[str | int, ...], content: dict[str, Any]) -> Any:
    if not place:
        return content
    head, rest = place[0], place[1:]
    if isinstance(node, dict):
        return {key: _changed(value, rest, content) if key == head else value for key, value in node.items()}
    return [_changed(value, rest, content) if number == head else value for number, value in enumerate(node)]
