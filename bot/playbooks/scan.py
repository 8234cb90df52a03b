"""One pass over all texts of an incident for the patterns of all playbooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from bot.analysis.facts import Outcome, TextRole
from bot.analysis.texts import Text
from bot.models.diagnosis import Citation
from bot.playbooks.conditions import TextCondition
from bot.playbooks.model import Playbook
from bot.playbooks.patterns import PatternSet, compile_pattern

FAILED: Final[frozenset[Outcome]] = frozenset({"error", "timeout", "oom"})

MAX_WORDINGS: Final = 64
"""Different wordings kept of one pattern; a pattern with a wildcard could otherwise keep the whole log."""
MAX_CITATIONS: Final = 3
MAX_CHARS: Final = 280
CONTEXT_CHARS: Final = 60

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEAD: Final = re.compile(r"^(?:\[?\d{4}-\d\d-\d\d[T ][\d:.,]+Z?\]?|\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\]?|[\s)\]>:])+")


@dataclass(frozen=True, slots=True)
class Slot:
    """What a text condition looks for; conditions that look for the same share it."""

    pattern: str
    roles: frozenset[TextRole]
    outcomes: frozenset[Outcome]
    handled: bool

    @classmethod
    def of(cls, condition: TextCondition) -> Slot:
        """Return the slot of a condition."""
        return cls(condition.pattern, frozenset(condition.in_), frozenset(condition.outcomes), condition.handled == "include")

    def accepts(self, text: Text) -> bool:
        """Tell whether a line of this role, level and outcome may count."""
        if self.roles and text.role not in self.roles:
            return False
        if self.outcomes:
            return text.outcome in self.outcomes
        return text.outcome != "ok" or (self.handled and text.level == "error")


@dataclass(slots=True)
class Wording:
    """One text that a pattern matched, with the first place where it stands."""

    text: Text
    fragment: str
    groups: dict[str, str]
    count: int = 0


@dataclass(slots=True)
class Hits:
    """What was found for one slot."""

    count: int = 0
    handled: int = 0
    """How many of them stand in invocations that ended well."""
    wordings: dict[str, Wording] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    """Failed invocations in which it stands, with the position of the first such line."""

    def add(self, text: Text, match: Any, position: int) -> None:
        """Count one line."""
        self.count += 1
        self.handled += text.outcome == "ok"
        if text.request_id and text.outcome in FAILED:
            self.failed.setdefault(text.request_id, position)
        start, end = match.span()
        words = text.message[start:end]
        wording = self.wordings.get(words)
        if wording is None and len(self.wordings) < MAX_WORDINGS:
            groups = {name: value for name, value in match.groupdict().items() if value is not None}
            wording = self.wordings[words] = Wording(text, around(text.message, start, end), groups)
        if wording is not None:
            wording.count += 1

    def ranked(self) -> list[Wording]:
        """Return the wordings, the most frequent first, of equal ones the earliest."""
        return sorted(self.wordings.values(), key=lambda wording: -wording.count)

    def citations(self) -> tuple[Citation, ...]:
        """Return the places to cite, each with the count of its wording."""
        return tuple(wording.text.cite(wording.fragment, wording.count) for wording in self.ranked()[:MAX_CITATIONS])


def around(message: str, start: int, end: int) -> str:
    """Return the line that a match stands in, without time and request id, and short enough to read."""
    begin = message.rfind("\n", 0, start) + 1
    stop = message.find("\n", end)
    stop = len(message) if stop < 0 else stop
    for found in _UUID.finditer(message, begin, start):
        begin = found.end()
    head = _HEAD.match(message[begin:start])
    begin += head.end() if head else 0
    if end - begin > MAX_CHARS or message[begin] == "{":
        begin = max(begin, start - CONTEXT_CHARS)
    return message[begin : min(stop, begin + MAX_CHARS)].strip()


@dataclass(frozen=True, slots=True)
class Scanned:
    """The result of the pass."""

    hits: dict[Slot, Hits]
    roles: frozenset[TextRole]
    """Roles of which at least one text was read."""

    def read(self, roles: frozenset[TextRole]) -> bool:
        """Tell whether any text of these roles (of any role when empty) was read."""
        return bool(self.roles & roles) if roles else bool(self.roles)


def slots_of(playbooks: Iterable[Playbook]) -> Iterator[Slot]:
    """Yield the slot of every text condition."""
    for playbook in playbooks:
        for _, condition in playbook.conditions():
            for leaf in condition.leaves():
                if leaf.text is not None:
                    yield Slot.of(leaf.text)


class Scanner:
    """All patterns of a set of playbooks, ready for any number of incidents."""

    def __init__(self, playbooks: Iterable[Playbook]) -> None:
        self._by_pattern: dict[str, list[Slot]] = {}
        for slot in dict.fromkeys(slots_of(playbooks)):
            self._by_pattern.setdefault(slot.pattern, []).append(slot)
        self._patterns = tuple(self._by_pattern)
        self._set = PatternSet(self._patterns)
        # Of a healthy invocation nothing counts but its error lines, unless a playbook asks for more; in a busy log
        # this spares nearly every line the search.
        self._wants_quiet_lines = any("ok" in slot.outcomes for slots in self._by_pattern.values() for slot in slots)

    def scan(self, texts: Iterable[Text]) -> Scanned:
        """Read every text once."""
        hits: dict[Slot, Hits] = {}
        roles: set[TextRole] = set()
        for position, text in enumerate(texts):
            roles.add(text.role)
            if text.outcome == "ok" and text.level != "error" and not self._wants_quiet_lines:
                continue
            for number in self._set.candidates(text.message):
                self._count(self._patterns[number], text, position, hits)
        return Scanned(hits, frozenset(roles))

    def _count(self, pattern: str, text: Text, position: int, hits: dict[Slot, Hits]) -> None:
        accepting = [slot for slot in self._by_pattern[pattern] if slot.accepts(text)]
        match = compile_pattern(pattern).search(text.message) if accepting else None
        if match is not None:
            for slot in accepting:
                hits.setdefault(slot, Hits()).add(text, match, position)
