"""Changes that end by themselves: a warning before, the end, and Keep."""

from __future__ import annotations

from bot.commands import ClickCommand, TickCommand
from bot.errors import RefusedError
from bot.models.change import STANDING, Change, Decision
from bot.workflow.changes import states
from bot.workflow.changes.clicks import addressed, may_take_back, refuse
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.schedule import WARN_BEFORE_S
from bot.workflow.changes.telling import note_once, show
from bot.workflow.changes.trail import SELF, record
from bot.workflow.changes.turn import known
from bot.workflow.changes.undo import announce, take_back


def warn(desk: ChangeDesk, command: TickCommand) -> None:
    """Say that a change ends soon, and offer to keep it."""
    change = known(desk, command.change_id)
    now = desk.clock.now().timestamp()
    if change.state not in STANDING or change.revert_at is None or change.warned_at is not None:
        return
    if now < change.revert_at - WARN_BEFORE_S:
        return
    note_once(desk, change, "ending", cause="ending")
    show(desk, desk.changes.swap(change.model_copy(update={"warned_at": now})))


def revert(desk: ChangeDesk, command: TickCommand) -> None:
    """End a temporary change whose time is over, or go on with an undoing that broke off."""
    change = known(desk, command.change_id)
    now = desk.clock.now().timestamp()
    decision = Decision(user_id=SELF, at=now, request_id=f"revert|{change.id}")
    if change.state == "undoing" or is_due(change, now):
        # Somebody may keep it at this very moment.
        take_back(desk, change.id, change.undo_by or decision, only_if=lambda stored: is_due(stored, now))
    elif change.state == "undone":
        announce(desk, change)


def is_due(change: Change, now: float) -> bool:
    """Tell whether a temporary change has to end."""
    return change.state in STANDING and change.revert_at is not None and now >= change.revert_at


def keep(desk: ChangeDesk, command: ClickCommand) -> None:
    """Make a temporary change permanent because a person clicked."""
    change: Change | None = None
    try:
        change = addressed(desk, command)
        may_take_back(desk, change, command.user_id)
        # Kept already by this person: by an earlier delivery of this click, or by an earlier click. Both are content.
        if change.kept_by != command.user_id:
            change = desk.changes.swap(states.kept(change, command.user_id))
    except RefusedError as exc:
        refuse(desk, command, change, str(exc))
        return
    record(desk, change, "kept", command.user_id, cause="kept")
    show(desk, change)
