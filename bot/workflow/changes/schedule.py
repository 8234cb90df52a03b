"""The steps that are ahead of a change, as messages that the queue holds back until they are due."""

from __future__ import annotations

import math
from typing import Final

from bot.commands import TickCommand
from bot.models.change import STANDING, Change
from bot.workflow.changes.desk import ChangeDesk

MAX_DELAY_S: Final = 900
"""Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html"""

WARN_BEFORE_S: Final = 300.0
"""So long before a temporary change ends people are told."""


def tick(desk: ChangeDesk, step: str, change: Change, *, due_at: float, number: int = 0, again: str = "") -> bool:
    """Send a step to be taken at a time; one that is further away than a queue's delay waits for a sweep.

    `again` makes another message of it, where the first one is known to be lost. Returns whether it was sent.
    """
    now = desk.clock.now().timestamp()
    # Rounded up, for a step that comes early finds nothing due.
    delay_s = max(0, math.ceil(due_at - now))
    if delay_s > MAX_DELAY_S:
        return False
    name = f"{step}|{change.id}|{number}" + (f"|{again}" if again else "")
    command = TickCommand(request_id=name, step=step, change_id=change.id, number=number, due_at=due_at)
    desk.queue.send(command, delay_s=delay_s)
    return True


def schedule_checks(desk: ChangeDesk, change: Change) -> None:
    """Send the checks of a change that was made."""
    for number, after_s in enumerate(desk.verify_after_s, start=1):
        tick(desk, "verify", change, due_at=(change.applied_at or 0.0) + after_s, number=number)


def schedule_end(desk: ChangeDesk, change: Change, *, again: str = "") -> None:
    """Send the warning and the end of a temporary change, each as soon as the queue can hold it."""
    if change.state not in STANDING or change.revert_at is None:
        return
    if change.warned_at is None and is_warned_of(change):
        tick(desk, "warn", change, due_at=change.revert_at - WARN_BEFORE_S, again=again)
    tick(desk, "revert", change, due_at=change.revert_at, again=again)


def is_warned_of(change: Change) -> bool:
    """Tell whether a change lasts long enough to be warned of its end."""
    return (change.minutes or 0) * 60 > WARN_BEFORE_S
