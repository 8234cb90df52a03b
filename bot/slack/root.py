"""The first message of a thread: it says it all on one phone screen, and is edited in place as things change."""

from __future__ import annotations

from bot.models.diagnosis import Answer, Diagnosis
from bot.models.incident import Report
from bot.models.wording import VERDICT_HEADLINES, confidence_words, offer_words
from bot.slack.blocks import Composer, Message
from bot.slack.buttons import SHOWN_OFFERS, is_muted, offer_buttons, small_buttons
from bot.slack.change_words import change_lines
from bot.slack.escape import Mrkdwn, bold, code, date, mrkdwn, short, user
from bot.slack.gaps import is_denied
from bot.slack.headline import gone_words, headline, story
from bot.slack.impact import counted, impact
from bot.slack.people import owner
from bot.slack.places import add_thread_link
from bot.slack.victims import add_summary

SPARE_BLOCKS = 6
"""Kept free below texts from outside: state lines, two rows of buttons, small print, and the line that says what was left out."""

SPARE_CHARS = 5500

SHOWN_ALARMS = 3
MAX_ALARM_CHARS = 260
"""An alarm's name may have 255."""
MAX_NOTE_CHARS = 300
BAR_STEPS = 10


def root_message(report: Report) -> Message:
    """Return the first message as it should stand now."""
    incident = report.incident
    composer = Composer(spare_blocks=SPARE_BLOCKS, spare_chars=SPARE_CHARS)
    composer.header(headline(report))
    if incident.folded_into:
        add_thread_link(composer, "It goes on in the thread of", report)
    elif report.findings is not None and incident.phase == "answered":
        _answer(composer, report, report.findings.answer)
    elif incident.problem:
        composer.sentence(Mrkdwn(""), incident.problem)
    else:
        composer.section(_progress(report))
    if not incident.folded_into:
        add_summary(composer, report)
        _state(composer, report)
        _buttons(composer, report)
    composer.context(*_small_print(report))
    return composer.message(story(report))


def _answer(composer: Composer, report: Report, answer: Answer) -> None:
    best = answer.diagnoses[0] if answer.diagnoses else None
    if gone := gone_words(report):
        composer.sentence(Mrkdwn(":ghost: "), gone)
    composer.section(impact(report, answer))
    if best is not None:
        composer.sentence(Mrkdwn(f"{bold('Cause, ' + confidence_words(best.confidence))}: "), best.summary)
        _next(composer, report, best)
    else:
        composer.sentence(bold("Cause: "), VERDICT_HEADLINES[answer.verdict])
        for hypothesis in answer.hypotheses[:2]:
            composer.sentence(Mrkdwn(f"{bold('Could be')} {code(hypothesis.cause)}, to be checked: "), hypothesis.check)
    _holes(composer, answer)


def _next(composer: Composer, report: Report, best: Diagnosis) -> None:
    """Say what would help where no button says it."""
    if not best.remediations and best.advice:
        composer.sentence(bold("Next: "), best.advice[0])
    elif report.incident.recovered_at is None and not report.incident.thread_ts:
        for offer in best.remediations[:SHOWN_OFFERS]:
            composer.sentence(bold("Would help: "), f"{offer_words(offer)} ({offer.risk} risk)")


def _holes(composer: Composer, answer: Answer) -> None:
    denied = sum(is_denied(gap.code) for gap in answer.gaps)
    failed = len(answer.gaps) - denied
    words = [Mrkdwn(f":lock: {counted(denied, 'question')} to AWS refused for lack of permission")] if denied else []
    words += [Mrkdwn(f":hole: {counted(failed, 'question')} to AWS failed")] if failed else []
    if words:
        composer.context(Mrkdwn(f"{'; '.join(words)}; the thread says which."))


def _state(composer: Composer, report: Report) -> None:
    incident = report.incident
    lines = list(change_lines(report))
    several = len(incident.alarms) + len(incident.victims) > 1
    if incident.recovered_at is not None:
        who = "All alarms" if several else "The alarm"
        lines.append(Mrkdwn(f":large_green_circle: {who} recovered {date(incident.recovered_at)}."))
    elif incident.alarm_state == "INSUFFICIENT_DATA":
        lines.append(Mrkdwn(":white_circle: The alarm has no data any more; that is no recovery."))
    if incident.muted_until is not None and is_muted(incident) and incident.recovered_at is None:
        lines.append(Mrkdwn(f":no_bell: Muted until {date(incident.muted_until)}; this message is still kept up to date."))
    if lines:
        composer.section(Mrkdwn("\n".join(lines)))


def _buttons(composer: Composer, report: Report) -> None:
    for row in (offer_buttons(report), small_buttons(report)):
        if row:
            composer.actions(*row)


def _progress(report: Report) -> Mrkdwn:
    progress = report.progress
    if progress is None or not progress.asked:
        return Mrkdwn("Reading configuration, logs, metrics and recent changes. This message will say what was found.")
    done = min(progress.answered, progress.asked)
    bar = "▰" * (done * BAR_STEPS // progress.asked)
    said = f"Reading configuration, logs, metrics and recent changes: {done} of {counted(progress.asked, 'question')} answered."
    return Mrkdwn(f"`{bar.ljust(BAR_STEPS, '▱')}` {said}")


def _small_print(report: Report) -> list[Mrkdwn]:
    incident = report.incident
    parts = [Mrkdwn(f"Owner: {who}")] if (who := owner(report)) else []
    if incident.origin == "alarm":
        parts.append(_alarms(report))
    elif incident.asked_by:
        parts.append(Mrkdwn(f"Asked by {user(incident.asked_by)}: {code(short(incident.title, MAX_NOTE_CHARS))}"))
    if incident.channel_note:
        parts.append(mrkdwn(short(incident.channel_note, MAX_NOTE_CHARS)))
    return [*parts, Mrkdwn(f"Incident {code(incident.id)}")]


def _alarms(report: Report) -> Mrkdwn:
    incident = report.incident
    names = list(dict.fromkeys([incident.title, *(alarm.name for alarm in incident.alarms)]))
    shown = ", ".join(code(short(name, MAX_ALARM_CHARS)) for name in names[:SHOWN_ALARMS])
    more = f" and {len(names) - SHOWN_ALARMS:,} more" if len(names) > SHOWN_ALARMS else ""
    fired = f", fired {incident.fired:,} times" if incident.fired > 1 else ""
    severity = ", severity high" if incident.severity == "high" else ""
    return Mrkdwn(f"Alarm{'s' if len(names) > 1 else ''} {shown}{more}{fired}{severity}")
