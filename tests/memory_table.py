"""The state table in memory, for tests that make thousands of calls: moto takes ten milliseconds for each.

It judges the same conditions and updates as DynamoDB does, as far as bot/aws writes them; the tests of bot/aws run on moto.
"""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.aws.attributes import from_item, to_item
from bot.aws.table import Condition, Table
from bot.errors import StateError

MAX_ITEM_BYTES: Final = 400 * 1024
"""Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items"""

_TOKEN: Final = re.compile(r"\s*(<>|<=|>=|[()=<>+,]|AND\b|OR\b|[a-z_]+(?=\()|#[\w.#]+|:\w+)")
_MISSING: Final = object()


class NoClients:
    """Hands out nothing: the table in memory asks nobody."""

    def client(self, service: str, region: str | None = None) -> Any:
        """Refuse."""
        raise AssertionError(f"no client of {service} is needed here")


@dataclass(frozen=True)
class MemoryTable(Table):
    """The table; its calls are atomic."""

    aws: Any = field(default_factory=NoClients)
    name: str = "memory"
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def get(self, pk: str) -> dict[str, Any] | None:
        """Return the values of an item, or None."""
        with self.lock:
            return copy.deepcopy(self.items.get(pk))

    def put(self, pk: str, values: Mapping[str, object], condition: Condition | None = None) -> bool:
        """Write an item; returns False when the condition did not hold."""
        with self.lock:
            if condition and not _Judge(condition.text, condition.values, self.items.get(pk) or {}).holds():
                return False
            self._write(pk, from_item(to_item({**values, "pk": pk})))
            return True

    def change(self, pk: str, values: Mapping[str, object], condition: Condition, *, extra: str = "") -> dict[str, Any] | None:
        """Set attributes and return the item as it is then, or None when the condition did not hold."""
        with self.lock:
            old = self.items.get(pk) or {}
            if not _Judge(condition.text, condition.values, old).holds():
                return None
            new = {**copy.deepcopy(old), **from_item(to_item(values)), "pk": pk}
            for place, value in _Judge(extra, condition.values, old).assignments():
                *parents, last = place
                at = new
                for parent in parents:
                    at = at[parent]
                at[last] = copy.deepcopy(value)
            self._write(pk, new)
            return copy.deepcopy(new)

    def _write(self, pk: str, item: dict[str, Any]) -> None:
        size = len(json.dumps(item, default=lambda raw: raw.hex() if isinstance(raw, bytes) else str(raw)))
        if size > MAX_ITEM_BYTES:
            raise StateError(f"{pk}: ValidationException: item of {size} bytes is over the limit")
        self.items[pk] = item


class _Judge:
    """Reads one condition or the assignments of one update."""

    def __init__(self, text: str, values: Mapping[str, object], item: Mapping[str, Any]) -> None:
        self._tokens = _TOKEN.findall(text)
        if "".join(self._tokens) != re.sub(r"\s", "", text):
            raise AssertionError(f"the table in memory does not know {text!r}")
        self._values = values
        self._item = item

    def holds(self) -> bool:
        """Judge the condition."""
        return self._any()

    def assignments(self) -> list[tuple[list[str], Any]]:
        """Return what is assigned where."""
        found = []
        while self._tokens:
            place = self._path(self._tokens.pop(0))
            self._take("=")
            value = self._operand()
            while self._next("+"):
                value += self._operand()
            found.append((place, value))
            self._next(",")
        return found

    def _any(self) -> bool:
        held = self._all()
        while self._next("OR"):
            held = self._all() or held
        return held

    def _all(self) -> bool:
        held = self._one()
        while self._next("AND"):
            held = self._one() and held
        return held

    def _one(self) -> bool:
        if self._next("("):
            held = self._any()
            self._take(")")
            return held
        if self._tokens[0] in {"attribute_exists", "attribute_not_exists"}:
            wanted = self._tokens.pop(0) == "attribute_exists"
            self._take("(")
            found = self._look(self._tokens.pop(0)) is not _MISSING
            self._take(")")
            return found is wanted
        left, operator, right = self._operand(), self._tokens.pop(0), self._operand()
        if left is _MISSING or right is _MISSING:
            return False
        if operator in {"=", "<>"}:
            return (left == right) is (operator == "=")
        if left is None or right is None:
            return False
        return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])

    def _operand(self) -> Any:
        token = self._tokens.pop(0)
        if token == "if_not_exists":
            self._take("(")
            found = self._look(self._tokens.pop(0))
            self._take(",")
            default = self._operand()
            self._take(")")
            return default if found is _MISSING else found
        return self._values[token[1:]] if token.startswith(":") else self._look(token)

    def _look(self, token: str) -> Any:
        at: Any = self._item
        for name in self._path(token):
            if not isinstance(at, Mapping) or name not in at:
                return _MISSING
            at = at[name]
        return at

    @staticmethod
    def _path(token: str) -> list[str]:
        return [part.removeprefix("#") for part in token.split(".")]

    def _next(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _take(self, token: str) -> None:
        if not self._next(token):
            raise AssertionError(f"expected {token} before {self._tokens}")
