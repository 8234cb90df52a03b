"""The first message of a thread: it says it all on one phone screen, and is edited in place as things change."""

from __future__ import annotations

from typing import Final

from bot.models.diagnosis import Answer, Diagnosis
from bot.models.incident import Report
from bot.models.incident_file import FrontDoor, Target
from bot.models.wording import VERDICT_HEADLINES, confidence_words, offer_words
from bot.slack.blocks import Composer, Message
from bot.slack.escape import Mrkdwn, bold, brief, code, date, mrkdwn, user

FRONT_DOORS: Final = {
    "rest-api": "the REST API",
    "http-api": "the HTTP API",
    "websocket-api": "the WebSocket API",
    "function-url": "the function URL",
    "alb": "the load balancer",
    "cloudfront": "CloudFront",
    "appsync": "AppSync",
    "event-source": "the event source mapping",
    "trigger": "its trigger",
    "direct-invoke": "direct invocation",
}

SHOWN_OFFERS: Final = 3


def root_message(report: Report) -> Message:
    """Return the first message as it should stand now."""
    incident = report.incident
    composer = Composer()
    composer.header(f"{_sign(report)} {subject(report)}: {_state_words(report)}")
    if report.findings is not None and incident.phase == "answered":
        _answer(composer, report, report.findings.answer)
    elif incident.problem:
        composer.sentence(Mrkdwn(""), incident.problem)
    else:
        composer.section(Mrkdwn("Reading configuration, logs, metrics and recent changes. This message will say what was found."))
    if incident.recovered_at is not None:
        composer.section(Mrkdwn(":large_green_circle: The alarm recovered "), date(incident.recovered_at), Mrkdwn("."))
    elif incident.alarm_state == "INSUFFICIENT_DATA":
        composer.section(Mrkdwn(":white_circle: The alarm has no data any more; that is no recovery."))
    composer.context(*_small_print(report))
    return composer.message(story(report))


def subject(report: Report) -> str:
    """Return what the incident is about: the function, else its front door, else the alarm or the question."""
    target = report.findings.answer.target if report.findings else None
    if target and target.function_name:
        return f"{target.function_name}:{target.qualifier}" if target.qualifier else target.function_name
    if target and target.front_door and target.front_door.id:
        return target.front_door.id
    return report.incident.title


def story(report: Report) -> str:
    """Return the whole story in one paragraph, for notifications and screen readers."""
    incident, findings = report.incident, report.findings
    parts = [f"{subject(report)}: {_state_words(report)}."]
    if findings and incident.phase == "answered":
        parts += [gone] if (gone := gone_words(report)) else []
        best = findings.answer.diagnoses[0] if findings.answer.diagnoses else None
        if best:
            parts += [f"{confidence_words(best.confidence).capitalize()}: {best.summary}"]
            parts += [f"Would help: {offer_words(offer)}." for offer in best.remediations[:1]]
        else:
            parts += [
                f"{VERDICT_HEADLINES[findings.answer.verdict]}.",
                *(f"To be checked: {h.check}." for h in findings.answer.hypotheses[:2]),
            ]
        if findings.answer.gaps:
            parts.append(f"{_counted(len(findings.answer.gaps), 'question')} to AWS failed.")
    elif incident.problem:
        parts.append(incident.problem)
    return " ".join(parts)


def _answer(composer: Composer, report: Report, answer: Answer) -> None:
    best = answer.diagnoses[0] if answer.diagnoses else None
    gone = gone_words(report)
    if gone:
        composer.sentence(Mrkdwn(":ghost: "), gone)
    composer.section(bold("Callers see: "), _callers_see(report, answer.target))
    if best is not None:
        composer.sentence(bold("Cause: "), best.summary)
    else:
        composer.sentence(bold("Cause: "), VERDICT_HEADLINES[answer.verdict])
        for hypothesis in answer.hypotheses[:2]:
            composer.sentence(Mrkdwn(f"{bold('Could be')} {code(hypothesis.cause)}, to be checked: "), hypothesis.check)
    composer.fields(*_certainty(best), *_since(report))
    if best is not None:
        _offers(composer, best)
    _holes(composer, answer)


