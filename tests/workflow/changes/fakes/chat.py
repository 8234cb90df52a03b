"""Slack as the work on changes sees it, in memory: its messages and its groups."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.errors import DeliveryError
from bot.models.change import Change
from bot.models.incident import Report
from bot.workflow.changes.desk import PlanWindow


@dataclass
class FakeChangeMessenger:
    """Fills the port ChangeMessenger; refuses with the codes that it is given by method."""

    messages: dict[str, list[Change]] = field(default_factory=dict)
    """Every version of each message, by the message's id."""
    windows: list[tuple[str, PlanWindow]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    roots: list[Report] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    """Response URL or user id, and what was said."""
    refuse: dict[str, list[str]] = field(default_factory=dict)

    def show_plan(self, view_id: str, window: PlanWindow) -> None:
        """Fill a window."""
        self._refuse("show_plan")
        self.windows.append((view_id, window))

    def show_problem(self, view_id: str, text: str) -> None:
        """Say something in a window."""
        self._refuse("show_problem")
        self.problems.append((view_id, text))

    def post_change(self, change: Change) -> str:
        """Post a change."""
        self._refuse("post_change")
        ts = f"1779800000.{len(self.messages):06}"
        self.messages[ts] = [change]
        return ts

    def find_change(self, change: Change) -> str | None:
        """Look a change's message up."""
        self._refuse("find_change")
        return next((ts for ts, versions in self.messages.items() if versions[0].id == change.id), None)

    def edit_change(self, change: Change) -> None:
        """Edit a change's message."""
        self._refuse("edit_change")
        self.messages[change.message_ts].append(change)

    def note(self, change: Change, note: str) -> None:
        """Post a note."""
        self._refuse("note")
        self.notes.append((change.id, note))

    def edit(self, report: Report) -> None:
        """Edit the incident's first message."""
        self._refuse("edit")
        self.roots.append(report)

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who clicked."""
        self._refuse("tell")
        self.told.append((response_url, text))

    def tell_person(self, channel: str, thread_ts: str, user_id: str, text: str) -> None:
        """Say one thing to a person."""
        self._refuse("tell_person")
        self.told.append((user_id, text))

    def _refuse(self, method: str) -> None:
        codes = self.refuse.get(method)
        if codes:
            raise DeliveryError(codes.pop(0), "as the test wants it")


@dataclass
class FakeGroups:
    """Fills the port Groups."""

    groups: dict[str, set[str]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def members(self, group_id: str) -> frozenset[str]:
        """Return the members of a group."""
        if group_id in self.unread or group_id not in self.groups:
            raise DeliveryError("missing_scope" if group_id in self.unread else "no_such_subteam", group_id)
        return frozenset(self.groups[group_id])
