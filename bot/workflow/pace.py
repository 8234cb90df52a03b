"""One post a second into a channel, over all workers, and one edit at a time of a message."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from bot.errors import DeliveryError, NotYetError, StateError
from bot.ports import Pace
from bot.workflow.desk import Case

logger = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_WAIT_S: Final = 45.0
"""For a slot. A worker that would wait longer gives its place to another delivery."""

LEAST_TIME_S: Final = 15.0
"""Time that stays for the call itself, which Slack may be slow to answer."""

DEFAULT_HOLD_S: Final = 30.0
"""Where Slack refuses for the rate and does not say for how long. Source: https://docs.slack.dev/apis/web-api/rate-limits"""

FILE_PATIENCE_S: Final = 10.0
"""A file waits so long for its turn behind its message."""

EDIT_EVERY_S: Final = 2.0
"""Slack takes about fifty edits a minute from an app. Source: https://docs.slack.dev/apis/web-api/rate-limits, tier 3 (chat.update)"""


def paced(case: Case, channel: str, post: Callable[[], T]) -> T:
    """Post when the channel's next second is free.

    Raises:
        NotYetError: Too many others are in front; the delivery comes again.
        DeliveryError: Slack did not take the message.
    """
    patience_s = min(LONGEST_WAIT_S, case.time_left_s() - LEAST_TIME_S)
    return in_turn(case.desk.pace, channel, post, patience_s=patience_s, sleep=case.desk.sleep)


def in_turn(pace: Pace, channel: str, post: Callable[[], T], *, patience_s: float, sleep: Callable[[float], None]) -> T:
    """The same for whoever has no case. Raises as `paced` does."""
    wait_s = pace.reserve(channel, patience_s=patience_s) if patience_s >= 0 else None
    if wait_s is None:
        raise NotYetError(f"{channel}: more messages wait for their turn than this worker has time for")
    if wait_s > 0:
        sleep(wait_s)
    try:
        return post()
    except DeliveryError as exc:
        if exc.code == "ratelimited":
            pace.hold(channel, exc.retry_after_s or DEFAULT_HOLD_S)
        raise


def file_turns(pace: Pace, sleep: Callable[[float], None]) -> Callable[[str], None]:
    """Return what waits for a channel's turn before the file that follows a message.

    The message stands already, so the file is posted in any case: without a turn when none is free soon, or the table fails.
    """

    def wait(channel: str) -> None:
        try:
            wait_s = pace.reserve(channel, patience_s=FILE_PATIENCE_S)
        except StateError:
            logger.warning("a file's turn could not be reserved", exc_info=True)
            return
        if wait_s:
            sleep(wait_s)

    return wait


def edit_in_turn(case: Case, incident_id: str, edit: Callable[[], None]) -> None:
    """Edit a first message, again as long as others want it edited meanwhile; or leave it to the worker that does so at this moment.

    `edit` must show the incident as it stands when it is called.

    Raises:
        NotYetError: Others kept wanting edits until the time was up.
        DeliveryError: Slack did not take the message.
    """
    desk = case.desk
    turn = desk.pace.ask_edit(incident_id, case.claim.owner)
    while turn is not None:
        wait_s = turn.edited_at + EDIT_EVERY_S - desk.clock.now().timestamp()
        if case.time_left_s() < max(0.0, wait_s) + LEAST_TIME_S:
            desk.pace.drop_edit(turn)
            raise NotYetError(f"{incident_id}: its first message changes faster than it may be edited")
        if wait_s > 0:
            desk.sleep(wait_s)
        try:
            edit()
        except Exception:
            desk.pace.drop_edit(turn)
            raise
        turn = desk.pace.end_edit(turn)
