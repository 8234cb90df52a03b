"""Which of several matches goes first, and which is a consequence of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.analysis.facts import Facts
from bot.playbooks.assess import BAR, Assessment
from bot.playbooks.model import Playbook
from bot.playbooks.scan import FAILED

THIN: Final = 0.3
"""Taken from the rank of a cause that concerns next to none of the failed invocations, when another concerns most of them."""
HANDLED: Final = 0.25
"""Taken from the rank of a cause seen only in invocations that ended well, when others failed."""
BULK: Final = 0.5
FEWEST_FAILURES: Final = 3
"""With fewer failed invocations a share says nothing."""
PRECEDES: Final = 0.8
"""Share of the common invocations in which one cause must come first to count as what drags the other behind it."""
DRAG_REACH: Final = 0.25
"""An earlier line that is less sure than this much does not outrank a later one; it may be chatter."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A match in its place; `explained_by` is the id of the playbook that explains it."""

    assessment: Assessment
    explained_by: str | None = None

    @property
    def id(self) -> str:
        """Return the playbook's id."""
        return self.assessment.playbook.id


def rank(matches: Sequence[Assessment], playbooks: Sequence[Playbook], facts: Facts) -> list[Ranked]:
    """Return the matches, best first: causes before what they explain, ties in the order of the ids."""
    scores = _scores(matches, facts)
    order = sorted(matches, key=lambda match: (-scores[match.playbook.id], match.playbook.id))
    explained = _explanations(order, _closure(playbooks))
    ranked = [Ranked(match, explained.get(match.playbook.id)) for match in order]
    return [one for one in ranked if one.explained_by is None] + [one for one in ranked if one.explained_by is not None]


def _scores(matches: Sequence[Assessment], facts: Facts) -> dict[str, float]:
    """Return the confidence of each match, less what speaks against its being the first cause."""
    failures = sum(item.count for item in facts.invocations if item.outcome in FAILED)
    shares = {match.playbook.id: min(1.0, match.affected / failures) if failures else 0.0 for match in matches}
    best = max(shares.values(), default=0.0)
    scores = {}
    for match in matches:
        score = match.confidence
        share = shares[match.playbook.id]
        if failures >= FEWEST_FAILURES and best >= BULK and match.affected:
            score -= THIN * (1 - min(1.0, share / (BULK * best)))
        if failures and match.is_handled:
            score -= HANDLED
        scores[match.playbook.id] = score
    return _behind_what_drags_them(matches, scores)


def _behind_what_drags_them(matches: Sequence[Assessment], scores: dict[str, float]) -> dict[str, float]:
    """Put a cause behind the one whose line comes first in the same failed invocations."""
    pairs = [
        (first.playbook.id, second.playbook.id)
        for first in matches
        for second in matches
        if first is not second and first.confidence >= max(BAR, second.confidence - DRAG_REACH) and _precedes(first, second)
    ]
    for _ in matches:
        for first, second in pairs:
            scores[second] = min(scores[second], scores[first] - 0.001)
    return scores


def _precedes(first: Assessment, second: Assessment) -> bool:
    ours, theirs = first.failed, second.failed
    both = [name for name in theirs if ours.get(name, -1) >= 0 and theirs[name] >= 0]
    if not both or len(both) < BULK * len(theirs):
        return False
    return sum(ours[name] < theirs[name] for name in both) >= PRECEDES * len(both)


def _closure(playbooks: Sequence[Playbook]) -> Mapping[str, frozenset[str]]:
    """Return for each playbook all that it supersedes, also by way of others."""
    direct = {playbook.id: playbook.supersedes for playbook in playbooks}
    found: dict[str, frozenset[str]] = {}
    for name in direct:
        reached: set[str] = set()
        waiting = list(direct[name])
        while waiting:
            other = waiting.pop()
            if other not in reached:
                reached.add(other)
                waiting.extend(direct.get(other, ()))
        found[name] = frozenset(reached - {name})
    return found


def _explanations(order: Sequence[Assessment], closure: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Return what explains each match that is a consequence: the root, and not a link in between."""
    by_id = {match.playbook.id: match for match in order}
    place = {name: number for number, name in enumerate(by_id)}
    parents = {
        name: [other for other in by_id if _explains(by_id[other], by_id[name], closure, place)]
        for name in by_id
    }  # fmt: skip
    found = {}
    for name, above in parents.items():
        roots = [other for other in above if not parents[other]]
        if above:
            found[name] = (roots or above)[0]
    return found


def _explains(cause: Assessment, effect: Assessment, closure: Mapping[str, frozenset[str]], place: Mapping[str, int]) -> bool:
    first, second = cause.playbook, effect.playbook
    if second.id not in closure[first.id]:
        return False
    # Two that supersede each other, be it by way of others: what the author wrote down directly goes first, then the rank.
    if first.id in closure[second.id]:
        ours, theirs = second.id in first.supersedes, first.id in second.supersedes
        if (ours, theirs) == (False, True) or (ours == theirs and place[first.id] > place[second.id]):
            return False
    return _concerns_the_same(cause, effect)


def _concerns_the_same(cause: Assessment, effect: Assessment) -> bool:
    """A cause seen in one failed invocation does not explain what happened in all the others."""
    ours, theirs = cause.failed.keys(), effect.failed.keys()
    if not ours or len(theirs) < FEWEST_FAILURES:
        return True
    return len(ours & theirs) >= 0.2 * len(theirs)
