"""The buttons of a change: which there are follows from its state alone."""

from __future__ import annotations

from bot.models.change import STANDING, Change
from bot.models.wording import action_words
from bot.slack.changes.words import can_be_undone, steps_words, target_words
from bot.slack.elements import Block, Style, button, confirm


def buttons_of(change: Change) -> list[Block]:
    """Return the buttons that the state allows."""
    if change.state == "pending":
        return [_approve(change), _reject(change), _withdraw(change)]
    if change.state in STANDING:
        undo = [undo_button(change, style="danger" if change.state == "ineffective" else None)] if can_be_undone(change.plan) else []
        keep = [keep_button(change)] if change.revert_at is not None else []
        stop = [stop_button(change)] if change.reminders and not change.quiet_by else []
        return [*undo, *keep, *stop]
    if change.state in {"failed", "expired"} and change.offer_id:
        return [anew_button(change)]
    return []


def undo_button(change: Change, *, style: Style | None = None) -> Block:
    """Return the way back."""
    told = f"Puts back what was there before in {target_words(change.plan)}: {change.plan.undo}"
    dialog = confirm("Undo this change?", told, yes="Undo", style="danger")
    label = f"Undo {action_words(change.plan)} of {target_words(change.plan)}"
    return button("Undo", "medic.undo", change.token, style=style, confirm=dialog, label=label)


def keep_button(change: Change) -> Block:
    """Return what makes a temporary change last."""
    return button("Keep", "medic.keep", change.token, label=f"Keep {action_words(change.plan)} of {target_words(change.plan)}")


def stop_button(change: Change) -> Block:
    """Return what ends the reminders."""
    return button("Stop reminding", "medic.stop", change.token, label=f"Stop reminding of drift of {target_words(change.plan)}")


def anew_button(change: Change) -> Block:
    """Return what opens a plan made from the live state as it is now."""
    return button("Fresh plan", "medic.plan", change.offer_id, style="primary", label=f"Plan {action_words(change.plan)} afresh")


def _approve(change: Change) -> Block:
    plan = change.plan
    # The part that an approver must not miss stands first: a long value is cut at its end.
    told = f"{target_words(plan)} in {plan.account_id}, {plan.region}: {steps_words(plan)}"
    dialog = confirm(f"Approve {action_words(plan)}?", told, yes="Approve", style="primary")
    label = f"Approve {action_words(plan)} of {target_words(plan)}"
    return button("Approve", "medic.approve", change.token, style="primary", confirm=dialog, label=label)


def _reject(change: Change) -> Block:
    label = f"Reject {action_words(change.plan)} of {target_words(change.plan)}"
    return button("Reject", "medic.reject", change.token, style="danger", label=label)


def _withdraw(change: Change) -> Block:
    return button("Withdraw", "medic.withdraw", change.token, label="Withdraw your own request")
