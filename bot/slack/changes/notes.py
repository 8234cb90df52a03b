"""What is said in the thread when something happened to a change: one phone screen each, and the notification alone tells the story."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.errors import InputError
from bot.models.change import STANDING, Change
from bot.models.wording import action_words
from bot.slack.blocks import Composer, Message
from bot.slack.changes.buttons import anew_button, keep_button, stop_button, undo_button
from bot.slack.changes.message import TAKEN_BACK
from bot.slack.changes.plan import show_patch
from bot.slack.changes.words import BY_ITSELF, can_be_undone, duration_words, named, old_words, person, steps_words, target_words
from bot.slack.elements import Block
from bot.slack.escape import Mrkdwn, bold, date, mrkdwn


def note_message(change: Change, note: str) -> Message:
    """Return a note by its name.

    Raises:
        InputError: There is no such note.
    """
    make = NOTES.get(note)
    if make is None:
        raise InputError(f"note: {note!r} is none; known: {', '.join(NOTES)}")
    return make(change)


def verified_note(change: Change) -> Message:
    """Return that it helped, and after how long."""
    check = next((check for check in change.checks if check.recovered_at is not None and check.stands), None)
    after = ""
    if check is not None and check.recovered_at is not None and change.applied_at is not None:
        waited = max(0.0, check.recovered_at - change.applied_at)
        after = f" {duration_words(waited)} after the change" if waited > 0 else " just as the change took effect"
    composer = _headed("🟢", f"{target_words(change.plan)}: recovered{after}")
    when = Mrkdwn(f" Recovered {date(check.recovered_at)}.") if check is not None and check.recovered_at is not None else Mrkdwn("")
    composer.section(Mrkdwn(f"{_change(change)} helped."), when)
    if check is not None and check.said:
        composer.sentence(bold("Seen: "), check.said)
    said = f" {check.said}" if check is not None and check.said else ""
    return composer.message(f"{target_words(change.plan)} recovered{after}: {action_words(change.plan)}, {steps_words(change.plan)}.{said}")


def ineffective_note(change: Change) -> Message:
    """Return that it did not help, with the way back."""
    check = change.checks[-1] if change.checks else None
    waited = f" within {duration_words(check.at - change.applied_at)}" if check is not None and change.applied_at is not None else ""
    composer = _headed("🟠", f"{target_words(change.plan)}: no recovery{waited}")
    stands = "stands and" if check is None or check.stands else "stands no longer and"
    composer.section(Mrkdwn(f"{_change(change)} {stands} did not help{waited}."))
    if check is not None and check.said:
        composer.sentence(bold("Seen: "), check.said)
    _way_back(composer, change)
    said = f" {check.said}" if check is not None and check.said else ""
    told = f"{target_words(change.plan)} did not recover{waited}. {_done_words(change)} did not help.{said} {_undo_words(change)}"
    return composer.message(told)


def failed_note(change: Change) -> Message:
    """Return that it failed, why, and how to get a fresh plan."""
    composer = _headed("🔴", f"{target_words(change.plan)}: {action_words(change.plan)} failed")
    composer.section(Mrkdwn(f"{_change(change)} failed."))
    composer.sentence(bold("Why: "), change.problem or "no reason was recorded")
    if change.offer_id:
        composer.actions(anew_button(change))
    return composer.message(f"{target_words(change.plan)}: {_done_words(change)} failed. {change.problem}")


def undone_note(change: Change) -> Message:
    """Return that what was there before stands again."""
    who = change.undo_by.user_id if change.undo_by else ""
    how = " by itself: its time was over" if who == BY_ITSELF and change.minutes else " by itself" if who == BY_ITSELF else ""
    by = Mrkdwn(f" by {person(who)}") if who and not how else mrkdwn(how)
    old = old_words(change.plan)
    composer = _headed("⚪", f"{target_words(change.plan)}: {action_words(change.plan)} undone")
    composer.section(Mrkdwn(f"{_change(change)} was undone"), by, Mrkdwn("."))
    composer.sentence(bold("Stands again: "), old)
    return composer.message(f"{target_words(change.plan)}: {action_words(change.plan)} was undone{how}. What stands again: {old}.")


def undo_refused_note(change: Change) -> Message:
    """Return that it was not undone, and what stands instead."""
    composer = _headed("⛔", f"{target_words(change.plan)}: not undone")
    composer.section(Mrkdwn(f"{_change(change)} was not undone."))
    composer.sentence(bold("Why: "), change.problem or "no reason was recorded")
    composer.sentence(bold("By hand: "), change.plan.undo)
    return composer.message(f"{target_words(change.plan)}: {_done_words(change)} was not undone. {change.problem}")


def ending_note(change: Change) -> Message:
    """Return that a temporary change ends soon, with what keeps it."""
    composer = _headed("⏳", f"{target_words(change.plan)}: a temporary change ends soon")
    at = Mrkdwn(f" ends {date(change.revert_at)}") if change.revert_at is not None else Mrkdwn(" ends soon")
    composer.section(_change(change), at, Mrkdwn(" and puts back what was there before, unless somebody keeps it."))
    if change.state in STANDING and change.revert_at is not None:
        composer.actions(keep_button(change), *_undo(change))
    old = old_words(change.plan)
    return composer.message(
        f"{target_words(change.plan)}: the temporary {_done_words(change)} ends soon; then {old} stands again. Keep it?"
    )


def drift_note(change: Change) -> Message:
    """Return that the tool that owns the function still holds the old value, with the patch; or that the change is gone."""
    ownership = change.plan.ownership
    if change.quiet_by == TAKEN_BACK:
        composer = _headed("🧭", f"{target_words(change.plan)}: the change is gone")
        composer.section(Mrkdwn(f"{_change(change)} does not stand any more."))
        composer.sentence(bold("Since then: "), change.problem or "another value was put there")
        show_patch(composer, ownership)
        return composer.message(f"{target_words(change.plan)}: {_done_words(change)} does not stand any more. {change.problem}")
    composer = _headed("🧭", f"{target_words(change.plan)}: the source still differs")
    composer.section(Mrkdwn(f"{_change(change)} is not in the source yet, as far as can be seen."))
    if ownership.warning:
        composer.sentence(bold("Owner: "), ownership.warning)
    if not change.quiet_by:
        composer.actions(stop_button(change))
    show_patch(composer, ownership)
    return composer.message(f"{target_words(change.plan)}: {_done_words(change)} is not in the source yet. {ownership.warning or ''}")


NOTES: Final[dict[str, Callable[[Change], Message]]] = {
    "verified": verified_note,
    "ineffective": ineffective_note,
    "failed": failed_note,
    "undone": undone_note,
    "undo-refused": undo_refused_note,
    "ending": ending_note,
    "drift": drift_note,
}


def _headed(sign: str, words: str) -> Composer:
    composer = Composer(spare_blocks=3, spare_chars=1500)
    composer.header(f"{sign} {words}")
    return composer


def _change(change: Change) -> Mrkdwn:
    """Return the change for a sentence of markup."""
    return Mrkdwn(f"{bold(action_words(change.plan))} of {named(target_words(change.plan))} ({mrkdwn(steps_words(change.plan))})")


def _done_words(change: Change) -> str:
    return f"{action_words(change.plan)} ({steps_words(change.plan)})"


def _undo(change: Change) -> list[Block]:
    if change.state not in STANDING or not can_be_undone(change.plan):
        return []
    return [undo_button(change, style="danger" if change.state == "ineffective" else None)]


def _way_back(composer: Composer, change: Change) -> None:
    composer.sentence(bold("To undo: "), change.plan.undo)
    if buttons := _undo(change):
        composer.actions(*buttons)


def _undo_words(change: Change) -> str:
    return f"To undo: {change.plan.undo}."
