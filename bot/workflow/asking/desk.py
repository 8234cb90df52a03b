"""What questions about incidents are answered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.models.change import Change
from bot.models.replies import GradeWindow, HomeReply, Reply, Vote
from bot.ports import AuditLog, ChangeStore, Groups, IncidentIndex
from bot.workflow.changes.rules import Rules
from bot.workflow.desk import Desk


class FeedbackStore(Protocol):
    """Remembers what people say of a diagnosis."""

    def vote(self, incident_id: str, vote: Vote) -> None:
        """Keep a vote; a person's later one replaces the earlier one. Raises StateError when it could not be kept."""

    def votes(self, incident_id: str) -> tuple[Vote, ...]:
        """Return the votes on an incident, oldest first."""


class Directory(Protocol):
    """The names of the account's functions, for type-ahead and suggestions."""

    def names(self) -> tuple[str, ...]:
        """Return the names as they are known; empty when none are."""

    def refresh(self) -> tuple[str, ...]:
        """Read the names from AWS if they are old, keep and return them. A failure leaves what was known."""


class AnswerMessenger(Protocol):
    """Carries answers to one person. Raises DeliveryError with the chat's own error code."""

    def answer(self, response_url: str, reply: Reply) -> None:
        """Answer so that only the person who asked sees it."""

    def answer_person(self, channel: str, thread_ts: str, user_id: str, reply: Reply) -> None:
        """The same where there is no response URL."""

    def publish_home(self, user_id: str, home: HomeReply) -> None:
        """Draw the app's home of a person."""

    def show_grade(self, view_id: str, window: GradeWindow) -> None:
        """Fill the window that asks for the true cause."""


@dataclass(frozen=True)
class AskDesk:
    """The ports; one per process."""

    desk: Desk
    index: IncidentIndex
    changes: ChangeStore
    audit: AuditLog
    feedback: FeedbackStore
    directory: Directory
    messenger: AnswerMessenger
    groups: Groups
    rules: Callable[[], Rules]

    def waiting(self) -> tuple[Change, ...]:
        """Return the changes that wait for approval and have not expired, oldest first."""
        now = self.desk.clock.now().timestamp()
        found = (self.changes.change_of(change_id) for change_id in self.changes.open_changes())
        waiting = [change for change in found if change is not None and change.state == "pending" and change.expires_at > now]
        return tuple(sorted(waiting, key=lambda change: change.requested_at))
