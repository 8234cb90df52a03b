"""One worker at a change, and one change at a function."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from bot.errors import BotError, StateError
from bot.models.change import Change
from bot.models.plan import Subject
from bot.remediations.case import partition_of
from bot.workflow.changes.desk import ChangeDesk

logger = logging.getLogger(__name__)

LEASE_MARGIN_S: Final = 5.0
"""How much longer the right lasts than the worker that took it can."""


def known(desk: ChangeDesk, change_id: str) -> Change:
    """Return a change as it stands.

    Raises:
        StateError: There is none.
    """
    change = desk.changes.change_of(change_id)
    if change is None:
        raise StateError(f"{change_id}: no such change")
    return change


def lock_key(subject: Subject) -> str:
    """Return what is locked: the function without version or alias."""
    return f"arn:{partition_of(subject.region)}:lambda:{subject.region}:{subject.account_id}:function:{subject.function_name}"


def lock_keys(subject: Subject) -> tuple[str, ...]:
    """Return all that a change needs for itself: its function, and the role or stage that other functions may share with it."""
    details = subject.details
    shared = [str(details["role_arn"])] if "role_arn" in details else []
    if "api_id" in details:
        shared.append(f"{subject.region}/{details['api_id']}/{details.get('stage', '')}")
    return (lock_key(subject), *shared)


@contextmanager
def turn(desk: ChangeDesk, change_id: str) -> Iterator[Change]:
    """Give the change as it stands, while nobody else works on it or on its function.

    A worker that dies keeps the right until its lease ends, which is after it can have lived.

    Raises:
        StateError: Another worker is at it, or another change of the function is being made; it must come again.
    """
    lease_s = max(desk.time_left_s(), 0.0) + LEASE_MARGIN_S
    # The lock alone is not enough: the same change may take it twice, by two messages about it.
    claim = desk.incidents.claim(f"turn|{change_id}", owner=uuid.uuid4().hex, lease_s=lease_s)
    if claim.standing == "busy":
        raise StateError(f"{change_id}: another worker is at this change; it comes again")
    try:
        change = known(desk, change_id)
        taken: list[str] = []
        try:
            for key in lock_keys(change.plan):
                _lock(desk, change, key, lease_s)
                taken.append(key)
            yield known(desk, change_id)
        except Exception:
            for key in taken:
                _quietly(partial(desk.changes.unlock, key, change_id))
            raise
        for key in taken:
            desk.changes.unlock(key, change_id)
    except Exception:
        _quietly(lambda: desk.incidents.release(claim))
        raise
    desk.incidents.release(claim)


def _lock(desk: ChangeDesk, change: Change, key: str, lease_s: float) -> None:
    if not desk.changes.lock(key, change.id, lease_s=lease_s):
        what = change.plan.function_name if key == lock_key(change.plan) else key
        raise StateError(f"{change.id}: another change of {what} is being made; this one comes again after it")


def _quietly(give_back: Callable[[], None]) -> None:
    try:
        give_back()
    except BotError:
        logger.exception("a right was not given back, its lease ends by itself")
