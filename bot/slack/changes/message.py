"""A change's message in the thread of its incident: edited in place, from the request to its undoing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from bot.models.change import STANDING, Change, ChangeState
from bot.models.wording import action_words
from bot.slack.blocks import Composer, Message
from bot.slack.changes.buttons import buttons_of
from bot.slack.changes.plan import show_effects, show_owner, show_patch, show_place, show_steps, show_undo
from bot.slack.changes.words import can_be_undone, duration_words, old_words, person, steps_words, target_words
from bot.slack.escape import Mrkdwn, bold, code, date, mrkdwn

HEADLINES: Final[dict[ChangeState, tuple[str, str]]] = {
    "pending": ("🟡", "waits for approval"),
    "approved": ("🔵", "approved, will be applied"),
    "applying": ("🔵", "is being applied"),
    "applied": ("🟣", "applied, not verified yet"),
    "verified": ("🟢", "applied, and it helped"),
    "ineffective": ("🟠", "applied, and it did not help"),
    "failed": ("🔴", "failed"),
    "undoing": ("🔵", "is being undone"),
    "undone": ("⚪", "undone"),
    "rejected": ("⚫", "rejected"),
    "expired": ("⚫", "expired, nothing was changed"),
    "withdrawn": ("⚫", "withdrawn, nothing was changed"),
    "rehearsed": ("🧪", "rehearsed, nothing was changed"),
}
"""The sign never stands alone: the words say the same."""

SHOWN_APPROVERS: Final = 5
"""So many are mentioned: whom a message pings should be able to do something about it."""

TAKEN_BACK: Final = "taken-back"
"""Why the reminders ended when somebody or a deployment put another value there; see `Change.quiet_by`."""

SPARE_BLOCKS: Final = 8
SPARE_CHARS: Final = 3000
"""Kept for what must not be crowded out: who may approve, until when, and the buttons with their dialogs."""


def change_message(change: Change) -> Message:
    """Return the message as it should stand now."""
    composer = Composer(spare_blocks=SPARE_BLOCKS, spare_chars=SPARE_CHARS)
    sign, words = HEADLINES[change.state]
    composer.header(f"{sign} {target_words(change.plan)}: {action_words(change.plan)} {words}")
    show_place(composer, change.plan, Mrkdwn(f"{person(change.requested_by)} asked {date(change.requested_at)} for: "))
    show_steps(composer, change.plan)
    if change.state in {"pending", "approved"}:
        show_effects(composer, change.plan)
        show_owner(composer, change.plan.ownership)
        show_undo(composer, change.plan)
    SAYS[change.state](composer, change)
    if buttons := buttons_of(change):
        composer.actions(*buttons)
    composer.context(Mrkdwn(f"Change {code(change.id)} · incident {code(change.incident_id)}"))
    # Below the buttons: a long patch must not push them off the screen.
    composer.spare_blocks, composer.spare_chars = 1, 200
    if change.state in {"pending", "approved"} or change.state in STANDING:
        show_patch(composer, change.plan.ownership)
    if change.state == "rehearsed":
        _calls(composer, change)
    return composer.message(story(change))


def story(change: Change) -> str:
    """Return the whole story in a few sentences, for notifications and screen readers."""
    plan = change.plan
    parts = [f"{target_words(plan)} in {plan.region}: {action_words(plan)} {HEADLINES[change.state][1]}. {steps_words(plan)}."]
    if change.state == "pending":
        parts.append(f"{_missing(change)} needed.")
        parts += [plan.ownership.warning] if plan.ownership.warning else []
    if change.state in STANDING and change.checks and change.checks[-1].said:
        parts.append(change.checks[-1].said)
    if change.problem:
        parts.append(change.problem)
    return " ".join(parts)


def _pending(composer: Composer, change: Change) -> None:
    who = ", ".join(person(one) for one in change.approvers[:SHOWN_APPROVERS])
    more = len(change.approvers) - SHOWN_APPROVERS
    others = f" and {more} more" if more > 0 else ""
    may = f" {bold('Who may: ')}{who}{others}." if who else ""
    composer.section(bold("Needed: "), Mrkdwn(f"{_missing(change)} until {date(change.expires_at)}.{may}"))
    _approvals(composer, change)
    _ends(composer, change)


def _approved(composer: Composer, change: Change) -> None:
    _approvals(composer, change)
    _ends(composer, change)


def _applied(composer: Composer, change: Change) -> None:
    done = change.applied
    _approvals(composer, change)
    if change.applied_at is not None:
        composer.section(bold("Applied: "), date(change.applied_at), Mrkdwn("."))
    if done is not None:
        notes = ["AWS's answer was lost; the state was read, and the change stands"] if done.outcome == "read-back" else []
        notes += ["an attempt that broke off had made it already"] if done.outcome == "resumed" else []
        notes += [] if done.is_settled else ["AWS still puts it into effect"]
        composer.bullets("Notes", [*notes, *done.notes])
    _checks(composer, change)
    if change.revert_at is not None:
        composer.section(bold("Temporary: "), Mrkdwn(f"ends {date(change.revert_at)} and puts back what was there before."))
    elif change.kept_by:
        composer.section(bold("Kept: "), Mrkdwn(f"{person(change.kept_by)} made it permanent."))
    if change.problem:
        composer.sentence(bold("Since then: " if change.quiet_by == TAKEN_BACK else "Last attempt to undo: "), change.problem)
    if change.plan.ownership.warning:
        show_owner(composer, change.plan.ownership)
    if can_be_undone(change.plan):
        show_undo(composer, change.plan)
    else:
        composer.sentence(bold("No way back: "), change.plan.undo)


def _failed(composer: Composer, change: Change) -> None:
    _approvals(composer, change)
    composer.sentence(bold("Why: "), change.problem or "no reason was recorded")
    if change.applied is None:
        composer.section(Mrkdwn("No success was recorded. If the reason says nothing else, the old value stands."))
    else:
        composer.section(Mrkdwn("The change stands in AWS; it was not taken back."))


def _undone(composer: Composer, change: Change) -> None:
    by = f" by {person(change.undo_by.user_id)}" if change.undo_by else ""
    at = f" {date(change.undone_at)}" if change.undone_at is not None else ""
    composer.section(bold("Undone"), Mrkdwn(f"{by}{at}. What was there before stands again: {mrkdwn(old_words(change.plan))}."))
    if change.undone is not None:
        composer.bullets("Notes", change.undone.notes)


def _ended(composer: Composer, change: Change) -> None:
    if change.ended_by is not None:
        word = "Rejected" if change.state == "rejected" else "Withdrawn"
        composer.section(bold(word), Mrkdwn(f" by {person(change.ended_by.user_id)} {date(change.ended_by.at)}. Nothing was changed."))
    else:
        composer.section(Mrkdwn(f"It ended {date(change.expires_at)}. Nothing was changed."))
    _approvals(composer, change)


def _rehearsed(composer: Composer, change: Change) -> None:
    _approvals(composer, change)
    composer.section(Mrkdwn("This deployment makes no changes. All was done but the write; these calls would have been sent:"))


def _working(composer: Composer, change: Change) -> None:
    _approvals(composer, change)
    if change.undo_by is not None:
        composer.section(bold("Undo "), Mrkdwn(f"asked by {person(change.undo_by.user_id)} {date(change.undo_by.at)}."))


SAYS: Final[dict[ChangeState, Callable[[Composer, Change], None]]] = {
    "pending": _pending, "approved": _approved, "applying": _working, "undoing": _working, "applied": _applied, "verified": _applied,
    "ineffective": _applied, "failed": _failed, "undone": _undone, "rejected": _ended, "expired": _ended, "withdrawn": _ended,
    "rehearsed": _rehearsed,
}  # fmt: skip


def _approvals(composer: Composer, change: Change) -> None:
    if change.approvals:
        given = ", ".join(f"{person(one.user_id)} {date(one.at)}" for one in change.approvals)
        composer.section(bold("Approved by: "), Mrkdwn(f"{given}."))


def _ends(composer: Composer, change: Change) -> None:
    if change.minutes:
        composer.section(bold("Temporary: "), Mrkdwn(f"undone by itself {duration_words(change.minutes * 60)} after it was applied."))


def _checks(composer: Composer, change: Change) -> None:
    recovered = next((check for check in change.checks if check.recovered_at is not None and check.stands), None)
    last = change.checks[-1] if change.checks else None
    if recovered is not None and recovered.recovered_at is not None and change.applied_at is not None:
        after = max(0.0, recovered.recovered_at - change.applied_at)
        when = f"{duration_words(after)} after the change" if after > 0 else "before the change took effect"
        composer.section(bold("Recovered: "), Mrkdwn(f"{date(recovered.recovered_at)}, {when}."))
    if last is not None:
        composer.sentence(bold("Seen: "), last.said or f"the alarm is in state {last.alarm_state or 'not known'}")


def _calls(composer: Composer, change: Change) -> None:
    for call in change.plan.calls:
        composer.excerpt(f"{call.service} {call.operation}", json.dumps(call.parameters, ensure_ascii=False, indent=2))


def _missing(change: Change) -> str:
    missing = max(0, change.needed - len(change.approvals))
    return f"{missing} {'more ' if change.approvals else ''}{'approval' if missing == 1 else 'approvals'}"
