"""The window of a plan: read it, change its values within bounds, ask for approval; or run it by hand where nobody may ask."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.models.plan import RemediationPlan
from bot.slack.blocks import Composer
from bot.slack.changes.plan import show_effects, show_owner, show_patch, show_place, show_steps, show_undo
from bot.slack.changes.words import can_be_undone, person
from bot.slack.elements import Block, labelled, number_input, plain_text, select, text_input
from bot.slack.escape import Mrkdwn, bold
from bot.slack.limits import MAX_LABEL_CHARS, MAX_TITLE_CHARS, MAX_VIEW_BLOCKS
from bot.workflow.changes.desk import Editable, PlanWindow

TITLE: Final = "Change"
CALLBACK_ID: Final = "medic.request"
VALUE_ID: Final = "medic.value"

MINUTES_BLOCK: Final = "minutes"
NEVER: Final = "0"
"""What the worker takes for a change that stays."""

DURATIONS: Final = (
    ("Never: it stays", NEVER), ("After 30 minutes", "30"), ("After 1 hour", "60"), ("After 2 hours", "120"), ("After 4 hours", "240"),
)  # fmt: skip
"""How long a change may last; what was there before is put back then."""

REHEARSAL: Final = Mrkdwn("🧪 This deployment makes no changes: all is done but the write, and the calls are shown.")

SHOWN_APPROVERS: Final = 20
"""Nobody is notified from a window, so more can be named than in a message."""

SPARE_BLOCKS: Final = 30
SPARE_CHARS: Final = 4000
"""Kept for the form and for the command, which must not be crowded out."""

LEFT_OUT: Final = "`medic plan` prints all of it"


def plan_view(window: PlanWindow) -> Block:
    """Return the window as Slack takes it."""
    if window.plan is None:
        return _incomplete_view(window) if window.may_ask else problem_view(_refusal(window), sign="🚫")
    composer = Composer(max_blocks=MAX_VIEW_BLOCKS, spare_blocks=SPARE_BLOCKS, spare_chars=SPARE_CHARS, left_out=LEFT_OUT)
    _plan(composer, window.plan)
    form = _fields(window) if window.may_ask else []
    for block in form:
        composer.entry(block)
    _asking(composer, window)
    composer.spare_blocks, composer.spare_chars = 1, 200
    if window.command:
        composer.excerpt("The same by hand", window.command)
    show_patch(composer, window.plan.ownership)
    composer.note_overflow()
    view = _view(composer, close="Cancel" if window.may_ask else "Close")
    if not window.may_ask:
        return view
    return view | _asks(window)


def _incomplete_view(window: PlanWindow) -> Block:
    """Return the form for what the evidence did not hold; the plan is made when it is sent."""
    composer = Composer(max_blocks=MAX_VIEW_BLOCKS, spare_blocks=SPARE_BLOCKS, left_out="it was cut")
    composer.sentence(bold("Something is missing: "), window.refusal)
    for block in _fields(window):
        composer.entry(block)
    if window.is_rehearsal:
        composer.section(REHEARSAL)
    composer.section(bold("Next: "), Mrkdwn("the plan is made from the live state when you send this, and shown to those who decide."))
    composer.note_overflow()
    return _view(composer, close="Cancel") | _asks(window)


def _asks(window: PlanWindow) -> Block:
    return {"callback_id": CALLBACK_ID, "private_metadata": window.offered.id, "submit": plain_text("Ask for approval", MAX_TITLE_CHARS)}


def _refusal(window: PlanWindow) -> str:
    return " ".join(part for part in (window.refusal or "There is no plan.", window.why_not) if part)


def problem_view(text: str, *, sign: str = "⚠️") -> Block:
    """Return a window that says why nothing more comes."""
    composer = Composer(max_blocks=MAX_VIEW_BLOCKS, left_out="it was cut")
    composer.sentence(Mrkdwn(f"{sign} "), text)
    composer.note_overflow()
    return _view(composer, close="Close")


def _view(composer: Composer, *, close: str) -> Block:
    title, end = plain_text(TITLE, MAX_TITLE_CHARS), plain_text(close, MAX_TITLE_CHARS)
    return {"type": "modal", "title": title, "close": end, "blocks": composer.blocks}


def _plan(composer: Composer, plan: RemediationPlan) -> None:
    show_place(composer, plan, Mrkdwn(""))
    show_steps(composer, plan)
    show_effects(composer, plan)
    show_owner(composer, plan.ownership)
    show_undo(composer, plan)


def _fields(window: PlanWindow) -> list[Block]:
    fields = [_field(editable) for editable in window.editable]
    if fields:
        fields[0]["hint"] = plain_text("Other values are planned afresh and checked before anybody is asked.", MAX_LABEL_CHARS)
    if can_be_undone(window.plan or window.offered):
        menu = select(VALUE_ID, "How long", DURATIONS, chosen=NEVER)
        fields.append(labelled(MINUTES_BLOCK, "Undo it by itself", menu, hint="Somebody can keep it before it ends."))
    return fields


def _field(editable: Editable) -> Block:
    if editable.kind == "number":
        element = _number(editable)
        bounds = [f"{name} {bound:,.0f}" for name, bound in (("from", editable.least), ("up to", editable.most)) if bound is not None]
        label = f"{editable.label} ({' '.join(bounds)})" if bounds else editable.label
        return labelled(editable.name, label, element)
    value = editable.value if isinstance(editable.value, str) else "" if editable.value is None else json.dumps(editable.value)
    return labelled(editable.name, editable.label, text_input(VALUE_ID, value))


def _number(editable: Editable) -> Block:
    least, most, value = editable.least, editable.most, _as_number(editable.value)
    if least is not None and most is not None and least > most:
        least = most = None
    # Slack refuses a window whose field holds what its own bounds forbid.
    is_within = value is not None and (least is None or value >= least) and (most is None or value <= most)
    return number_input(VALUE_ID, value if is_within else None, least=least, most=most)


def _as_number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _asking(composer: Composer, window: PlanWindow) -> None:
    if window.is_rehearsal:
        composer.section(REHEARSAL)
    if not window.may_ask:
        composer.sentence(bold("You can't ask for it here: "), window.why_not or "no rule allows it.")
        return
    noun = "approval is" if window.needed == 1 else "approvals are"
    who = ", ".join(person(one) for one in window.approvers[:SHOWN_APPROVERS])
    more = len(window.approvers) - SHOWN_APPROVERS
    by = f" by {who}{f' and {more} more' if more > 0 else ''}" if who else ""
    composer.section(bold("Next: "), Mrkdwn(f"{window.needed} {noun} needed{by} within {window.lifetime_minutes} minutes."))
