"""What everybody who decides about a plan must see: the same in the thread's message and in the window."""

from __future__ import annotations

from typing import Final

from bot.models.plan import Ownership, RemediationPlan
from bot.models.wording import action_words, field_words, steps_of, value_words
from bot.slack.blocks import Composer
from bot.slack.changes.words import MAX_VALUE_CHARS, named, target_words, whole_value
from bot.slack.escape import Mrkdwn, bold, code, mrkdwn

NO_COST: Final = "cost: no effect known"

MAX_STEPS: Final = 10
"""Our own: so many fields stand on lines of their own; no action changes as many."""

OWNERLESS: Final = "No tool that owns the function was found."
NOT_KNOWN: Final = "Whether a tool owns the function is not known: not all of it could be read."


def show_place(composer: Composer, plan: RemediationPlan, lead: Mrkdwn) -> None:
    """Add what is changed where."""
    where = Mrkdwn(f"{named(target_words(plan))} in {named(plan.account_id)}, {named(plan.region)}")
    details = " · ".join(f"{name.replace('_', ' ')} {value_words(name, value)}" for name, value in plan.details.items())
    composer.section(lead, bold(action_words(plan)), Mrkdwn(" of "), where, Mrkdwn(f" ({plan.risk} risk)"))
    if details:
        composer.sentence(bold("On: "), details)


def show_steps(composer: Composer, plan: RemediationPlan) -> None:
    """Add each field with its old and its new value; long ones one below the other, exactly as they are."""
    steps = list(zip(steps_of(plan), plan.fields, strict=True))
    for (name, old, new), field in steps[:MAX_STEPS]:
        if len(old) <= MAX_VALUE_CHARS and len(new) <= MAX_VALUE_CHARS:
            composer.section(bold(f"{name}: "), code(old), Mrkdwn(" → "), code(new))
        else:
            composer.excerpt(f"{field_words(field.name)}, old", whole_value(field, field.old))
            composer.excerpt(f"{field_words(field.name)}, new", whole_value(field, field.new))
    composer.bullets("More changes", [f"{name}: {old} → {new}" for (name, old, new), _ in steps[MAX_STEPS:]])


def show_effects(composer: Composer, plan: RemediationPlan) -> None:
    """Add what it costs and whom it touches, what to mind, and what could not be read."""
    composer.bullets("What it means", [*plan.effects, *([] if any("cost" in effect for effect in plan.effects) else [NO_COST])])
    second = ["the plan takes much from others: a second person must approve it"] if plan.needs_second_approver else []
    composer.bullets("⚠️ Mind", [*plan.warnings, *second])
    composer.bullets("Could not be read, so something may be missing", plan.unread)


def show_owner(composer: Composer, ownership: Ownership) -> None:
    """Add whose the function is, and that a change by hand will be taken back."""
    if ownership.warning:
        composer.sentence(Mrkdwn(f"⚠️ {bold('Owner: ')}"), ownership.warning)
        if ownership.evidence:
            composer.sentence(bold("Known from: "), "; ".join(ownership.evidence))
    else:
        composer.context(mrkdwn(NOT_KNOWN if ownership.owner == "unknown" else OWNERLESS))


def show_undo(composer: Composer, plan: RemediationPlan) -> None:
    """Add how to go back."""
    composer.sentence(bold("To undo: "), plan.undo)


def show_patch(composer: Composer, ownership: Ownership) -> None:
    """Add the same change for the tool that owns the function, to be copied."""
    if ownership.patch:
        composer.excerpt("The same change in the source", ownership.patch)
