"""The functions that one shared cause makes fail: none is left out, those that fail longest come first."""

from __future__ import annotations

from typing import Final

from bot.models.incident import Report, Victim
from bot.slack.blocks import Composer, Excerpt
from bot.slack.escape import Mrkdwn, bold, brief, clean, code, short
from bot.slack.impact import counted

SHOWN_IN_ROOT: Final = 6
MAX_NAME_CHARS: Final = 140

FOREVER: Final = float("inf")


def victims(report: Report) -> tuple[Victim, ...]:
    """Return all functions of the incident, the ones that fail longest first; empty while there is only its own."""
    found = report.incident.victims
    if len(found) < 2:
        return ()
    return tuple(sorted(found, key=lambda v: (v.recovered_at is not None, v.since if v.since is not None else FOREVER, v.name)))


def add_summary(composer: Composer, report: Report) -> None:
    """Add how many functions fail, and the first of them; all the others go to the file."""
    all_of_them = victims(report)
    if not all_of_them:
        return
    shown = ", ".join(_short(victim) for victim in all_of_them[:SHOWN_IN_ROOT])
    rest = len(all_of_them) - SHOWN_IN_ROOT
    more = f" and {rest:,} more" if rest > 0 else ""
    composer.section(Mrkdwn(f":busts_in_silhouette: {bold(summary(report))}: {shown}{more}"))
    if rest > 0:
        composer.overflow.append(Excerpt("All functions of this incident", clean("\n".join(_row(victim) for victim in all_of_them))))


def add_list(composer: Composer, report: Report) -> None:
    """Add every function with its alarms."""
    composer.bullets(summary(report), [_row(victim) for victim in victims(report)])


def summary(report: Report) -> str:
    """Return how many functions there are, and how many of them recovered; empty while there is only one."""
    all_of_them = victims(report)
    if not all_of_them:
        return ""
    back = sum(victim.recovered_at is not None for victim in all_of_them)
    return f"{counted(len(all_of_them), 'function')} with one cause{f', {back:,} recovered' if back else ''}"


def _short(victim: Victim) -> Mrkdwn:
    name = code(short(victim.name, MAX_NAME_CHARS)) or "(unnamed)"
    times = f" {_fired(victim):,}×" if _fired(victim) > 1 else ""
    return Mrkdwn(f"{name}{times}{' (recovered)' if victim.recovered_at else ''}")


def _row(victim: Victim) -> str:
    where = " ".join(part for part in (victim.account, victim.region) if part)
    alarms = ", ".join(f"{brief(alarm.name)} {alarm.fired:,}× ({alarm.state})" for alarm in victim.alarms)
    return f"{brief(victim.name)}{f' ({brief(where)})' if where else ''}: {alarms or 'no alarm'}"


def _fired(victim: Victim) -> int:
    return sum(alarm.fired for alarm in victim.alarms)
