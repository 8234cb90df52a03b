"""From a target to findings: collect, diagnose, keep."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.alarms.target import ResolvedTarget
from bot.errors import TargetNotFoundError
from bot.evidence.budget import LogBudget
from bot.models.alarm import Alarm
from bot.models.incident import Findings, Impact
from bot.models.incident_file import Client, Gap, Target
from bot.models.window import Window
from bot.playbooks.engine import examine as examine_evidence
from bot.question import Question
from bot.workflow.desk import Case
from bot.workflow.progress import progress_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """What is to be looked at."""

    target: Target
    window: Window
    alarm: Alarm | None = None
    client: Client | None = None
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


def subject_of_alarm(case: Case, alarm: Alarm, found: ResolvedTarget | None = None) -> Subject:
    """Return what an alarm is about; `found` is what was found behind it already.

    Raises:
        TargetNotFoundError: No function is behind it; the reasons are in the message.
    """
    found = found or case.desk.resolve(alarm, case.desk.aws, now=case.desk.clock.now())
    if found.best is None:
        failed = [f"{gap.operation} failed with {gap.code}" for gap in found.gaps]
        raise TargetNotFoundError(
            ". ".join(_sentence(said) for said in [*found.notes, *failed]) or f"No function was found behind alarm {alarm.name}"
        )
    return Subject(found.best, found.window, alarm=found.alarm, notes=found.notes, gaps=found.gaps)


def subject_of_question(case: Case, question: Question) -> Subject:
    """Return what a question is about."""
    target = Target(
        function_name=question.function_name,
        qualifier=question.qualifier,
        region=question.region or case.desk.region or None,
        account_id=question.account_id,
        front_door=None,
    )
    client = Client(status=question.status) if question.status else None
    return Subject(target, Window.last(question.since_minutes, case.desk.clock.now()), client=client)


def findings_of(case: Case, incident_id: str, subject: Callable[[], Subject]) -> Findings:
    """Collect the evidence, diagnose it, and keep both; a retry gets what an earlier worker has kept.

    Raises:
        TargetNotFoundError: The function that a person asked for does not exist.
    """
    if case.noted("kept") is not None:
        kept = case.desk.store.load(incident_id, case.event)
        if kept is not None:
            return kept
    findings = _examined(case, incident_id, subject())
    is_complete = case.desk.store.save(incident_id, case.event, findings)
    case.note("kept")
    return findings.model_copy(update={"complete": is_complete})


def _examined(case: Case, incident_id: str, subject: Subject) -> Findings:
    desk = case.desk
    budget = LogBudget(bytes=desk.log_budget_bytes) if desk.log_budget_bytes else LogBudget()
    with progress_of(case, incident_id) as listener:
        collected = desk.collect(
            subject.target,
            subject.window,
            desk.aws,
            deadline_s=case.collect_deadline_s,
            alarm=subject.alarm.raw if subject.alarm else None,
            client=subject.client,
            log_budget=budget,
            now=desk.clock.now(),
            progress=listener,
        )
    evidence = collected.incident
    if subject.gaps:
        evidence = evidence.model_copy(update={"gaps": [*evidence.gaps, *subject.gaps]})
    examined = examine_evidence(evidence, desk.playbooks)
    first_ms = examined.facts.first_failure_ms
    status = examined.facts.front_door.status or (subject.client.status if subject.client else None)
    logger.info(
        "evidence diagnosed",
        extra={"verdict": examined.answer.verdict, "cause": examined.answer.diagnoses[0].cause if examined.answer.diagnoses else None},
    )
    return Findings(
        answer=examined.answer,
        evidence=evidence,
        receipt=collected.receipt,
        window=subject.window,
        impact=Impact(status=status, since=first_ms / 1000 if first_ms else None),
        notes=subject.notes,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")
