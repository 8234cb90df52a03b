"""One step of a change's life, written on the version that was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.errors import ChangeRacedError
from bot.models.change import Change
from bot.workflow.changes import states
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.telling import show
from bot.workflow.changes.trail import SELF, record
from bot.workflow.changes.turn import known

ATTEMPTS: Final = 4
"""So often a write that was overtaken is tried again at once; after that the queue brings the message again."""


def step(desk: ChangeDesk, change_id: str, following: Callable[[Change], Change]) -> Change:
    """Write what follows the change as it stands, and return it; nothing is written where nothing follows.

    Raises:
        ChangeRacedError: Others were faster every time.
        StateError: There is no such change.
    """
    for attempt in range(1, ATTEMPTS + 1):
        change = known(desk, change_id)
        after = following(change)
        if after == change:
            return change
        try:
            return desk.changes.swap(after)
        except ChangeRacedError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def expire_if_late(desk: ChangeDesk, change: Change) -> Change:
    """Return the change; one whose lifetime is over is ended, recorded and shown so."""
    now = desk.clock.now().timestamp()
    if states.expire(change, now).state != "expired" or change.state == "expired":
        return change
    ended = step(desk, change.id, lambda stored: states.expire(stored, now))
    if ended.state == "expired":
        record(desk, ended, "expired", SELF, cause="expire")
        desk.changes.close_change(ended.id)
        show(desk, ended)
    return ended
