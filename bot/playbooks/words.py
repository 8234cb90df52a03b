"""Conditions in words, as `explain` and the generated pages show them."""

from __future__ import annotations

import re
from typing import Any

from bot.playbooks.conditions import Condition, FactCondition, MetricCondition, Reference, StateCondition, TextCondition, ValueCondition

_SIGNS = {"equals": "=", "not_equals": "≠", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}

Leaf = TextCondition | ValueCondition | FactCondition | MetricCondition | StateCondition


def words_of(leaf: Leaf) -> str:
    """Return one condition in words."""
    if isinstance(leaf, TextCondition):
        return _text_words(leaf)
    if isinstance(leaf, ValueCondition):
        return f"{leaf.path} {_comparison_words(leaf)}"
    if isinstance(leaf, FactCondition):
        where = " and ".join(f"{name} {_comparison_words(comparison)}" for name, comparison in leaf.where.items())
        return f"{f'at least {leaf.min} ' if leaf.min > 1 else ''}{leaf.of}{f' with {where}' if where else ''}"
    if isinstance(leaf, MetricCondition):
        return f"{leaf.reduce} of {leaf.namespace} {leaf.name} ({leaf.stat}) {_comparison_words(leaf)}"
    return f"{leaf.section} is {leaf.is_}"


def _text_words(leaf: TextCondition) -> str:
    parts = [f"/{leaf.pattern}/"]
    if leaf.in_:
        parts.append(f"in {', '.join(leaf.in_)}")
    if leaf.min > 1:
        parts.append(f"at least {leaf.min} times")
    if leaf.outcomes:
        parts.append(f"where the invocation ended {' or '.join(leaf.outcomes)}")
    if leaf.handled == "exclude":
        parts.append("not in invocations that ended well")
    return " ".join(parts)


def _comparison_words(comparison: Any) -> str:
    return " and ".join(_operator_words(name, comparison.operand(name)) for name in comparison.operators())


def _operator_words(name: str, operand: Any) -> str:
    if name == "exists":
        return "is there" if operand else "is not there"
    if isinstance(operand, Reference):
        shown = operand.path if operand.times == 1 else f"{operand.times:g} × {operand.path}"
    elif name == "matches":
        shown = f"/{operand}/"
    elif isinstance(operand, tuple):
        shown = ", ".join(map(str, operand))
    else:
        shown = f"{operand:g}" if isinstance(operand, float) else "null" if operand is None else str(operand)
    return f"{_SIGNS.get(name, name.replace('_', ' '))} {shown}"


def code(text: str) -> str:
    """Return a text as Markdown code, also when it holds backticks."""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def tree_words(condition: Condition, depth: int = 0) -> list[str]:
    """Return a condition tree as indented Markdown list items."""
    indent = "  " * depth
    heads = {"all": "all of", "any": "at least one of", "not": "not"}
    if condition.kind not in heads:
        return [f"{indent}- {code(words_of(condition.part(condition.kind)))}"]
    return [f"{indent}- {heads[condition.kind]}", *(line for child in condition.children() for line in tree_words(child, depth + 1))]
