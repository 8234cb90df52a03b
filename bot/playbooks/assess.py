"""One playbook against one incident: which of its conditions hold, and how sure that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.models.diagnosis import Citation
from bot.playbooks.evaluate import Evaluator, Trace
from bot.playbooks.model import Playbook, Shift, Signal, Veto

BAR: Final = 0.5
"""Below it a match is a hypothesis and not a diagnosis."""
CEILING: Final = 0.99
GAP_SHARE: Final = 0.25
"""How much of the gap to certainty each further signal closes."""
MAX_CITATIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Assessment:
    """What became of one playbook."""

    playbook: Playbook
    signals: tuple[tuple[Signal, Trace], ...]
    vetoes: tuple[tuple[Veto, Trace], ...]
    weaker: tuple[tuple[Shift, Trace], ...]
    stronger: tuple[tuple[Shift, Trace], ...]
    hint: Trace | None

    @property
    def held(self) -> list[tuple[Signal, Trace]]:
        """Return the signals that hold, the surest first."""
        return sorted(((signal, trace) for signal, trace in self.signals if trace.result), key=lambda pair: -pair[0].confidence)

    @property
    def is_vetoed(self) -> bool:
        """Tell whether a veto is true; one that is unknown vetoes nothing."""
        return any(trace.result for _, trace in self.vetoes)

    @property
    def is_match(self) -> bool:
        """Tell whether a signal holds and no veto does."""
        return bool(self.held) and not self.is_vetoed

    @property
    def is_hinted(self) -> bool:
        """Tell whether only the hint holds."""
        return self.hint is not None and self.hint.result is True and not self.is_vetoed

    @property
    def confidence(self) -> float:
        """Return how sure the playbook is, 0 when it does not match."""
        if not self.is_match:
            return 0.0
        first, *further = [signal.confidence for signal, _ in self.held]
        sure = first
        for _ in further:
            sure += (1 - sure) * GAP_SHARE
        for shift, trace in self.stronger:
            sure += (1 - sure) * shift.by if trace.result else 0.0
        for shift, trace in self.weaker:
            sure -= shift.by if trace.result else 0.0
        return round(min(max(sure, 0.0), CEILING), 4)

    @property
    def is_diagnosis(self) -> bool:
        """Tell whether it is sure enough, and has something to cite."""
        return self.confidence >= BAR and bool(self.evidence)

    def leaves(self) -> list[Trace]:
        """Return the conditions that speak for the cause, those of the surest signal first."""
        traces = [trace for _, trace in self.held] + [trace for _, trace in self.stronger if trace.result]
        return [leaf for trace in traces for leaf in true_leaves(trace)]

    def signal_leaves(self) -> list[Trace]:
        """Return the conditions of the signals that hold."""
        return [leaf for _, trace in self.held for leaf in true_leaves(trace)]

    @property
    def evidence(self) -> list[Citation]:
        """Return what is cited: every place once, with the highest count."""
        return merge(citation for leaf in self.leaves() for citation in leaf.cites)

    @property
    def count(self) -> int:
        """Return how often the best-counted condition of the signals was seen, at least 1."""
        return max([1, *(leaf.count for leaf in self.signal_leaves())])

    @property
    def bindings(self) -> dict[str, Any]:
        """Return the names that its true conditions bind; the surest signal goes first."""
        found: dict[str, Any] = {}
        weak = [trace for _, trace in self.weaker if trace.result] + ([self.hint] if self.hint is not None and self.hint.result else [])
        for leaf in [*self.leaves(), *(leaf for trace in weak for leaf in true_leaves(trace))]:
            for name, value in leaf.bindings.items():
                found.setdefault(name, value)
        return found

    @property
    def failed(self) -> dict[str, int]:
        """Return the failed invocations that it concerns, with the position of its first line in each (-1: not from a line)."""
        found: dict[str, int] = {}
        for leaf in self.signal_leaves():
            for name, position in leaf.failed.items():
                known = found.get(name, -1)
                found[name] = position if known < 0 else min(known, position) if position >= 0 else known
        return found

    @property
    def affected(self) -> int:
        """Return how many failed invocations it concerns, 0 where that cannot be told."""
        return max([0, *(max(leaf.affected, len(leaf.failed)) for leaf in self.signal_leaves())])

    @property
    def is_handled(self) -> bool:
        """Tell whether all that it saw stands in invocations that ended well."""
        seen = [leaf for leaf in self.signal_leaves() if leaf.kind in ("text", "fact")]
        return bool(seen) and all(leaf.handled for leaf in seen)


def assess(playbook: Playbook, evaluator: Evaluator) -> Assessment:
    """Judge every condition of a playbook."""
    return Assessment(
        playbook,
        tuple((signal, evaluator.evaluate(signal.when)) for signal in playbook.signals),
        tuple((veto, evaluator.evaluate(veto.when)) for veto in playbook.unless),
        tuple((shift, evaluator.evaluate(shift.when)) for shift in playbook.weaker),
        tuple((shift, evaluator.evaluate(shift.when)) for shift in playbook.stronger),
        evaluator.evaluate(playbook.hint.when) if playbook.hint is not None else None,
    )


def true_leaves(trace: Trace) -> Iterator[Trace]:
    """Yield the leaves that make a condition true; what stands below a `not` proves nothing by itself."""
    if trace.result is not True or trace.kind == "not":
        return
    if not trace.children:
        yield trace
    for child in trace.children:
        yield from true_leaves(child)


def merge(citations: Iterable[Citation], limit: int = MAX_CITATIONS) -> list[Citation]:
    """Return each place once, in the order of first mention, with its highest count."""
    found: dict[tuple[str, str, str], Citation] = {}
    for citation in citations:
        key = (citation.section, citation.ref, citation.text)
        known = found.get(key)
        if known is None or citation.count > known.count:
            found[key] = citation
    return list(found.values())[:limit]
