"""The replies of a thread: evidence, gaps, other candidates, advice, receipt, and what happened to the alarm since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.evidence.iam import iam_action
from bot.models.diagnosis import Answer, Citation, Diagnosis
from bot.models.incident import Report
from bot.models.incident_file import Gap
from bot.models.wording import confidence_words, offer_words
from bot.slack.blocks import Composer, Message
from bot.slack.escape import Mrkdwn, bold, code, date, mrkdwn
from bot.slack.root import is_denied, root_message, story

EXPIRED_CODES: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"})
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html"""

THROTTLED_CODES: Final = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException"}
)


def evidence_message(report: Report) -> Message | None:
    """Return what the first diagnosis stands on, with counts, or what was looked at where there is none."""
    answer = _answer(report)
    if answer is None or not (answer.diagnoses or answer.looked_at):
        return None
    composer = Composer()
    if not answer.diagnoses:
        composer.bullets("What was looked at", answer.looked_at)
        return composer.message("What was looked at: " + "; ".join(answer.looked_at))
    best = answer.diagnoses[0]
    composer.section(bold("Evidence for "), code(best.cause))
    for citation in best.evidence:
        composer.excerpt(_cited_at(citation), citation.text)
    return composer.message(f"Evidence for {best.cause}: " + "; ".join(f"{_cited_at(c)}: {c.text}" for c in best.evidence))


def gaps_message(report: Report) -> Message | None:
    """Return what could not be seen, and what would have to be granted."""
    answer = _answer(report)
    if answer is None or not answer.gaps:
        return None
    composer = Composer()
    composer.section(bold("What I could not see"))
    composer.bullets("Questions that failed", [_gap_words(gap) for gap in answer.gaps])
    actions = sorted({action for gap in answer.gaps if is_denied(gap.code) and (action := _action(gap))})
    if actions:
        composer.excerpt("To let me see it, grant to the bot's investigating role", "\n".join(actions))
    return composer.message("Could not be seen: " + "; ".join(_gap_words(gap) for gap in answer.gaps))


def candidates_message(report: Report) -> Message | None:
    """Return the causes that were found beside the first one, and those that need a check."""
    answer = _answer(report)
    others = answer.diagnoses[1:] if answer else []
    notes = report.findings.notes if report.findings else ()
    if answer is None or not (others or answer.hypotheses or notes):
        return None
    composer = Composer()
    composer.bullets("Also found", [_candidate_words(other) for other in others])
    composer.bullets("Could be, to be checked", [f"{h.cause}: {h.check}" for h in answer.hypotheses])
    composer.bullets("How the function was found", notes)
    named = ", ".join([d.cause for d in others] + [h.cause for h in answer.hypotheses])
    return composer.message(". ".join([*([f"Other candidates: {named}"] if named else []), *notes]))


def advice_message(report: Report) -> Message | None:
    """Return what would help, what would not, and where it is written."""
    answer = _answer(report)
    best = answer.diagnoses[0] if answer and answer.diagnoses else None
    if best is None or not (best.remediations or best.declined or best.advice or best.references):
        return None
    composer = Composer()
    composer.bullets("Would help", [f"{offer_words(offer)}: {offer.why} ({offer.risk} risk)" for offer in best.remediations])
    composer.bullets("Would not help", [f"{d.action.replace('-', ' ')}: {d.why}" for d in best.declined])
    composer.bullets("Advice", best.advice)
    composer.links("References", list(dict.fromkeys(best.references)))
    words = [offer_words(offer) for offer in best.remediations] + best.advice
    return composer.message("Advice: " + ("; ".join(words) or "see the references"))


