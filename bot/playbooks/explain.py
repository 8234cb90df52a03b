"""Why each playbook did or did not match an incident, condition by condition."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playbooks.assess import BAR, Assessment
from bot.playbooks.calibration import calibrated
from bot.playbooks.engine import Examined
from bot.playbooks.evaluate import Trace
from bot.playbooks.ranking import Ranked

_MARKS = {True: "yes    ", False: "no     ", None: "unknown"}


def explain(examined: Examined, only: str | None = None) -> list[str]:
    """Return the explanation as lines, the diagnosed playbooks first, then hypotheses, then the silent ones."""
    places = {ranked.id: (number, ranked) for number, ranked in enumerate(examined.ranked, start=1)}
    order = sorted(examined.assessments, key=lambda one: _sort_key(one, places))
    lines = [f"verdict: {examined.answer.verdict}"]
    if examined.answer.looked_at:
        lines.append(f"looked at: {'; '.join(examined.answer.looked_at)}")
    for one in order:
        if only is None or one.playbook.id == only:
            lines += ["", f"{one.playbook.id}: {standing(one, places.get(one.playbook.id))}", *_conditions(one)]
    return lines


def _sort_key(one: Assessment, places: dict[str, tuple[int, Ranked]]) -> tuple[int, int, float, str]:
    if one.playbook.id in places:
        return 0, places[one.playbook.id][0], 0.0, one.playbook.id
    group = 1 if one.is_match else 2 if one.is_hinted else 3
    return group, 0, -one.confidence, one.playbook.id


def standing(one: Assessment, place: tuple[int, Ranked] | None) -> str:
    """Return in a few words what became of a playbook."""
    if place is not None:
        explained = f", explained by {place[1].explained_by}" if place[1].explained_by else ""
        return f"matches with {one.confidence:.2f} (shown as {calibrated(one.confidence):.2f}), place {place[0]}{explained}"
    if one.is_match:
        reason = f"below the bar of {BAR:.2f}" if one.confidence < BAR else "nothing to cite"
        return f"matches with {one.confidence:.2f}, {reason}: a hypothesis at most"
    if one.is_vetoed and one.held:
        return "a signal holds, but a veto does too"
    if one.is_hinted:
        return "only its hint holds: a hypothesis at most"
    return "silent"


def _conditions(one: Assessment) -> Iterator[str]:
    for signal, trace in one.signals:
        yield f"  signal {signal.id} ({signal.confidence:.2f})"
        yield from _tree(trace, 2)
    for veto, trace in one.vetoes:
        yield f"  silent when: {' '.join(veto.because.split())}"
        yield from _tree(trace, 2)
    for word, shifts in (("surer", one.stronger), ("less sure", one.weaker)):
        for shift, trace in shifts:
            yield f"  {word} by {shift.by:g} when: {' '.join(shift.because.split())}"
            yield from _tree(trace, 2)
    if one.hint is not None:
        yield "  hint"
        yield from _tree(one.hint, 2)


def _tree(trace: Trace, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{_MARKS[trace.result]} {trace.words}{f': {trace.found}' if trace.found else ''}"
    for citation in trace.cites:
        often = f" ({citation.count} times)" if citation.count > 1 else ""
        yield f"{'  ' * depth}          {citation.section} {citation.ref}: {' '.join(citation.text.split())}{often}"
    for child in trace.children:
        yield from _tree(child, depth + 1)
