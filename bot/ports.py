"""What the inner layers ask of the outside: protocols that adapters and test fakes fill."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from bot.commands import Command
from bot.models.audit import AuditEntry, AuditRecord
from bot.models.change import Change, Offered
from bot.models.incident import AlarmNote, Claim, EditTurn, Findings, Gate, Incident, Report


class AwsClients(Protocol):
    """Hands out AWS clients; safe to call from several threads."""

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client of a service as botocore names it, for example `logs`; `region` overrides the default one."""


class Clock(Protocol):
    """Tells the time, so that a test can."""

    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC."""


class RetryQueue(Protocol):
    """Brings failed deliveries again."""

    def retry(self, receipt_handle: str, deliveries: int) -> None:
        """Let a delivery that failed for the n-th time come again, the later the more often it failed. Never raises for AWS's faults."""


class IncidentStore(Protocol):
    """Remembers incidents, and lets each event be worked on by one worker at a time."""

    def claim(self, key: str, *, owner: str, lease_s: float) -> Claim:
        """Claim an event by its key. Only a claim that is `new` or `resumed` may be worked on."""

    def record(self, claim: Claim, step: str, note: str = "") -> Claim:
        """Note that a step is done. Raises LeaseLostError when another worker has taken over."""

    def finish(self, claim: Claim) -> None:
        """Note that nothing is left to do for the event."""

    def release(self, claim: Claim) -> None:
        """Give the claim back, so that a retry need not wait for the lease to end."""

    def join(self, group: str, incident_id: str, *, at: float, open_s: float, reopen_s: float) -> str:
        """Return the incident that is open for what alarms have in common (their function), which is `incident_id` when none was."""

    def attach(self, alarm_arn: str, incident_id: str, *, fired_at: float) -> float | None:
        """Note which incident an alarm belongs to from now on, and return when the alarm last recovered."""

    def recover(self, alarm_arn: str, *, at: float) -> str:
        """Note that an alarm went to OK. Returns the incident that this closes, or an empty text."""

    def attached(self, alarm_arn: str) -> str:
        """Return the incident that an alarm belongs to now, or an empty text."""

    def create(self, incident: Incident) -> Incident:
        """Add an incident, or return it as it stands when it was added before."""

    def incident(self, incident_id: str) -> Incident | None:
        """Return an incident as it stands."""

    def change(self, incident_id: str, **fields: object) -> Incident:
        """Change fields of an incident and return it as it stands then."""

    def note_alarm(self, incident_id: str, note: AlarmNote) -> Incident | None:
        """Note a state of one of the incident's alarms; None when a newer one is known or this one was noted before."""

    def examine(self, incident_id: str, event: str, *, lease_s: float) -> Incident | None:
        """Let one event's worker investigate an incident; None while another one does."""

    def list_victim(self, lead_id: str, victim: Incident) -> Incident:
        """Note in an incident how one that was folded into it stands now, and return it as it stands then."""

    def save(self, incident_id: str, event: str, findings: Findings) -> bool:
        """Keep an investigation. Returns whether all of its log events fitted."""

    def load(self, incident_id: str, event: str) -> Findings | None:
        """Return a kept investigation."""


class IncidentIndex(Protocol):
    """Finds incidents by what people know of them, and keeps functions quiet."""

    def note_thread(self, incident: Incident) -> None:
        """Note where an incident's thread stands."""

    def note_open(self, incident: Incident) -> None:
        """Put an incident on the list of open ones and into its function's history."""

    def note_closed(self, incident_id: str) -> None:
        """Take an incident off the list of open ones."""

    def incident_in_thread(self, channel: str, thread_ts: str) -> str:
        """Return the id of the incident whose thread this is, or an empty text."""

    def open_incidents(self) -> tuple[Incident, ...]:
        """Return the incidents that are open now, newest first."""

    def recent_incidents(self, limit: int) -> tuple[Incident, ...]:
        """Return the last incidents, open or not, newest first."""

    def incidents_of(self, function_name: str, limit: int) -> tuple[Incident, ...]:
        """Return the last incidents of a function, newest first."""

    def mute(self, function_name: str, *, until: float, by: str) -> None:
        """Keep a function's incidents quiet until a time; 0 ends it."""

    def muted_until(self, function_name: str) -> float:
        """Return until when a function is muted, 0 when it is not."""


