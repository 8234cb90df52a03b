"""Playbooks tried against their cases, and their cases tried against changed thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import PlaybookError
from bot.playbooks.assess import Assessment, assess
from bot.playbooks.cases import LoadedCase, failures, load_cases
from bot.playbooks.engine import Examined, conclude, evaluator_for
from bot.playbooks.evaluate import Evaluator
from bot.playbooks.lint import path_of, sources_in, survey_with_shipped
from bot.playbooks.loader import Source
from bot.playbooks.model import Playbook
from bot.playbooks.mutate import Mutant, mutants


@dataclass(slots=True)
class Trial:
    """The result: failures, thresholds that no case watches, and how much was run."""

    failed: list[str] = field(default_factory=list)
    unwatched: list[str] = field(default_factory=list)
    playbooks: int = 0
    cases: int = 0
    mutants: int = 0


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A case whose incident was read once; only the playbook under trial is assessed again."""

    loaded: LoadedCase
    evaluator: Evaluator
    others: tuple[Assessment, ...]
    before: Examined

    def with_playbook(self, playbook: Playbook) -> Examined:
        return _conclude(self.evaluator, self.others, playbook)


def try_playbooks(path: Path, *, mutate: bool = True) -> Trial:
    """Run the cases of every playbook at a path; a playbook without a matching and a silent case fails."""
    trial = Trial()
    loaded = survey_with_shipped(path)
    sources = sources_in(loaded, path)
    ours = {str(source.path) for source in sources}
    trial.failed += [fault for fault in loaded.faults if path_of(fault) in ours or not sources]
    for source in sources:
        if source.playbook is not None:
            trial.playbooks += 1
            _try_one(source, source.playbook, loaded.playbooks, trial, mutate=mutate)
    return trial


def _try_one(source: Source, playbook: Playbook, playbooks: Sequence[Playbook], trial: Trial, *, mutate: bool) -> None:
    try:
        cases = load_cases(source.path)
    except PlaybookError as exc:
        trial.failed += exc.faults
        return
    trial.cases += len(cases)
    for kind in ("match", "silent"):
        if not any(one.case.expect == kind for one in cases):
            trial.failed.append(f"{source.path}:1: has no case with `expect: {kind}`")
    prepared = [_prepare(one, playbook, playbooks) for one in cases]
    failed = [
        f"{one.loaded.path}:1: {failure} ({' '.join(one.loaded.case.because.split())})"
        for one in prepared
        for failure in failures(one.loaded.case, playbook, one.before)
    ]
    trial.failed += failed
    if mutate and not failed:
        for mutant in mutants(playbook):
            trial.mutants += 1
            if not any(_notices(one, mutant, playbook) for one in prepared):
                place = ".".join(map(str, mutant.place))
                trial.unwatched.append(f"{source.path}:{source.marked.line(mutant.place)}: {place}: no case notices {mutant.change}")


def _prepare(loaded: LoadedCase, playbook: Playbook, playbooks: Sequence[Playbook]) -> _Prepared:
    evaluator = evaluator_for(loaded.incident, playbooks)
    others = tuple(assess(other, evaluator) for other in playbooks if other.id != playbook.id)
    return _Prepared(loaded, evaluator, others, _conclude(evaluator, others, playbook))


def _conclude(evaluator: Evaluator, others: Sequence[Assessment], playbook: Playbook) -> Examined:
    return conclude(evaluator, sorted([*others, assess(playbook, evaluator)], key=lambda one: one.playbook.id))


def _notices(prepared: _Prepared, mutant: Mutant, playbook: Playbook) -> bool:
    """Tell whether a case fails, or what it shows of this playbook changes, when a threshold does."""
    after = prepared.with_playbook(mutant.playbook)
    return bool(failures(prepared.loaded.case, playbook, after)) or _shown(prepared.before, playbook) != _shown(after, playbook)


def _shown(examined: Examined, playbook: Playbook) -> Any:
    """Return what a playbook adds to the answer: how sure it is, what it offers, declines, advises and supposes."""
    own = next(one for one in examined.assessments if one.playbook.id == playbook.id)
    diagnosis = next((one for one in examined.answer.diagnoses if one.playbook == playbook.id), None)
    return own.confidence, own.is_hinted, diagnosis and (diagnosis.remediations, diagnosis.declined, diagnosis.advice)
