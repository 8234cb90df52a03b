"""The buttons of an incident. They hold opaque ids only: what they may do is decided where they lead."""

from __future__ import annotations

from typing import Final

from bot.commands import ID_PREFIX
from bot.models.change import offer_id_of
from bot.models.diagnosis import RemediationOffer
from bot.models.incident import Incident, Report
from bot.models.wording import offer_words
from bot.slack.change_words import is_taken
from bot.slack.elements import Block, button, select

SHOWN_OFFERS: Final = 3

MUTE_CHOICES: Final = ((60, "1 hour"), (240, "4 hours"), (1440, "1 day"))
"""Minutes. A mute ends by itself; there is none for ever."""

GRADES: Final = (("right", "Right"), ("partly", "Partly"), ("wrong", "Wrong"))


def open_offers(report: Report) -> tuple[tuple[int, RemediationOffer], ...]:
    """Return the offers that can be asked for now, with their numbers: none where nothing fails any more, or where no thread is."""
    incident, findings = report.incident, report.findings
    if findings is None or incident.phase != "answered" or not incident.answered_by or not incident.thread_ts:
        return ()
    if incident.recovered_at is not None or incident.folded_into or not findings.answer.diagnoses:
        return ()
    offers = enumerate(findings.answer.diagnoses[0].remediations[:SHOWN_OFFERS])
    return tuple((index, offer) for index, offer in offers if not is_taken(report, _offer_id(report, index), offer.action))


def offer_buttons(report: Report) -> tuple[Block, ...]:
    """Return a button for each offer, the first one of them primary."""
    return tuple(
        button(
            _capital(offer_words(offer)),
            f"{ID_PREFIX}plan.{index}",
            _offer_id(report, index),
            style="primary" if at == 0 else None,
            label=f"Show the plan: {offer_words(offer)}",
        )
        for at, (index, offer) in enumerate(open_offers(report))
    )


def small_buttons(report: Report) -> tuple[Block, ...]:
    """Return what can be done with the incident itself: silence it for a time, or look again."""
    incident = report.incident
    if not incident.thread_ts or incident.phase == "investigating" or incident.folded_into:
        return ()
    again = button("Investigate again", f"{ID_PREFIX}again", incident.id)
    if incident.origin != "alarm" or incident.recovered_at is not None:
        return (again,)
    if is_muted(incident):
        return (button("Unmute", f"{ID_PREFIX}unmute", incident.id), again)
    choices = [(f"Mute for {words}", f"{incident.id}|{minutes}") for minutes, words in MUTE_CHOICES]
    return (select(f"{ID_PREFIX}mute", "Mute…", choices), again)


def grade_buttons(report: Report) -> tuple[Block, ...]:
    """Return the question whether the answer was right."""
    incident = report.incident
    if report.findings is None or incident.phase != "answered":
        return ()
    return tuple(button(words, f"{ID_PREFIX}{verb}", incident.id, label=f"The diagnosis was {words.lower()}") for verb, words in GRADES)


def is_muted(incident: Incident) -> bool:
    """Tell whether the incident was muted when anything was last heard of it; a mute that ended before that is over."""
    heard = max((at for at in (incident.alarm_changed_at, incident.answered_at, incident.notified_at) if at is not None), default=0.0)
    return incident.muted_until is not None and incident.muted_until > heard


def _offer_id(report: Report, index: int) -> str:
    return offer_id_of(report.incident.id, report.incident.answered_by, index)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
