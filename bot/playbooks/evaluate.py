"""Conditions evaluated: true, false or unknown, with what was seen and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.analysis.facts import Facts, Item, TextRole
from bot.analysis.metrics import cite_metric
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile, MetricSeries
from bot.playbooks.cite import cite_fact, cite_node, from_items, is_fact
from bot.playbooks.compare import Truth, all_of, any_of, holds, negated
from bot.playbooks.conditions import Condition, FactCondition, MetricCondition, StateCondition, TextCondition, ValueCondition
from bot.playbooks.paths import Node, resolve
from bot.playbooks.scan import FAILED, Scanned, Slot
from bot.playbooks.words import words_of

MAX_NODE_CITATIONS: Final = 3

_LIST_SOURCES: Final[Mapping[str, frozenset[TextRole]]] = {
    "invocations": frozenset({"function-log", "edge-log", "other-log", "authorizer-log"}),
    "response_shapes": frozenset({"gateway-log"}),
    "stalls": frozenset({"function-log", "other-log", "authorizer-log"}),
    "gateway_outcomes": frozenset({"gateway-log", "access-log", "client-body", "client-header", "edge-log"}),
}
"""Texts that a list of facts is made from: where none was read, an empty list says nothing. Lists not named here come from any text."""


@dataclass(frozen=True, slots=True)
class Trace:
    """How one condition was judged."""

    kind: str
    words: str
    result: Truth
    found: str = ""
    cites: tuple[Citation, ...] = ()
    count: int = 0
    bindings: Mapping[str, Any] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    """Failed invocations that it concerns, by request id, with the position of the first line."""
    affected: int = 0
    """How many failed invocations it concerns, where only their number is known."""
    handled: bool = False
    """All that was seen stands in invocations that ended well."""
    children: tuple[Trace, ...] = ()


class Evaluator:
    """Judges conditions on one incident."""

    def __init__(self, incident: IncidentFile, facts: Facts, scanned: Scanned) -> None:
        self.incident = self._incident = incident
        self.facts = self._facts = facts
        self._scanned = scanned
        self._by_kind: dict[str, Callable[[Any], Trace]] = {
            "text": self._text, "value": self._value, "fact": self._fact, "metric": self._metric, "state": self._state,
        }  # fmt: skip

    def evaluate(self, condition: Condition) -> Trace:
        """Judge a condition and all below it; nothing is skipped, so that `explain` can show every part."""
        kind = condition.kind
        if kind in self._by_kind:
            return self._by_kind[kind](condition.part(kind))
        children = tuple(self.evaluate(child) for child in condition.children())
        results = [child.result for child in children]
        if kind == "not":
            return Trace("not", "not", negated(results[0]), children=children)
        return Trace(kind, kind, (all_of if kind == "all" else any_of)(results), children=children)

    def _text(self, condition: TextCondition) -> Trace:
        hits = self._scanned.hits.get(Slot.of(condition))
        words = words_of(condition)
        if hits is None:
            was_read = self._scanned.read(frozenset(condition.in_))
            return Trace("text", words, False if was_read else None, "in no line" if was_read else "no such text was read")
        first = hits.ranked()[0]
        bindings: dict[str, Any] = dict(first.groups)
        if condition.as_:
            bindings[condition.as_] = {**first.groups, "text": first.fragment, "count": hits.seen}
        return Trace(
            "text", words, hits.count >= condition.min, f"in {hits.count} line{'s' * (hits.count != 1)}", hits.citations(), hits.seen,
            bindings, hits.failed, len(hits.failed), hits.handled == hits.count,
        )  # fmt: skip

    def _lookup(self, path: str) -> Any:
        nodes = resolve(path, self._incident, self._facts).nodes
        return nodes[0].value if nodes else None

    def _value(self, condition: ValueCondition) -> Trace:
        words, of_facts = words_of(condition), is_fact(condition.path)
        resolved = resolve(condition.path, self._incident, self._facts)
        if resolved.gap is not None:
            return Trace("value", words, *self._without_value(condition, resolved.gap, of_facts))
        # A fact that is None could not be derived: it is unknown, and not the same as a value that AWS said is null.
        known = [node for node in resolved.nodes if node.value is not None] if of_facts else list(resolved.nodes)
        if not known:
            return Trace("value", words, None, "could not be derived")
        judged = [(node, holds(condition, node.value, self._lookup)) for node in known]
        result = any_of([truth for _, truth in judged])
        shown = [node for node, truth in judged if truth is result]
        found = ", ".join(f"is {node.value!r}" for node in shown[:MAX_NODE_CITATIONS])
        return Trace("value", words, result, found, self._cite(condition.path, shown) if result else (), 1 if result else 0)

    def _without_value(self, condition: ValueCondition, gap: str, of_facts: bool) -> tuple[Truth, str]:
        if gap == "absent":
            return None, "the section was not read"
        if of_facts or "[*]" in condition.path or condition.exists is not None:
            # Below a list that was read and is empty there is nothing, which is an answer.
            only_asks_for_nothing = condition.exists is False and condition.operators() == ("exists",)
            if condition.exists is not None or self._list_was_read(condition.path, of_facts):
                return only_asks_for_nothing, "is not there"
        return None, "is not in the file"

    def _list_was_read(self, path: str, of_facts: bool) -> bool:
        if "[*]" not in path:
            return False
        if of_facts:
            return True
        return bool(resolve(path.partition("[*]")[0], self._incident, self._facts).nodes)

    def _cite(self, path: str, nodes: list[Node]) -> tuple[Citation, ...]:
        if is_fact(path):
            return cite_fact(path, self._incident, self._facts)
        return tuple(cite_node(node.ref, node.value) for node in nodes[:MAX_NODE_CITATIONS])

    def _fact(self, condition: FactCondition) -> Trace:
        words = words_of(condition)
        items: tuple[Item, ...] = getattr(self._facts, condition.of)
        fitting = [item for item in items if self._fits(item, condition)]
        count = sum(item.count for item in fitting)
        if count < condition.min:
            if items or self._list_is_known(condition.of):
                return Trace("fact", words, False, f"{count} of {len(items)} {condition.of}", count=count)
            return Trace("fact", words, None, "nothing was read that would show it")
        return Trace(
            "fact", words, True, f"{count} times" if count > 1 else "once", from_items(fitting), count,
            {condition.as_: fitting[0]} if condition.as_ else {}, self._failed_ids(fitting),
            sum(item.count for item in fitting if getattr(item, "outcome", "unknown") in FAILED),
            all(getattr(item, "outcome", "unknown") == "ok" for item in fitting),
        )  # fmt: skip

    def _fits(self, item: Item, condition: FactCondition) -> bool:
        return all(holds(comparison, getattr(item, name), self._lookup) is True for name, comparison in condition.where.items())

    def _failed_ids(self, items: list[Item]) -> dict[str, int]:
        ids = [getattr(item, "request_id", None) for item in items if getattr(item, "outcome", "unknown") in FAILED]
        return {name: -1 for name in ids if name}

    def _list_is_known(self, name: str) -> bool:
        if name in ("changes", "traces"):
            return self._incident.state(name) != "absent"
        return self._scanned.read(_LIST_SOURCES.get(name, frozenset()))

    def _metric(self, condition: MetricCondition) -> Trace:
        words = words_of(condition)
        series = [one for one in self._incident.metrics or () if _is_meant(one, condition)]
        values = [value for one in series for value in one.Values]
        if not series or (not values and condition.stat not in ("Sum", "SampleCount")):
            return Trace("metric", words, None, "no such series was read")
        value = _reduce(condition.reduce, values)
        result = holds(condition, value, self._lookup)
        cites = (cite_metric(series[0], value),) if result else ()
        return Trace("metric", words, result, f"{condition.reduce} is {value:g}", cites, 1 if result else 0)

    def _state(self, condition: StateCondition) -> Trace:
        state = self._incident.state(condition.section)
        result = state == condition.is_
        cites = (cite_node(condition.section, getattr(self._incident, condition.section)),) if result and state != "absent" else ()
        return Trace("state", words_of(condition), result, f"is {state}", cites, 1 if cites else 0)


def _is_meant(series: MetricSeries, condition: MetricCondition) -> bool:
    return (
        (series.Namespace, series.MetricName) == (condition.namespace, condition.name)
        and series.Stat.casefold() == condition.stat.casefold()
        and condition.dimensions.items() <= series.Dimensions.items()
    )  # fmt: skip


def _reduce(how: str, values: list[float]) -> float:
    if not values:
        return 0.0
    reducers: dict[str, Callable[[list[float]], float]] = {
        "sum": sum, "max": max, "min": min, "avg": lambda numbers: sum(numbers) / len(numbers), "last": lambda numbers: numbers[-1],
    }  # fmt: skip
    return float(reducers[how](values))
