"""What the work on changes is done with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bot.models.change import Change, Offered
from bot.models.diagnosis import Action, Strict
from bot.models.incident import Report
from bot.models.plan import RemediationPlan
from bot.ports import AuditLog, AwsClients, ChangeStore, Clock, CommandQueue, Groups, IncidentStore
from bot.remediations.remediation import REMEDIATIONS, Remediation
from bot.workflow.changes.rules import Rules

VERIFY_AFTER_S: Final = (60, 300, 900)
"""SQS delays a message by 900 s at most.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html"""


class Editable(Strict):
    """A value that a person may change before asking."""

    name: str
    label: str
    kind: str
    """`number` or `text`."""
    value: Any = None
    least: float | None = None
    most: float | None = None


class PlanWindow(Strict):
    """What the window of a plan shows; without `may_ask` it has no button to ask, but the command and the patch to run by hand."""

    offered: Offered
    plan: RemediationPlan | None = None
    refusal: str = ""
    """Why there is no plan."""
    command: str = ""
    """The same change as a command line."""
    editable: tuple[Editable, ...] = ()
    may_ask: bool = False
    why_not: str = ""
    approvers: tuple[str, ...] = ()
    """Slack ids of users and groups who may approve."""
    needed: int = 1
    lifetime_minutes: int = 15
    is_rehearsal: bool = False


class ChangeMessenger(Protocol):
    """Carries changes into chat. Raises DeliveryError with the chat's own error code."""

    def show_plan(self, view_id: str, window: PlanWindow) -> None:
        """Fill a window that is open, or say in it why there is no plan."""

    def show_problem(self, view_id: str, text: str) -> None:
        """Say in a window that is open why nothing more comes."""

    def post_change(self, change: Change) -> str:
        """Post a change into its incident's thread, with the buttons that its state allows, and return the message's id."""

    def find_change(self, change: Change) -> str | None:
        """Return the id of a change's message when it stands already, as far as the bot may look."""

    def edit_change(self, change: Change) -> None:
        """Bring a change's message up to date, in place."""

    def note(self, change: Change, note: str) -> None:
        """Post one note into the thread: `verified`, `ineffective`, `failed`, `undone`, `undo-refused`, `ending`, `drift`."""

    def edit(self, report: Report) -> None:
        """Bring the incident's first message up to date."""

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who clicked, and to nobody else."""

    def tell_person(self, channel: str, thread_ts: str, user_id: str, text: str) -> None:
        """The same where a form was sent, which has no response URL."""


class ClientsForIncidents(Protocol):
    """Hands out clients whose calls lead from CloudTrail back to an incident."""

    def for_incident(self, incident_id: str) -> AwsClients:
        """Return the clients."""


@dataclass(frozen=True)
class ChangeDesk:
    """The ports and settings; one per process."""

    incidents: IncidentStore
    changes: ChangeStore
    audit: AuditLog
    queue: CommandQueue
    messenger: ChangeMessenger
    aws: ClientsForIncidents
    clock: Clock
    groups: Groups
    rules: Callable[[], Rules]
    """Reads the rules as they are now. No rules, or rules that cannot be read, let nobody do anything."""
    remedies: Callable[[Action], Remediation] = lambda action: REMEDIATIONS[action]()
    own: frozenset[str] = frozenset()
    """Names of the bot's own table, queue, parameters and bucket: who may write there decides what was approved."""
    is_rehearsal: bool = False
    """Everything but the write is done."""
    verify_after_s: tuple[int, ...] = VERIFY_AFTER_S
    time_left_s: Callable[[], float] = lambda: 60.0
