"""The replies of an answer: evidence, gaps, other candidates, advice, receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.models.diagnosis import Answer, Citation, Diagnosis
from bot.models.incident import Report
from bot.models.wording import confidence_words, offer_words
from bot.slack.blocks import Composer, Message
from bot.slack.buttons import is_muted
from bot.slack.escape import Mrkdwn, bold, code
from bot.slack.gaps import gaps_message
from bot.slack.notes import folded_message, joined_message, no_data_message, recovered_message, repeated_message, worse_message
from bot.slack.people import owner
from bot.slack.receipt import receipt_message
from bot.slack.report_links import evidence_links
from bot.slack.root import root_message

LINK_BLOCKS: Final = 3
LINK_CHARS: Final = 5000
"""Kept free below the excerpts: a reader who wants more than they show needs the links most."""


def evidence_message(report: Report) -> Message | None:
    """Return what the first diagnosis stands on, with counts and links, or what was looked at where there is none."""
    answer = _answer(report)
    if answer is None or not (answer.diagnoses or answer.looked_at):
        return None
    composer = Composer(spare_blocks=LINK_BLOCKS, spare_chars=LINK_CHARS)
    if answer.diagnoses:
        best = answer.diagnoses[0]
        composer.section(bold("Evidence for "), code(best.cause), _for_owner(report))
        for citation in best.evidence:
            composer.excerpt(_cited_at(citation), citation.text)
        text = f"Evidence for {best.cause}: " + "; ".join(f"{_cited_at(c)}: {c.text}" for c in best.evidence)
    else:
        composer.bullets("What was looked at", answer.looked_at)
        text = "What was looked at: " + "; ".join(answer.looked_at)
    composer.spare_blocks, composer.spare_chars = 1, 200
    if places := evidence_links(report):
        composer.places("In the AWS console", places)
    return composer.message(text)


def candidates_message(report: Report) -> Message | None:
    """Return the causes that were found beside the first one and why they rank lower, and those that need a check."""
    answer = _answer(report)
    others = answer.diagnoses[1:] if answer else []
    notes = report.findings.notes if report.findings else ()
    if answer is None or not (others or answer.hypotheses or notes):
        return None
    composer = Composer()
    composer.bullets("Also found, and why it ranks lower", [_candidate_words(other, answer.diagnoses[0]) for other in others])
    composer.bullets("Neither shown nor excluded", [f"{h.cause}; this check would tell: {h.check}" for h in answer.hypotheses])
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
    "joined": joined_message,
    "worse": worse_message,
    "folded": folded_message,
    "recovered": recovered_message,
    "no-data": no_data_message,
    "answer": root_message,
}
"""Replies about the alarm itself, and the answer as a reply where the first message cannot be edited any more."""


def _answer(report: Report) -> Answer | None:
    return report.findings.answer if report.findings else None


def _for_owner(report: Report) -> Mrkdwn:
    """Return a mention of the owner: the tags are read after the first message was posted, and its edit tells nobody."""
    who = owner(report)
    return Mrkdwn(f" · {who}") if who.startswith("<") and not is_muted(report.incident) else Mrkdwn("")


def _cited_at(citation: Citation) -> str:
    times = f" · {citation.count:,}×" if citation.count > 1 else ""
    return f"{citation.section.replace('_', ' ')} · {citation.ref}{times}"


def _candidate_words(other: Diagnosis, best: Diagnosis) -> str:
    sure, surer = confidence_words(other.confidence), confidence_words(best.confidence)
    if other.explained_by:
        why = f"It follows from {other.explained_by} and is no cause of its own."
    elif sure != surer:
        why = f"The evidence for it is weaker: {sure}, against {surer}."
    else:
        why = f"The evidence for {best.cause} is a little stronger."
    return f"{other.cause} ({sure}): {other.summary} {why}"
