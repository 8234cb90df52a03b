"""Every quarter of an hour: what is late, what a crash left, and what is due before the next time."""

from __future__ import annotations

import logging
from typing import Final

from bot.commands import TickCommand
from bot.models.change import STANDING, Change
from bot.workflow.changes import carry_out, states, undo
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.reminders import is_reminded_of, remind
from bot.workflow.changes.schedule import MAX_DELAY_S, schedule_end, tick
from bot.workflow.changes.turn import known, turn
from bot.workflow.changes.write import expire_if_late

logger = logging.getLogger(__name__)

QUIET_S: Final = 120.0
"""A step that is later than this was lost: its message died, or was never sent."""

STUCK_S: Final = 1800.0
"""After so long no delivery of a message is left: what was begun is ended by what stands."""

UNREADABLE_S: Final = 2 * STUCK_S
"""After so long it is said that what stands is not known."""

FORGET_S: Final = 24 * 3600.0
"""A check that could not be made for so long is given up."""

MIN_TIME_S: Final = 20.0
"""A change is not begun with less."""


def sweep(desk: ChangeDesk, command: TickCommand) -> None:
    """Look after each open change; one that fails takes none of the others with it."""
    ids = sorted(desk.changes.open_changes())
    # Each time another one is first, so that none waits for ever behind slow ones.
    start = _round(desk) % len(ids) if ids else 0
    for number, change_id in enumerate([*ids[start:], *ids[:start]]):
        if desk.time_left_s() < MIN_TIME_S:
            logger.warning("sweep ran out of time", extra={"looked_at": number, "open": len(ids)})
            return
        try:
            _look_after(desk, known(desk, change_id))
        except Exception as exc:
            # It is looked at again in a quarter of an hour; a retry of the whole sweep would help no other.
            logger.exception("open change could not be looked after", extra={"change_id": change_id, "error": type(exc).__name__})


def _look_after(desk: ChangeDesk, change: Change) -> None:
    now = desk.clock.now().timestamp()
    if change.is_over:
        _close(desk, change)
    elif states.expire(change, now).state == "expired":
        expire_if_late(desk, change)
    elif change.state == "approved":
        approved_at = max((given.at for given in change.approvals), default=0.0)
        if now >= approved_at + QUIET_S:
            tick(desk, "apply", change, due_at=now, again=f"sweep-{_round(desk)}")
    elif change.state == "applying":
        _push(desk, change, "apply", change.began_at or 0.0)
    elif change.state == "undoing":
        _push(desk, change, "revert", change.undo_by.at if change.undo_by else 0.0)
    elif change.state in STANDING:
        _look_after_standing(desk, change)


def _close(desk: ChangeDesk, change: Change) -> None:
    """Say what a worker that died may not have said, and let the change rest."""
    carry_out.announce(desk, change)
    undo.announce(desk, change)
    desk.changes.close_change(change.id)


def _push(desk: ChangeDesk, change: Change, step: str, began_at: float) -> None:
    """Bring a change on that was begun and not ended; when no delivery is left, end it by what stands."""
    late_s = desk.clock.now().timestamp() - began_at
    if QUIET_S <= late_s < STUCK_S:
        tick(desk, step, change, due_at=began_at, again=f"sweep-{_round(desk)}")
    elif late_s >= STUCK_S:
        with turn(desk, change.id) as standing:
            if standing.state == "applying":
                carry_out.settle(desk, standing, is_final=late_s >= UNREADABLE_S)
            elif standing.state == "undoing":
                undo.settle(desk, standing, is_final=late_s >= UNREADABLE_S)


def _look_after_standing(desk: ChangeDesk, change: Change) -> None:
    now, applied_at = desk.clock.now().timestamp(), change.applied_at or 0.0
    if not change.checks and now >= applied_at + desk.verify_after_s[0] + QUIET_S:
        # Nothing was heard since it was made: what was to be said and sent then may be lost.
        carry_out.announce(desk, change)
    missing = _missing_checks(desk, change)
    for number, due_at in missing:
        if due_at + QUIET_S <= now:
            tick(desk, "verify", change, due_at=due_at, number=number, again=f"sweep-{_round(desk)}")
    if change.revert_at is not None and change.revert_at - now <= 2 * MAX_DELAY_S:
        schedule_end(desk, change, again=f"sweep-{_round(desk)}" if change.revert_at + QUIET_S <= now else "")
    change = remind(desk, change)
    if not missing and change.revert_at is None and not is_reminded_of(change):
        desk.changes.close_change(change.id)


def _missing_checks(desk: ChangeDesk, change: Change) -> list[tuple[int, float]]:
    now, applied_at = desk.clock.now().timestamp(), change.applied_at or 0.0
    done = {check.number for check in change.checks}
    due = [(number, applied_at + after_s) for number, after_s in enumerate(desk.verify_after_s, start=1)]
    return [(number, at) for number, at in due if number not in done and now < at + FORGET_S]


def _round(desk: ChangeDesk) -> int:
    """Return the number of this sweep; all deliveries of one have the same."""
    return int(desk.clock.now().timestamp() // MAX_DELAY_S)
