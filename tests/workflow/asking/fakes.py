"""The ports of the work on people's questions, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.errors import DeliveryError
from bot.models.replies import GradeWindow, HomeReply, Reply, Vote
from bot.workflow.asking.desk import AskDesk
from bot.workflow.changes.rules import Rules
from bot.workflow.desk import Desk
from tests.clock import SetClock
from tests.workflow.changes.fakes.chat import FakeGroups
from tests.workflow.changes.fakes.store import FakeAudit, FakeChangeStore


@dataclass
class FakeAnswers:
    """Fills the port AnswerMessenger; refuses with the codes that it is given."""

    answers: list[tuple[str, Reply]] = field(default_factory=list)
    """Response URL or user id, and what was said."""
    homes: list[tuple[str, HomeReply]] = field(default_factory=list)
    windows: list[tuple[str, GradeWindow]] = field(default_factory=list)
    refuse: list[str] = field(default_factory=list)

    def answer(self, response_url: str, reply: Reply) -> None:
        """Answer one person."""
        self._refuse()
        self.answers.append((response_url, reply))

    def answer_person(self, channel: str, thread_ts: str, user_id: str, reply: Reply) -> None:
        """Answer one person in a channel."""
        self._refuse()
        self.answers.append((user_id, reply))

    def publish_home(self, user_id: str, home: HomeReply) -> None:
        """Draw a home."""
        self._refuse()
        self.homes.append((user_id, home))

    def show_grade(self, view_id: str, window: GradeWindow) -> None:
        """Fill a window."""
        self._refuse()
        self.windows.append((view_id, window))

    def _refuse(self) -> None:
        if self.refuse:
            raise DeliveryError(self.refuse.pop(0), "refused")


@dataclass
class FakeFeedback:
    """Fills the port FeedbackStore."""

    kept: dict[str, dict[str, Vote]] = field(default_factory=dict)

    def vote(self, incident_id: str, vote: Vote) -> None:
        """Keep a vote."""
        self.kept.setdefault(incident_id, {})[vote.user_id] = vote

    def votes(self, incident_id: str) -> tuple[Vote, ...]:
        """Return the votes."""
        return tuple(self.kept.get(incident_id, {}).values())


@dataclass
class FakeDirectory:
    """Fills the port Directory."""

    known: tuple[str, ...] = ("checkout", "checkout-prod", "billing")

    def names(self) -> tuple[str, ...]:
        """Return the names."""
        return self.known

    def refresh(self) -> tuple[str, ...]:
        """Return the names."""
        return self.known


def an_ask_desk(desk: Desk, clock: SetClock, rules: Rules | None = None) -> AskDesk:
    """Return a desk whose other ports are in memory."""
    standing = rules or Rules()
    return AskDesk(
        desk=desk,
        index=desk.index,
        changes=FakeChangeStore(clock),
        audit=FakeAudit(),
        feedback=FakeFeedback(),
        directory=FakeDirectory(),
        messenger=FakeAnswers(),
        groups=FakeGroups({"S0LEADS": {"U0LEAD"}}),
        rules=lambda: standing,
    )