class Folds(Protocol):
    """Where incidents meet. Raises StateError when the table fails."""

    def enter(self, channel: str, incident_id: str, *, storm_s: float) -> Gate:
        """Tell whether an incident may open its thread at once, or others have opened theirs within the last `storm_s`."""

    def opened(self, channel: str) -> None:
        """Note that one more thread was opened, so that the storm goes on."""

    def lead_of(self, key: str, *, window_s: float) -> str:
        """Return the incident that tells of a shared cause, or an empty text."""

    def fold(self, key: str, incident_id: str, *, window_s: float) -> str:
        """Return the incident that tells of a shared cause, which is `incident_id` where none does yet."""


class Pace(Protocol):
    """The pace of all workers together. Raises StateError when the table fails."""

    def reserve(self, channel: str, *, patience_s: float) -> float | None:
        """Reserve the next free second of a channel and return in how many seconds it is; None when it is not within `patience_s`."""

    def hold(self, channel: str, seconds: float) -> None:
        """Let nobody post into a channel for some seconds, because Slack asked for it."""

    def ask_edit(self, incident_id: str, owner: str) -> EditTurn | None:
        """Ask for an edit of an incident's first message. None: another worker is at it, and will see that more is wanted."""

    def end_edit(self, turn: EditTurn) -> EditTurn | None:
        """Note that the message was edited; returns the next turn when more was wanted meanwhile."""

    def drop_edit(self, turn: EditTurn) -> None:
        """Give the turn back without an edit, because Slack did not take it."""


class Messenger(Protocol):
    """Carries reports into chat. Raises DeliveryError with the chat's own error code."""

    def post(self, report: Report) -> tuple[str, str]:
        """Post the first message into the incident's channel and return the channel's id and the message's."""

    def find(self, incident: Incident) -> tuple[str, str] | None:
        """Return the ids of the first message when it stands in the channel already, as far as the bot may look."""

    def edit(self, report: Report) -> None:
        """Bring the first message up to date, in place."""

    def show_progress(self, report: Report) -> None:
        """Show in the first message how far the investigation is: at once or not at all. Never raises."""

    def parts(self, report: Report) -> tuple[str, ...]:
        """Return the names of the replies that the report makes, in order."""

    def posted_parts(self, report: Report) -> frozenset[str]:
        """Return the replies of the report's event that stand in the thread already."""

    def reply(self, report: Report, part: str) -> None:
        """Post one reply into the thread."""

    def respond(self, response_url: str, report: Report, parts: tuple[str, ...]) -> None:
        """Answer the person who asked where the bot cannot post: first message and replies, seen only by them."""

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who asked."""


class ChangeStore(Protocol):
    """Remembers offers and changes. Raises StateError when the table fails."""

    def keep_offer(self, offered: Offered) -> None:
        """Keep where an offer's button leads; keeping it twice changes nothing."""

    def offer(self, offer_id: str) -> Offered | None:
        """Return where an offer's button leads."""

    def add_change(self, change: Change) -> Change:
        """Add a change, or return it as it stands when it was added before."""

    def change_of(self, change_id: str) -> Change | None:
        """Return a change as it stands."""

    def swap(self, change: Change) -> Change:
        """Write a change if its version still is the stored one, and return it with the next version. Raises ChangeRacedError if not.

        One that is under way is on the list of open changes afterwards, whether it was before or not.
        """

    def changes_of(self, incident_id: str) -> tuple[Change, ...]:
        """Return the changes of an incident, oldest first."""

    def open_changes(self) -> tuple[str, ...]:
        """Return the ids of the changes that a sweep has to look at: not over, or standing with a reminder or a revert ahead."""

    def close_change(self, change_id: str) -> None:
        """Take a change off the list of open ones."""

    def lock(self, function_arn: str, change_id: str, *, lease_s: float) -> bool:
        """Take the one right to change a function. False: another change has it. The same change may take it again."""

    def unlock(self, function_arn: str, change_id: str) -> None:
        """Give the right back; another's stays."""


class AuditLog(Protocol):
    """The audit trail: it only grows."""

    def append(self, record: AuditRecord) -> AuditEntry:
        """Add a record at the end of the chain; the same id is added once. Raises StateError when it could not be written."""

    def about(self, function_name: str, limit: int) -> tuple[AuditEntry, ...]:
        """Return the last entries about a function, newest first."""


class CommandQueue(Protocol):
    """Takes commands for the workers."""

    def send(self, command: Command, *, delay_s: int = 0) -> None:
        """Put a command on its queue, to be delivered after at most 900 seconds. Raises StateError when it was not taken."""


class Groups(Protocol):
    """Slack's user groups."""

    def members(self, group_id: str) -> frozenset[str]:
        """Return the user ids of a group. Raises DeliveryError when it cannot be read; nobody counts as a member then."""
