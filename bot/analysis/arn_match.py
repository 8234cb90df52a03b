"""Matching IAM patterns against an ARN of which some parts may be unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

Match = Literal["yes", "no", "maybe"]

UNKNOWN: Final = "\x01"
"""Stands for a part of an ARN that nobody could read: a stage, a method, an id, so without colon and slash."""

UNKNOWN_PATH: Final = "\x02"
"""Stands for a path that nobody could read: any text without a colon."""

_STOPS: Final = {UNKNOWN: ":/", UNKNOWN_PATH: ":"}


def is_known(arn: str) -> bool:
    """Tell whether no part of an ARN is missing."""
    return UNKNOWN not in arn and UNKNOWN_PATH not in arn


def shown(arn: str) -> str:
    """Return an ARN for people, `*` where a part is unknown."""
    return arn.replace(UNKNOWN, "*").replace(UNKNOWN_PATH, "*")


def arn_matches(pattern: str, arn: str) -> Match:
    """Match an ArnLike or StringLike pattern (`*`, `?`) against an ARN.

    A part that is unknown matches for certain only where the pattern has a wildcard for it.
    """
    if _share_a_text(pattern, arn, unknown_is_any=False):
        return "yes"
    if is_known(arn):
        return "no"
    return "maybe" if _share_a_text(pattern, arn, unknown_is_any=True) else "no"


def _share_a_text(pattern: str, subject: str, *, unknown_is_any: bool) -> bool:
    """Tell whether some text fits both; without `unknown_is_any` an unknown part is a letter that only wildcards match."""
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        if place == (len(pattern), len(subject)):
            return True
        waiting.extend(_steps(pattern, subject, *place, unknown_is_any))
    return False


def _steps(pattern: str, subject: str, i: int, j: int, unknown_is_any: bool) -> Iterator[tuple[int, int]]:
    more_pattern, more_subject = i < len(pattern), j < len(subject)
    if more_subject and unknown_is_any and (stops := _STOPS.get(subject[j])):
        yield i, j + 1  # the unknown part is over
        if more_pattern and pattern[i] not in stops:
            yield i + 1, j  # or it holds what the pattern says next
        return
    if not more_pattern:
        return
    if pattern[i] == "*":
        yield i + 1, j
        if more_subject:
            yield i, j + 1
    elif more_subject and (pattern[i] == "?" or pattern[i] == subject[j]):
        yield i + 1, j + 1
