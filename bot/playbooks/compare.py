"""Operators on values, in three-valued logic: True, False, or None where the evidence does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from bot.playbooks.conditions import Reference
from bot.playbooks.patterns import compile_pattern

Truth = bool | None
Lookup = Callable[[str], Any]
"""Returns the value at a path, None where there is none."""


class Compares(Protocol):
    """Something with operators and what they compare with."""

    def operators(self) -> tuple[str, ...]: ...

    def operand(self, operator: str) -> Any: ...


def all_of(results: list[Truth]) -> Truth:
    """Kleene's and."""
    if False in results:
        return False
    return None if None in results else True


def any_of(results: list[Truth]) -> Truth:
    """Kleene's or."""
    if True in results:
        return True
    return None if None in results else False


def negated(result: Truth) -> Truth:
    """Kleene's not: what is unknown stays unknown."""
    return None if result is None else not result


def number_of(value: Any) -> float | None:
    """Return a value as a number; a number that AWS writes as a string counts, True and False do not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def is_nothing(value: Any) -> bool:
    """Tell whether a value says that there is none: null, or an empty text, list or object."""
    return value is None or (isinstance(value, str | list | tuple | Mapping) and len(value) == 0)


def holds(comparison: Compares, value: Any, lookup: Lookup) -> Truth:
    """Apply every operator to a value; unknown when a value to compare with is not in the file."""
    return all_of([_apply(name, value, comparison.operand(name), lookup) for name in comparison.operators()])


def _apply(operator: str, value: Any, operand: Any, lookup: Lookup) -> Truth:
    if operator == "exists":
        return is_nothing(value) is not operand
    if isinstance(operand, Reference):
        other = lookup(operand.path)
        if other is None:
            return None
        number = number_of(other)
        operand = number * operand.times if number is not None else other
    return bool(_OPERATORS[operator](value, operand))


def equal(value: Any, operand: Any) -> bool:
    """Compare as JSON does: True is not 1, but 3 is 3.0."""
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    if isinstance(value, int | float) and isinstance(operand, int | float):
        return float(value) == float(operand)
    return bool(value == operand)


def _ordered(test: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def compare(value: Any, operand: Any) -> bool:
        left, right = number_of(value), number_of(operand)
        return left is not None and right is not None and test(left, right)

    return compare


def _matches(value: Any, pattern: str) -> bool:
    if isinstance(value, list | tuple):
        return any(_matches(element, pattern) for element in value)
    if value is None or isinstance(value, Mapping):
        return False
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return compile_pattern(pattern).search(text) is not None


def _contains(value: Any, operand: Any) -> bool:
    if isinstance(value, str):
        return isinstance(operand, str) and operand in value
    if isinstance(value, Mapping):
        return operand in value
    return isinstance(value, list | tuple) and any(equal(element, operand) for element in value)


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "equals": equal,
    "not_equals": lambda value, operand: not equal(value, operand),
    "in": lambda value, operand: any(equal(value, choice) for choice in operand),
    "not_in": lambda value, operand: not any(equal(value, choice) for choice in operand),
    "gt": _ordered(lambda left, right: left > right),
    "gte": _ordered(lambda left, right: left >= right),
    "lt": _ordered(lambda left, right: left < right),
    "lte": _ordered(lambda left, right: left <= right),
    "matches": _matches,
    "contains": _contains,
}
