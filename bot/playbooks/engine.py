"""From an incident file and playbooks to the answer. The same file and playbooks give the same bytes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from bot.analysis.analyse import analyse
from bot.analysis.facts import Facts
from bot.analysis.first_pass import first_pass
from bot.models.diagnosis import Answer, Diagnosis, Hypothesis, Verdict
from bot.models.incident_file import IncidentFile
from bot.playbooks.assess import MAX_CITATIONS, Assessment, assess, merge
from bot.playbooks.calibration import calibrated
from bot.playbooks.context import Context
from bot.playbooks.evaluate import Evaluator
from bot.playbooks.model import Playbook
from bot.playbooks.ranking import Ranked, rank
from bot.playbooks.remedies import Remedies, remedies_of
from bot.playbooks.scan import Scanner
from bot.playbooks.templates import TextTemplateError, render

logger = logging.getLogger(__name__)

MAX_DIAGNOSES: Final = 5
MAX_HYPOTHESES: Final = 2
CLIENT_ERROR: Final = "client-error-not-lambda"


@dataclass(frozen=True, slots=True)
class Examined:
    """An incident with everything that was concluded on the way to its answer."""

    facts: Facts
    assessments: tuple[Assessment, ...]
    ranked: tuple[Ranked, ...]
    answer: Answer


@lru_cache(maxsize=4)
def _scanner(playbooks: tuple[Playbook, ...]) -> Scanner:
    return Scanner(playbooks)


class _ById(tuple[Playbook, ...]):
    """Playbooks hold dicts and have no hash; the same loaded set is the same object."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(tuple(map(id, self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple) and len(self) == len(other) and all(a is b for a, b in zip(self, other, strict=True))


def diagnose(incident: IncidentFile, playbooks: Sequence[Playbook]) -> Answer:
    """Return the answer that the playbooks give for an incident."""
    return examine(incident, playbooks).answer


def examine(incident: IncidentFile, playbooks: Sequence[Playbook]) -> Examined:
    """Return the answer with every step that led to it, for `explain`, tests and the bench."""
    known = sorted(playbooks, key=lambda playbook: playbook.id)
    evaluator = evaluator_for(incident, known)
    return conclude(evaluator, [assess(playbook, evaluator) for playbook in known])


def evaluator_for(incident: IncidentFile, playbooks: Sequence[Playbook]) -> Evaluator:
    """Read an incident once: its facts, and what the playbooks' patterns find in it."""
    first = first_pass(incident)
    scan = _scanner(_ById(playbooks)).start()
    facts = analyse(incident, first, scan.see)
    return Evaluator(incident, facts, scan.scanned())


def conclude(evaluator: Evaluator, assessments: Sequence[Assessment]) -> Examined:
    """Rank what was assessed, and write the answer."""
    # Evidence is what makes a match a diagnosis: one that can cite nothing stays a hypothesis.
    matches = [one for one in assessments if one.is_diagnosis]
    ranked = tuple(rank(matches, [one.playbook for one in assessments], evaluator.facts))
    return Examined(evaluator.facts, tuple(assessments), ranked, _Answering(evaluator).answer(assessments, ranked))


class _Answering:
    """Writes the answer about one incident."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._incident = evaluator.incident
        self._facts = evaluator.facts
        self._evaluator = evaluator
        self._context = Context(evaluator.incident, evaluator.facts)

    def answer(self, assessments: Sequence[Assessment], ranked: Sequence[Ranked]) -> Answer:
        verdict = self._verdict(ranked)
        return Answer(
            target=self._incident.target,
            verdict=verdict,
            diagnoses=self._diagnoses(ranked) if verdict == "diagnosed" else [],
            hypotheses=_hypotheses(assessments) if verdict == "undetermined" else [],
            looked_at=[] if verdict == "diagnosed" else list(self._facts.health.looked_at),
            gaps=list(self._incident.gaps),
        )

    def _verdict(self, ranked: Sequence[Ranked]) -> Verdict:
        health = self._facts.health
        is_well = health.is_healthy or health.client_errors_only
        if is_well and all(self._is_harmless(one.assessment) for one in ranked):
            return "no-fault"
        return "diagnosed" if ranked else "undetermined"

    def _is_harmless(self, match: Assessment) -> bool:
        """Tell whether a match says nothing against a function that is well otherwise."""
        client = self._incident.client
        somebody_complained = client is not None and client.status is not None and client.status >= 400
        return match.is_handled or (match.playbook.cause == CLIENT_ERROR and not somebody_complained)

    def _diagnoses(self, ranked: Sequence[Ranked]) -> list[Diagnosis]:
        first = ranked[0]
        found: dict[str, Diagnosis] = {}
        for one in ranked:
            cause = one.assessment.playbook.cause
            if cause in found:
                # Two playbooks for one cause are one diagnosis; the second only adds evidence.
                known = found[cause]
                found[cause] = known.model_copy(update={"evidence": merge([*known.evidence, *one.assessment.evidence], MAX_CITATIONS)})
            elif len(found) < MAX_DIAGNOSES:
                found[cause] = self._diagnosis(one, with_remedies=one is first or _is_independent(one, first))
        return list(found.values())

    def _diagnosis(self, one: Ranked, *, with_remedies: bool) -> Diagnosis:
        match, playbook = one.assessment, one.assessment.playbook
        variables = self._context.of(match)
        remedies = remedies_of(match, self._incident, self._facts, self._evaluator, variables) if with_remedies else Remedies()
        return Diagnosis(
            cause=playbook.cause,
            playbook=playbook.id,
            confidence=calibrated(match.confidence),
            summary=text_of(playbook.summary, variables, playbook.id) or f"{playbook.title.rstrip('.')}.",
            hop=playbook.hop,
            evidence=match.evidence,
            remediations=remedies.offered,
            declined=remedies.declined,
            advice=self._advice(playbook, variables),
            references=list(playbook.references),
            explained_by=one.explained_by,
        )

    def _advice(self, playbook: Playbook, variables: Mapping[str, Any]) -> list[str]:
        fitting = [one.text for one in playbook.advice if one.when is None or self._evaluator.evaluate(one.when).result]
        texts = (text_of(template, variables, playbook.id) for template in fitting)
        return [text for text in texts if text]


def text_of(template: str, variables: Mapping[str, Any], playbook_id: str) -> str:
    """Render a text; a template that fails costs its own text and never the diagnosis."""
    try:
        return render(template, variables)
    except TextTemplateError as exc:
        logger.warning("playbook text could not be rendered", extra={"playbook": playbook_id, "fault": str(exc)})
        return ""


def _is_independent(one: Ranked, first: Ranked) -> bool:
    """Tell whether a further diagnosis is a trouble of its own: seen in failed invocations, and in none of the first one's."""
    ours, theirs = one.assessment.failed.keys(), first.assessment.failed.keys()
    return one.explained_by is None and bool(ours) and bool(theirs) and not ours & theirs


def _hypotheses(assessments: Sequence[Assessment]) -> list[Hypothesis]:
    """Return the leading causes that are not sure enough: weak matches first, then hints."""
    weak = sorted((one for one in assessments if one.is_match), key=lambda one: (-one.confidence, one.playbook.id))
    hinted = [one for one in assessments if one.is_hinted and not one.is_match]
    found: dict[str, Hypothesis] = {}
    for one in [*weak, *hinted]:
        found.setdefault(one.playbook.cause, Hypothesis(cause=one.playbook.cause, check=" ".join(one.playbook.check.split())))
    return list(found.values())[:MAX_HYPOTHESES]