def _holes(composer: Composer, answer: Answer) -> None:
    denied = sum(is_denied(gap.code) for gap in answer.gaps)
    failed = len(answer.gaps) - denied
    if denied:
        composer.section(Mrkdwn(f":lock: {_counted(denied, 'question')} to AWS refused for lack of permission; the thread says which."))
    if failed:
        composer.section(Mrkdwn(f":hole: {_counted(failed, 'question')} to AWS failed; the thread says which."))


def _offers(composer: Composer, best: Diagnosis) -> None:
    for offer in best.remediations[:SHOWN_OFFERS]:
        composer.sentence(bold("Would help: "), f"{offer_words(offer)} ({offer.risk} risk)")
    if not best.remediations and best.advice:
        composer.sentence(bold("Next: "), best.advice[0])


def _certainty(best: Diagnosis | None) -> list[Mrkdwn]:
    if best is None:
        return []
    # The same failure stands in several places (function log, gateway log, metric), so the counts are never added up.
    times = max(citation.count for citation in best.evidence)
    return [Mrkdwn(f"{bold('How sure: ')}{confidence_words(best.confidence)}"), Mrkdwn(f"{bold('Seen: ')}{_counted(times, 'time')}")]


def _since(report: Report) -> list[Mrkdwn]:
    since = report.findings.impact.since if report.findings else None
    since = since or (report.incident.alarm_changed_at if report.incident.alarm_state == "ALARM" else None)
    return [Mrkdwn(f"{bold('Since: ')}{date(since)}")] if since else []


def _callers_see(report: Report, target: Target) -> Mrkdwn:
    status = report.findings.impact.status if report.findings else None
    what = f"{code(str(status))}" if status else "failures, status not known"
    if report.findings and report.findings.answer.verdict == "no-fault" and not status:
        what = "nothing wrong, as far as the evidence shows"
    return Mrkdwn(f"{what}{_through(target.front_door)}")


def _through(door: FrontDoor | None) -> str:
    if door is None or door.kind is None:
        return ""
    name = f" {code(door.id)}" if door.id else ""
    stage = f", stage {code(door.stage)}" if door.stage else ""
    route = f", {code(door.route)}" if door.route else ""
    return f" from {FRONT_DOORS[door.kind]}{name}{stage}{route}"


def _small_print(report: Report) -> list[Mrkdwn]:
    incident = report.incident
    target = report.findings.answer.target if report.findings else None
    parts = [mrkdwn(" · ".join(brief(part) for part in (target.account_id, target.region) if part))] if target else []
    if incident.origin == "alarm":
        fired = f", fired {incident.fired} times" if incident.fired > 1 else ""
        parts.append(Mrkdwn(f"Alarm {code(incident.title)}{fired}"))
    elif incident.asked_by:
        parts.append(Mrkdwn(f"Asked by {user(incident.asked_by)}: {code(incident.title)}"))
    return [*parts, Mrkdwn(f"Incident {code(incident.id)}")]


def _sign(report: Report) -> str:
    incident = report.incident
    if incident.phase == "investigating":
        return "🔎"
    if incident.recovered_at is not None:
        return "🟢"
    if incident.phase != "answered" or report.findings is None:
        return "⚠️"
    return {"diagnosed": "🔴", "no-fault": "🟢", "undetermined": "🟡"}[report.findings.answer.verdict]


def _state_words(report: Report) -> str:
    incident = report.incident
    if incident.phase == "investigating":
        return "investigating"
    if incident.recovered_at is not None:
        return "recovered"
    if incident.phase == "no-target":
        return "not found"
    if incident.phase == "broken-off" or report.findings is None:
        return "investigation broke off"
    answer = report.findings.answer
    if answer.diagnoses:
        return answer.diagnoses[0].cause.replace("-", " ")
    if gone_words(report):
        return "no such function"
    return {"no-fault": "no fault found", "undetermined": "can't tell", "diagnosed": "cause found"}[answer.verdict]


def gone_words(report: Report) -> str:
    """Return that the function does not exist, if AWS said so."""
    target = report.findings.answer.target if report.findings else None
    if report.findings is None or target is None or not target.function_name or report.findings.evidence.state("function") != "none":
        return ""
    return f"There is no function {target.function_name} (any more){f' in {target.region}' if target.region else ''}."


def is_denied(code_: str) -> bool:
    """Tell whether a gap is for lack of permission.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    return code_ in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedException"}


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
