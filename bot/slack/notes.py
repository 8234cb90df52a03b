"""Replies about what happens to an incident after its answer."""

from __future__ import annotations

from typing import Final

from bot.models.incident import AlarmNote, Incident, Report, Worsening
from bot.slack.blocks import Composer, Message
from bot.slack.escape import Mrkdwn, bold, code, date
from bot.slack.headline import story, subject
from bot.slack.impact import counted
from bot.slack.places import add_thread_link
from bot.slack.victims import add_list, victims

WORSE: Final[dict[Worsening, str]] = {
    "victims": "it spread to more functions",
    "severity": "callers get server errors now",
    "reopened": "it fails again after its recovery",
}


def repeated_message(report: Report) -> Message | None:
    """Return the note that the alarm fired again."""
    incident = report.incident
    if not report.repeat_of or incident.alarm_changed_at is None:
        return None
    composer = Composer()
    composer.section(Mrkdwn(f":repeat: The alarm fired again {date(incident.alarm_changed_at)} (number {incident.fired})."))
    _reason(composer, incident)
    composer.sentence(bold("Now: "), story(report))
    return composer.message(f"The alarm fired again. {story(report)}")


def joined_message(report: Report) -> Message | None:
    """Return the note that another alarm of the same function fired."""
    newest = _newest(report.incident)
    if newest is None:
        return None
    composer = Composer()
    when = f" {date(newest.since)}" if newest.since is not None else ""
    composer.section(Mrkdwn(f":heavy_plus_sign: Another alarm of the same function fired{when}: {code(newest.name)}."))
    if newest.reason:
        composer.excerpt("CloudWatch says", newest.reason)
    return composer.message(f"Another alarm of {subject(report)} fired: {newest.name}.")


def worse_message(report: Report) -> Message | None:
    """Return the note that it became worse, which the channel sees too."""
    reasons = ", ".join(WORSE[reason] for reason in report.worse) or "it became worse"
    composer = Composer()
    composer.section(Mrkdwn(f":chart_with_upwards_trend: {bold('Worse: ')}{reasons}."))
    composer.sentence(Mrkdwn(""), story(report))
    if victims(report):
        add_list(composer, report)
    return composer.message(f"{subject(report)} became worse: {reasons}. {story(report)}")


def folded_message(report: Report) -> Message | None:
    """Return the note that this thread ends here, and where it goes on."""
    if not report.incident.folded_into:
        return None
    composer = Composer()
    add_thread_link(composer, "The same cause makes other functions fail too. One thread tells of all of them:", report)
    name = (report.lead.function or report.lead.title) if report.lead else report.incident.folded_into
    return composer.message(f"This goes on in the thread of {name}, which has the same cause.")


def recovered_message(report: Report) -> Message | None:
    """Return the note that all went back to OK."""
    incident = report.incident
    if incident.recovered_at is None:
        return None
    several = len(victims(report)) or len(incident.alarms)
    composer = Composer()
    if victims(report):
        words, plain = "All functions recovered", f"All {counted(several, 'function')} recovered"
    elif several > 1:
        words, plain = f"All {several} alarms recovered", f"All {several} alarms of {subject(report)} recovered"
    else:
        words, plain = "The alarm recovered", f"The alarm {incident.title} recovered"
    composer.section(Mrkdwn(f":large_green_circle: {words} {date(incident.recovered_at)}."))
    _reason(composer, incident)
    return composer.message(f"{plain}.")


def no_data_message(report: Report) -> Message | None:
    """Return the note that the alarm has no data any more."""
    composer = Composer()
    composer.section(
        Mrkdwn(":white_circle: The alarm has no data any more (`INSUFFICIENT_DATA`). That is no recovery: nothing is reported at all.")
    )
    _reason(composer, report.incident)
    return composer.message(f"The alarm {report.incident.title} has no data any more.")


def _reason(composer: Composer, incident: Incident) -> None:
    if incident.alarm_reason:
        composer.excerpt("CloudWatch says", incident.alarm_reason)


def _newest(incident: Incident) -> AlarmNote | None:
    return max(incident.alarms, key=lambda alarm: (alarm.since or 0.0, alarm.changed_at), default=None)
