"""The change messenger at the pace of all workers together: one message a second into a channel."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from bot.models.change import Change
from bot.models.incident import Report
from bot.ports import Pace
from bot.workflow.changes.desk import ChangeMessenger, PlanWindow
from bot.workflow.pace import in_turn

T = TypeVar("T")

PATIENCE_S: Final = 20.0
"""A worker waits so long for its turn; a storm of alarms fills a channel for longer, and then the message comes again."""


@dataclass(frozen=True)
class PacedChangeMessenger:
    """Fills the port ChangeMessenger with another one. Edits and private answers are no messages of the channel."""

    messenger: ChangeMessenger
    pace: Pace
    sleep: Callable[[float], None] = time.sleep

    def show_plan(self, view_id: str, window: PlanWindow) -> None:
        """Fill a window that is open."""
        self.messenger.show_plan(view_id, window)

    def show_problem(self, view_id: str, text: str) -> None:
        """Say in a window that is open why nothing more comes."""
        self.messenger.show_problem(view_id, text)

    def post_change(self, change: Change) -> str:
        """Post a change when its turn has come. Raises NotYetError when too many others are in front."""
        return self._in_turn(change.channel, lambda: self.messenger.post_change(change))

    def find_change(self, change: Change) -> str | None:
        """Return the id of a change's message when it stands already."""
        return self.messenger.find_change(change)

    def edit_change(self, change: Change) -> None:
        """Bring a change's message up to date, in place."""
        self.messenger.edit_change(change)

    def note(self, change: Change, note: str) -> None:
        """Post a note when its turn has come. Raises NotYetError when too many others are in front."""
        self._in_turn(change.channel, lambda: self.messenger.note(change, note))

    def edit(self, report: Report) -> None:
        """Bring the incident's first message up to date."""
        self.messenger.edit(report)

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who clicked."""
        self.messenger.tell(response_url, text)

    def tell_person(self, channel: str, thread_ts: str, user_id: str, text: str) -> None:
        """Say one thing to a person in a thread."""
        self.messenger.tell_person(channel, thread_ts, user_id, text)

    def _in_turn(self, channel: str, post: Callable[[], T]) -> T:
        return in_turn(self.pace, channel, post, patience_s=PATIENCE_S, sleep=self.sleep)
