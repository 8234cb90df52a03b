"""What an investigation works with, and one event's way through it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.alarms.target import ResolvedTarget, resolve
from bot.evidence.collect import collect
from bot.models.incident import Claim, Incident
from bot.models.receipt import Collected
from bot.playbooks.model import Playbook
from bot.ports import AwsClients, ChangeStore, Clock, Folds, IncidentIndex, IncidentStore, Messenger, Pace
from bot.workflow.routing import Route

REPORT_RESERVE_S: Final = 20.0
"""Time that stays for diagnosing and posting when the collectors' deadline is set."""

MIN_DEADLINE_S: Final = 2.0


@dataclass(frozen=True)
class Desk:
    """The ports and settings; one per process."""

    store: IncidentStore
    index: IncidentIndex
    folds: Folds
    pace: Pace
    messenger: Messenger
    aws: AwsClients
    clock: Clock
    playbooks: tuple[Playbook, ...]
    channel: str
    """Where alarms are reported that no route leads elsewhere."""
    changes: ChangeStore | None = None
    """Where offers are kept for their buttons; None: there are no buttons."""
    routes: Callable[[], tuple[Route, ...]] = tuple
    region: str = ""
    deadline_s: float = 20.0
    log_budget_bytes: int | None = None
    open_s: float = 3600.0
    """After this long without news an alarm's incident counts as closed."""
    renotify_s: float = 3600.0
    """How long an open incident of high severity says nothing that is not new."""
    progress_every_s: float = 2.0
    """How often the first message shows how far the collectors are. Slack takes about fifty edits a minute from an app.
    Source: https://docs.slack.dev/reference/methods/chat.update"""
    sleep: Callable[[float], None] = time.sleep
    resolve: Callable[..., ResolvedTarget] = resolve
    collect: Callable[..., Collected] = collect


@dataclass
class Case:
    """One claimed event: what was done for it stands in the table, so that a retry goes on from there."""

    desk: Desk
    claim: Claim
    time_left_s: Callable[[], float]
    lease_s: float

    @property
    def event(self) -> str:
        """Return the event's id."""
        return self.claim.event

    @property
    def is_resumed(self) -> bool:
        """Tell whether an earlier worker began this event and died."""
        return self.claim.standing == "resumed"

    def noted(self, step: str) -> str | None:
        """Return what was noted at a step, or None when it was not done."""
        return self.claim.steps.get(step)

    def note(self, step: str, value: str = "") -> None:
        """Note that a step is done.

        Raises:
            LeaseLostError: Another worker has taken over.
        """
        self.claim = self.desk.store.record(self.claim, step, value)

    def about(self, incident: Incident) -> Incident:
        """Note which incident the event is about."""
        if self.noted("incident") is None:
            self.note("incident", incident.id)
        return incident

    @property
    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self.desk.clock.now().timestamp()

    @property
    def collect_deadline_s(self) -> float:
        """Return the time for the collectors."""
        return max(MIN_DEADLINE_S, min(self.desk.deadline_s, self.time_left_s() - REPORT_RESERVE_S))
