"""What an incident is about and where it stands, in a few words: for headlines, notifications and screen readers."""

from __future__ import annotations

from bot.models.diagnosis import Diagnosis
from bot.models.incident import Report
from bot.models.wording import VERDICT_HEADLINES, confidence_words, offer_words
from bot.slack.buttons import open_offers
from bot.slack.change_words import has_standing_change, headline_of
from bot.slack.impact import answers_counted, counted
from bot.slack.victims import summary


def headline(report: Report) -> str:
    """Return the headline: a sign, and the same in words."""
    place = where(report)
    return f"{_sign(report)} {subject(report)}: {state_words(report)}{f' ({place})' if place else ''}"


def subject(report: Report) -> str:
    """Return what the incident is about: the function, else its front door, else the alarm or the question."""
    target = report.findings.answer.target if report.findings else None
    if target and target.function_name:
        return f"{target.function_name}:{target.qualifier}" if target.qualifier else target.function_name
    if report.incident.function:
        return report.incident.function
    if target and target.front_door and target.front_door.id:
        return target.front_door.id
    return report.incident.title


def where(report: Report) -> str:
    """Return account and region, as far as they are known; the account by its alias where it has one."""
    target = report.findings.answer.target if report.findings else None
    known = (target.account_alias or target.account_id) if target else None
    account = known or report.incident.account
    region = (target.region if target else None) or report.incident.region
    return ", ".join(part for part in (account, region) if part)


def state_words(report: Report) -> str:
    """Return where the incident stands."""
    fix = headline_of(report)
    if report.incident.folded_into:
        return "part of another incident"
    if report.incident.phase == "investigating":
        return "investigating"
    if report.incident.recovered_at is not None:
        return f"recovered, {fix}" if fix else "recovered"
    words = _finding_words(report)
    return f"{words}, {fix}" if fix else words


def story(report: Report) -> str:
    """Return the whole story in one paragraph."""
    incident, findings, place = report.incident, report.findings, where(report)
    parts = [f"{subject(report)}: {state_words(report)}{f' ({place})' if place else ''}."]
    if summary(report):
        parts.append(f"{summary(report)}.")
    if findings and incident.phase == "answered":
        parts += [gone] if (gone := gone_words(report)) else []
        parts += [f"Callers see {findings.impact.status}{_how_many(report)}."] if findings.impact.status else []
        parts += _cause_words(report, findings.answer.diagnoses[0] if findings.answer.diagnoses else None)
        if findings.answer.gaps:
            parts.append(f"{counted(len(findings.answer.gaps), 'question')} to AWS failed.")
    elif incident.problem:
        parts.append(incident.problem)
    return " ".join(parts)


def gone_words(report: Report) -> str:
    """Return that the function does not exist, if AWS said so."""
    target = report.findings.answer.target if report.findings else None
    if report.findings is None or target is None or not target.function_name or report.findings.evidence.state("function") != "none":
        return ""
    return f"There is no function {target.function_name} (any more){f' in {target.region}' if target.region else ''}."


def _cause_words(report: Report, best: Diagnosis | None) -> list[str]:
    if best is not None:
        words = [f"{confidence_words(best.confidence).capitalize()}: {best.summary}"]
        return words + [f"Would help: {offer_words(offer)}." for _, offer in open_offers(report)[:1]]
    answer = report.findings.answer if report.findings else None
    if answer is None:
        return []
    return [f"{VERDICT_HEADLINES[answer.verdict]}.", *(f"To be checked: {h.check}." for h in answer.hypotheses[:2])]


def _finding_words(report: Report) -> str:
    if report.incident.phase == "no-target":
        return "not found"
    if report.incident.phase == "broken-off" or report.findings is None:
        return "investigation broke off"
    answer = report.findings.answer
    if answer.diagnoses:
        return answer.diagnoses[0].cause.replace("-", " ")
    if gone_words(report):
        return "no such function"
    return {"no-fault": "no fault found", "undetermined": "can't tell", "diagnosed": "cause found"}[answer.verdict]


def _how_many(report: Report) -> str:
    many = answers_counted(report)
    return f" ({counted(many, 'time')})" if many else ""


def _sign(report: Report) -> str:
    incident = report.incident
    if incident.folded_into:
        return "↪️"
    if incident.phase == "investigating":
        return "🔎"
    if incident.recovered_at is not None:
        return "🟢"
    if incident.phase != "answered" or report.findings is None:
        return "⚠️"
    if has_standing_change(report):
        return "🔧"
    return {"diagnosed": "🔴", "no-fault": "🟢", "undetermined": "🟡"}[report.findings.answer.verdict]
