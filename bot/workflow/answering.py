"""From findings to a thread that says them: kept, noted in the incident, shown, and told in replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.errors import TargetNotFoundError
from bot.models.change import Offered, offer_id_of
from bot.models.incident import Findings, Incident
from bot.workflow.desk import Case
from bot.workflow.examine import Subject, findings_of
from bot.workflow.news import say_news, severity_of
from bot.workflow.thread import post_replies, report_of, show, told

NO_CAUSE: Final = "none"


def findings_or_problem(case: Case, incident: Incident, subject: Callable[[], Subject]) -> tuple[Findings | None, str]:
    """Return what was found, or why there is nothing to look at."""
    try:
        findings = findings_of(case, incident.id, subject)
    except TargetNotFoundError as exc:
        return None, str(exc)
    _keep_offers(case, incident.id, findings)
    return findings, ""


def note_answer(case: Case, incident: Incident, findings: Findings | None, problem: str, at: float) -> Incident:
    """Note the answer in the incident."""
    if findings is None:
        return case.desk.store.change(incident.id, phase="no-target", problem=problem, answered_at=at)
    target = findings.answer.target
    return case.desk.store.change(
        incident.id,
        phase="answered",
        problem="",
        answered_by=case.event,
        answered_at=at,
        cause=cause_of(findings),
        severity=severity_of(findings),
        function=incident.function or target.function_name or "",
        account=incident.account or target.account_id or "",
        region=incident.region or target.region or "",
    )


def report_answer(case: Case, incident_id: str, findings: Findings | None, repeat_of: str) -> None:
    """Show the answer, post its replies, and then say what happened meanwhile, which everyone else has left to this worker."""
    show(case, incident_id, findings, repeat_of)
    report = report_of(case, incident_id, findings, repeat_of)
    if repeat_of and repeat_of == cause_of(report.findings):
        case.desk.store.change(incident_id, examined_by="", examined_until=0)
        say_news(case, incident_id, repeated="repeated")
        return
    post_replies(case, report, case.desk.messenger.parts(report))
    if repeat_of:
        say_news(case, incident_id)
    elif case.noted("told") is None:
        told(case, report.incident)
        case.note("told")
    # From here on others say it themselves; what they noted before is said here.
    case.desk.store.change(incident_id, examined_by="", examined_until=0)
    say_news(case, incident_id)


def _keep_offers(case: Case, incident_id: str, findings: Findings) -> None:
    """Keep where each button leads, before the message that has them."""
    changes = case.desk.changes
    if changes is None or not findings.answer.diagnoses or case.noted("offers") is not None:
        return
    for index, offer in enumerate(findings.answer.diagnoses[0].remediations):
        offer_id = offer_id_of(incident_id, case.event, index)
        changes.keep_offer(Offered(id=offer_id, incident_id=incident_id, event=case.event, index=index, action=offer.action))
    case.note("offers")


def cause_of(findings: Findings | None) -> str:
    return findings.answer.diagnoses[0].cause if findings and findings.answer.diagnoses else NO_CAUSE
