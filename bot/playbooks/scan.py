"""One pass over all texts of an incident for the patterns of all playbooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.analysis.facts import Outcome, TextRole
from bot.analysis.texts import Text
from bot.models.diagnosis import Citation
from bot.playbooks.conditions import TextCondition
from bot.playbooks.model import Playbook
from bot.playbooks.patterns import Found, PatternSet, find

FAILED: Final[frozenset[Outcome]] = frozenset({"error", "timeout", "oom"})

MAX_WORDINGS: Final = 64
"""Different wordings kept of one pattern; a pattern with a wildcard could otherwise keep the whole log."""
MAX_CAPTURES: Final = 2_000
"""Of a pattern that was seen so often, the further places are no longer looked up: that it occurs is known from the automaton
of all patterns, and its commonest wordings are told by their letters."""
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
    by_role: dict[str, int] = field(default_factory=dict)
    """How many failures each role tells of; further lines of a failed invocation are not counted again."""
    wordings: dict[tuple[str, str], Wording] = field(default_factory=dict)
    """By role and words: the same failure stands in the function's log and in the gateway's, and is cited from both."""
    failed: dict[str, int] = field(default_factory=dict)
    """Failed invocations in which it stands, with the position of the first such line."""
    leading: list[tuple[tuple[str, str], Wording]] | None = None
    """The wordings that will be cited, longest first, once so many lines were seen that no other will be."""

    def add(self, text: Text, found: Found, position: int) -> None:
        """Count one line."""
        self._count(text, position)
        if self.count == MAX_CAPTURES:
            common = {id(one) for one in self.ranked()[:MAX_CITATIONS]}
            self.leading = sorted((pair for pair in self.wordings.items() if id(pair[1]) in common), key=lambda pair: -len(pair[0][1]))
        words = (text.role, text.message[found.start : found.end])
        wording = self.wordings.get(words)
        if wording is None:
            if len(self.wordings) == MAX_WORDINGS:
                return
            wording = self.wordings[words] = Wording(text, around(text.message, found.start, found.end), found.groups(text.message))
        wording.count += 1

    def add_common(self, text: Text, position: int) -> None:
        """Count one line of which only is known that the pattern occurs in it."""
        self._count(text, position)
        for (role, words), wording in self.leading or ():
            if role == text.role and words in text.message:
                wording.count += 1
                return

    def _count(self, text: Text, position: int) -> None:
        self.count += 1
        if text.outcome == "ok":
            self.handled += 1
        elif text.request_id and text.outcome in FAILED:
            if text.request_id in self.failed:
                return
            self.failed[text.request_id] = position
        self.by_role[text.role] = self.by_role.get(text.role, 0) + 1

    @property
    def seen(self) -> int:
        """Return how often the failure was seen: an invocation once, and in the log that tells of most, since others tell of the same."""
        return max(self.by_role.values(), default=0)

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


Plan = tuple[tuple[str, tuple[int, ...]], ...]
"""What to do with a text in which certain patterns occur: those that count, with the numbers of the slots that take it."""

MAX_PLANS: Final = 4_096


class Scanner:
    """All patterns of a set of playbooks, ready for any number of incidents."""

    def __init__(self, playbooks: Iterable[Playbook]) -> None:
        self.slots = tuple(dict.fromkeys(slots_of(playbooks)))
        by_pattern: dict[str, list[int]] = {}
        for number, slot in enumerate(self.slots):
            by_pattern.setdefault(slot.pattern, []).append(number)
        self._patterns = tuple(by_pattern)
        self._slots = tuple(by_pattern.values())
        self._set = PatternSet(self._patterns)
        self._plans: dict[tuple[tuple[int, ...], TextRole, Outcome, bool], Plan] = {}
        # Of a healthy invocation nothing counts but its error lines, unless a playbook asks for more; in a busy log
        # this spares nearly every line the search.
        self._wants_quiet_lines = any("ok" in slot.outcomes for slot in self.slots)

    def scan(self, texts: Iterable[Text]) -> Scanned:
        """Read every text once."""
        scan = self.start()
        for text in texts:
            scan.see(text)
        return scan.scanned()

    def start(self) -> Scan:
        """Return a reader for the texts of one incident."""
        return Scan(self)

    def candidates(self, text: Text, encoded: bytes) -> tuple[Plan, bool]:
        """Return the patterns that may occur in a text, with the numbers of the slots that take it, and whether they do for sure."""
        numbers, is_sure = self._set.candidates(encoded)
        key = (numbers, text.role, text.outcome, text.level == "error")
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            plan = self._plans[key] = tuple(self._plan(sorted(numbers), text))
        return plan, is_sure

    def spares(self, text: Text) -> bool:
        """Tell whether nothing in a text can count."""
        return text.outcome == "ok" and text.level != "error" and not self._wants_quiet_lines

    def _plan(self, numbers: Iterable[int], text: Text) -> Iterator[tuple[str, tuple[int, ...]]]:
        for number in numbers:
            if slots := tuple(slot for slot in self._slots[number] if self.slots[slot].accepts(text)):
                yield self._patterns[number], slots


class Scan:
    """The pass over the texts of one incident."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._hits: dict[int, Hits] = {}
        self._roles: set[TextRole] = set()
        self._position = 0

    def see(self, text: Text) -> None:
        """Take one text into account."""
        self._roles.add(text.role)
        if not self._scanner.spares(text):
            encoded = text.message.encode()
            plan, is_sure = self._scanner.candidates(text, encoded)
            for pattern, slots in plan:
                self._count(pattern, slots, is_sure, text, encoded)
        self._position += 1

    def _count(self, pattern: str, slots: tuple[int, ...], is_sure: bool, text: Text, encoded: bytes) -> None:
        found: Found | None = None
        for slot in slots:
            hits = self._hits.get(slot)
            if hits is not None and hits.leading is not None and is_sure:
                hits.add_common(text, self._position)
                continue
            found = found or find(pattern, text.message, encoded)
            if found is None:
                return
            if hits is None:
                hits = self._hits[slot] = Hits()
            hits.add(text, found, self._position)

    def scanned(self) -> Scanned:
        """Return what was found in the texts seen so far."""
        return Scanned({self._scanner.slots[number]: hits for number, hits in self._hits.items()}, frozenset(self._roles))
