"""The shape of what playbooks may ask for: facts and sections by name, so that a misspelt one is refused when a playbook is loaded."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from bot.analysis.facts import Facts, Item
from bot.models.incident_file import IncidentFile

NOT_SECTIONS: Final = frozenset({"version"})


class UnknownNameError(ValueError):
    """A name that is not part of the shape; the message lists the known ones."""

    def __init__(self, what: str, name: str, known: Mapping[str, Any] | tuple[str, ...]) -> None:
        super().__init__(f"unknown {what} {name!r}; known: {', '.join(sorted(known))}")


def sections() -> tuple[str, ...]:
    """Return the keys of the incident file that a condition may look into."""
    return tuple(name for name in IncidentFile.model_fields if name not in NOT_SECTIONS)


@lru_cache(maxsize=1)
def fact_lists() -> dict[str, type[Item]]:
    """Return the facts that are lists of items, by name."""
    found = {}
    for name, field in Facts.model_fields.items():
        item = item_type(field.annotation)
        if isinstance(item, type) and issubclass(item, Item):
            found[name] = item
    return found


def item_type(annotation: Any) -> Any:
    """Return the type of the elements of `tuple[X, ...]` or `list[X]`, else None."""
    annotation = bare(annotation)
    if get_origin(annotation) in (tuple, list):
        return bare(get_args(annotation)[0])
    return None


def bare(annotation: Any) -> Any:
    """Return an annotation without Annotated and without None; a union of several other types becomes Any."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        others = [arg for arg in get_args(annotation) if arg is not type(None)]
        return bare(others[0]) if len(others) == 1 else Any
    return annotation


def literal_values(annotation: Any) -> tuple[Any, ...] | None:
    """Return the values of a Literal, or of a tuple of Literals; None for a type that is open."""
    annotation = item_type(annotation) or bare(annotation)
    return get_args(annotation) if get_origin(annotation) is Literal else None


def field_type(model: type[BaseModel], name: str, what: str) -> Any:
    """Return the annotation of a model's field.

    Raises:
        UnknownNameError: The model has no such field.
    """
    try:
        return model.model_fields[name].annotation
    except KeyError:
        raise UnknownNameError(what, name, tuple(model.model_fields)) from None


def follow(start: Any, names: tuple[str, ...]) -> Any:
    """Return the type at the end of a chain of attribute names, Any where the shape is open.

    Raises:
        UnknownNameError: A closed model has no field of that name.
    """
    current = bare(start)
    for name in names:
        current = item_type(current) or current
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            return Any
        if name not in current.model_fields and current.model_config.get("extra") == "allow":
            return Any
        current = bare(field_type(current, name, f"name of {current.__name__}"))
    return current


def check_choice(annotation: Any, value: Any, where: str) -> None:
    """Refuse a value that a field with a closed set of values can never have.

    Raises:
        ValueError: The value is not one of the set.
    """
    known = literal_values(annotation)
    if known is None and bare(annotation) is bool:
        known = (True, False)
    if known is not None and value is not None and (value not in known or isinstance(value, bool) != isinstance(known[0], bool)):
        raise ValueError(f"{where} is never {value!r}; known: {', '.join(map(str, known))}")
