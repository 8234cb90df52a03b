"""What stands of the changes that were asked for in an incident, in the words of its first message."""

from __future__ import annotations

from typing import Final

from bot.models.change import STANDING, Change, ChangeState
from bot.models.incident import Report
from bot.models.wording import change_words
from bot.slack.escape import Mrkdwn, bold, date, mrkdwn, short, user

HEADLINES: Final[dict[ChangeState, str]] = {
    "pending": "fix requested",
    "approved": "fix approved",
    "applying": "fix being applied",
    "applied": "fix applied",
    "verified": "fix applied and it helped",
    "ineffective": "fix applied, did not help",
    "undoing": "fix being undone",
    "undone": "fix undone",
    "failed": "fix failed",
    "rehearsed": "fix rehearsed",
}
"""Nothing is said in the headline of what was rejected, expired or withdrawn: the incident stands where it stood."""

SIGNS: Final[dict[ChangeState, str]] = {
    "pending": ":hourglass_flowing_sand:",
    "approved": ":hourglass_flowing_sand:",
    "applying": ":wrench:",
    "applied": ":wrench:",
    "verified": ":white_check_mark:",
    "ineffective": ":warning:",
    "undoing": ":leftwards_arrow_with_hook:",
    "undone": ":leftwards_arrow_with_hook:",
    "failed": ":warning:",
    "rehearsed": ":wrench:",
    "rejected": ":no_entry_sign:",
    "expired": ":no_entry_sign:",
    "withdrawn": ":no_entry_sign:",
}

BUSY: Final[frozenset[ChangeState]] = STANDING | {"pending", "approved", "applying", "undoing"}
"""While a change is in one of these, its offer has no button."""

SHOWN_CHANGES: Final = 3
MAX_WORDS_CHARS: Final = 250
MAX_PROBLEM_CHARS: Final = 200


def headline_of(report: Report) -> str:
    """Return how far the newest change is, empty where there is nothing to tell."""
    return next((HEADLINES[change.state] for change in reversed(report.changes) if change.state in HEADLINES), "")


def has_standing_change(report: Report) -> bool:
    """Tell whether a change stands in AWS."""
    return any(change.state in STANDING for change in report.changes)


def is_taken(report: Report, offer_id: str, action: str) -> bool:
    """Tell whether an offer is asked for or carried out already; one that was asked for without a button counts by its action."""
    busy = (change for change in report.changes if change.state in BUSY)
    return any(change.offer_id == offer_id or (not change.offer_id and change.plan.action == action) for change in busy)


def change_lines(report: Report) -> tuple[Mrkdwn, ...]:
    """Return a line for each of the last changes."""
    return tuple(_line(change) for change in report.changes[-SHOWN_CHANGES:])


def _line(change: Change) -> Mrkdwn:
    said = mrkdwn(short(change_words(change.plan), MAX_WORDS_CHARS))
    return Mrkdwn(f"{SIGNS[change.state]} {bold(_verb(change))}: {said}{_details(change)}")


def _verb(change: Change) -> str:
    words = HEADLINES.get(change.state) or f"fix {change.state}"
    return words[:1].upper() + words[1:]


def _details(change: Change) -> Mrkdwn:
    if change.state == "pending":
        missing = max(1, change.needed - len(change.approvals))
        waits = f"waits for {missing} approval{'' if missing == 1 else 's'} until {date(change.expires_at)}"
        return Mrkdwn(f" (asked for by {user(change.requested_by)}; {waits})")
    if change.state in STANDING and change.applied_at is not None:
        ends = f"; ends by itself {date(change.revert_at)}" if change.revert_at else ""
        return Mrkdwn(f" ({date(change.applied_at)}{ends})")
    if change.state == "undone" and change.undone_at is not None:
        return Mrkdwn(f" ({date(change.undone_at)})")
    if change.state in {"rejected", "withdrawn"} and change.ended_by is not None:
        return Mrkdwn(f" (by {user(change.ended_by.user_id)})")
    return Mrkdwn(f" ({mrkdwn(short(change.problem, MAX_PROBLEM_CHARS))})") if change.problem else Mrkdwn("")
