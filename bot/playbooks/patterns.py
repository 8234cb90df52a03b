"""RE2 patterns: compiled once, without a word on standard error."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

import re2

PATTERN_MEMORY: Final = 16 << 20
"""Bytes that one compiled pattern may use; RE2's own default is half of it."""
SET_MEMORY: Final = 48 << 20
"""Bytes for all patterns as one automaton."""


class PatternError(ValueError):
    """A pattern is not valid RE2; the message is RE2's own."""


def _options(max_mem: int) -> Any:
    options = re2.Options()
    # RE2 would print each bad pattern to standard error, beside the fault that names file and line.
    options.log_errors = False
    options.max_mem = max_mem
    return options


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> Any:
    """Compile a pattern.

    Raises:
        PatternError: RE2 refuses it (it has no look-around and no back-references).
    """
    try:
        return re2.compile(pattern, _options(PATTERN_MEMORY))
    except re2.error as exc:
        reason = exc.args[0] if exc.args else exc
        raise PatternError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from exc


def group_names(pattern: str) -> tuple[str, ...]:
    """Return the names of a pattern's groups, in their order."""
    return tuple(compile_pattern(pattern).groupindex)


class Found(NamedTuple):
    """The first place where a pattern occurs in a text."""

    start: int
    end: int
    match: Any

    def groups(self, text: str) -> dict[str, str]:
        """Return the named groups that took part."""
        found = {name: self.match.span(index) for name, index in self.match.re.groupindex.items()}
        return {name: text[start:end] for name, (start, end) in found.items() if start >= 0}


def find(pattern: str, text: str, encoded: bytes) -> Found | None:
    """Return the first place where a pattern occurs.

    Args:
        pattern: The pattern.
        text: Where to look.
        encoded: The same in UTF-8. Of ASCII text both have the same positions, and RE2's wrapper need not translate them,
            which takes most of its time.
    """
    match = compile_pattern(pattern).search(encoded if len(encoded) == len(text) else text)
    if match is None:
        return None
    start, end = match.span()
    return Found(start, end, match)


class PatternSet:
    """All patterns as one automaton: which of them occur somewhere in a text, in one pass over it."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._count = len(patterns)
        self._set = re2.Set.SearchSet(_options(SET_MEMORY))
        for pattern in patterns:
            self._set.Add(pattern)
        # The empty pattern is in every text. RE2 answers "nothing" when its memory is used up; without this sentinel
        # that would pass for a text in which no pattern occurs.
        self._set.Add("")
        self._set.Compile()

    def candidates(self, text: str | bytes) -> tuple[tuple[int, ...], bool]:
        """Return the numbers of the patterns that occur in a text and True; all numbers and False when the automaton gave up."""
        found = self._set.Match(text)
        if self._count not in found:
            return tuple(range(self._count)), False
        return tuple(index for index in found if index != self._count), True