def receipt_message(report: Report) -> Message | None:
    """Return what the investigation covered and cost."""
    findings = report.findings
    if findings is None:
        return None
    receipt, logs = findings.receipt, findings.receipt.logs
    spent = "; the log budget ended before the logs did" if logs.is_spent else ""
    covered = f"{logs.events:,} log events ({logs.bytes / 1000:,.0f} KB) in {logs.pages} pages{spent}"
    composer = Composer()
    composer.context(
        Mrkdwn(f"Looked at {date(findings.window.start.timestamp())} to {date(findings.window.end.timestamp())}"),
        mrkdwn(f"{receipt.questions} questions, {receipt.api_calls} API calls, {receipt.seconds:.1f} s"),
        mrkdwn(covered),
        Mrkdwn(f"Kept as {code(report.incident.id)} for 30 days{'' if findings.complete else ', log events in part'}"),
    )
    return composer.message(f"{receipt.questions} questions, {receipt.api_calls} API calls in {receipt.seconds:.1f} s; {covered}.")


def repeated_message(report: Report) -> Message | None:
    """Return the note that the alarm fired again."""
    incident = report.incident
    if not report.repeat_of or incident.alarm_changed_at is None:
        return None
    composer = Composer()
    composer.section(Mrkdwn(f":repeat: The alarm fired again {date(incident.alarm_changed_at)} (number {incident.fired})."))
    if incident.alarm_reason:
        composer.excerpt("CloudWatch says", incident.alarm_reason)
    composer.sentence(bold("Now: "), story(report))
    return composer.message(f"The alarm fired again. {story(report)}")


def recovered_message(report: Report) -> Message | None:
    """Return the note that the alarm went to OK."""
    incident = report.incident
    if incident.recovered_at is None:
        return None
    composer = Composer()
    composer.section(Mrkdwn(f":large_green_circle: The alarm recovered {date(incident.recovered_at)}."))
    if incident.alarm_reason:
        composer.excerpt("CloudWatch says", incident.alarm_reason)
    return composer.message(f"The alarm {incident.title} recovered.")


def no_data_message(report: Report) -> Message | None:
    """Return the note that the alarm has no data any more."""
    composer = Composer()
    composer.section(
        Mrkdwn(":white_circle: The alarm has no data any more (`INSUFFICIENT_DATA`). That is no recovery: nothing is reported at all.")
    )
    if report.incident.alarm_reason:
        composer.excerpt("CloudWatch says", report.incident.alarm_reason)
    return composer.message(f"The alarm {report.incident.title} has no data any more.")


PARTS: Final[dict[str, Callable[[Report], Message | None]]] = {
    "repeated": repeated_message,
    "evidence": evidence_message,
    "gaps": gaps_message,
    "candidates": candidates_message,
    "advice": advice_message,
    "receipt": receipt_message,
}
"""The replies of an answer, in their order."""

NOTES: Final[dict[str, Callable[[Report], Message | None]]] = {
    "recovered": recovered_message,
    "no-data": no_data_message,
    "answer": root_message,
}
"""Replies about the alarm itself, and the answer as a reply where the first message cannot be edited any more."""


def _answer(report: Report) -> Answer | None:
    return report.findings.answer if report.findings else None


def _cited_at(citation: Citation) -> str:
    times = f" · {citation.count:,}×" if citation.count > 1 else ""
    return f"{citation.section.replace('_', ' ')} · {citation.ref}{times}"


def _candidate_words(other: Diagnosis) -> str:
    after = f" It follows from {other.explained_by}." if other.explained_by else ""
    return f"{other.cause} ({confidence_words(other.confidence)}): {other.summary}{after}"


def _gap_words(gap: Gap) -> str:
    if gap.code in EXPIRED_CODES:
        reason = "the credentials have expired or are not valid"
    elif gap.code in THROTTLED_CODES:
        reason = "AWS throttled the question, also after retries"
    else:
        reason = gap.message
    asked = " ".join(part for part in (gap.operation, gap.code) if part)
    return f"{gap.section.replace('_', ' ')}: {asked}{': ' if asked and reason else ''}{reason}"


def _action(gap: Gap) -> str:
    service, colon, operation = gap.operation.partition(":")
    return iam_action(service, operation) if colon and operation else ""
