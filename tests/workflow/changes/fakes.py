"""The ports of the work on changes, in memory; a watcher hears of every call before and after, and may kill the process there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from bot.commands import Command, decode, encode
from bot.errors import ChangeRacedError, DeliveryError, LeaseLostError, StateError
from bot.models.audit import GENESIS, AuditEntry, AuditRecord
from bot.models.change import Change, Offered
from bot.models.incident import Claim, Findings, Incident, Report
from bot.workflow.changes.desk import PlanWindow
from tests.clock import SetClock

REGION = "eu-west-1"
ACCOUNT_ID = "123456789012"

Watch = Callable[[str], None]
"""Called with `name of the port.method` before, and with a `!` behind it after each call."""


class Watched:
    """Wraps a port and tells the watcher of every call."""

    def __init__(self, port: Any, name: str, watch: Watch) -> None:
        self._port, self._name, self._watch = port, name, watch

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        if not callable(member):
            return member

        def called(*args: Any, **kwargs: Any) -> Any:
            self._watch(f"{self._name}.{name}")
            result = member(*args, **kwargs)
            self._watch(f"{self._name}.{name}!")
            return result

        return called


@dataclass
class FakeIncidents:
    """Fills the port IncidentStore as far as the work on changes needs it; leases end by the clock."""

    clock: SetClock
    incidents: dict[str, Incident] = field(default_factory=dict)
    findings: dict[tuple[str, str], Findings] = field(default_factory=dict)
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)

    def claim(self, key: str, *, owner: str, lease_s: float) -> Claim:
        """Claim an event."""
        now = self.clock.now().timestamp()
        held = self.claims.get(key)
        if held is None:
            self.claims[key] = {"owner": owner, "until": now + lease_s, "steps": {}, "done": False}
            return self._claim(key, "new")
        if held["done"]:
            return self._claim(key, "done")
        if held["until"] > now:
            return self._claim(key, "busy")
        held.update(owner=owner, until=now + lease_s)
        return self._claim(key, "resumed")

    def record(self, claim: Claim, step: str, note: str = "") -> Claim:
        """Note a step."""
        held = self._own(claim)
        held["steps"][step] = note
        return claim.model_copy(update={"steps": dict(held["steps"])})

    def finish(self, claim: Claim) -> None:
        """Note the end."""
        self._own(claim)["done"] = True

    def release(self, claim: Claim) -> None:
        """Give the claim back."""
        if self.claims[claim.key]["owner"] == claim.owner:
            self.claims[claim.key]["until"] = 0.0

    def create(self, incident: Incident) -> Incident:
        """Add an incident."""
        return self.incidents.setdefault(incident.id, incident)

    def incident(self, incident_id: str) -> Incident | None:
        """Return an incident."""
        return self.incidents.get(incident_id)

    def change(self, incident_id: str, **fields: object) -> Incident:
        """Change fields of an incident."""
        self.incidents[incident_id] = self.incidents[incident_id].model_copy(update=fields)
        return self.incidents[incident_id]

    def save(self, incident_id: str, event: str, findings: Findings) -> bool:
        """Keep an investigation."""
        self.findings[(incident_id, event)] = findings
        return True

    def load(self, incident_id: str, event: str) -> Findings | None:
        """Return an investigation."""
        return self.findings.get((incident_id, event))

    def _claim(self, key: str, standing: Any) -> Claim:
        held = self.claims[key]
        return Claim(event=f"event-{key}", key=key, owner=held["owner"], standing=standing, steps=dict(held["steps"]))

    def _own(self, claim: Claim) -> dict[str, Any]:
        held = self.claims[claim.key]
        if held["owner"] != claim.owner or held["done"]:
            raise LeaseLostError(f"{claim.key}: {held['owner']} has taken over from {claim.owner}")
        return held


@dataclass
class FakeChangeStore:
    """Fills the port ChangeStore; keeps changes as JSON, as a table does."""

    clock: SetClock
    offers: dict[str, Offered] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    still_open: dict[str, None] = field(default_factory=dict)
    locks: dict[str, tuple[str, float]] = field(default_factory=dict)
    before_swap: Callable[[Change], None] = lambda change: None
    """What another worker does between a reading and the write that follows."""

    def keep_offer(self, offered: Offered) -> None:
        """Keep an offer."""
        self.offers[offered.id] = offered

    def offer(self, offer_id: str) -> Offered | None:
        """Return an offer."""
        return self.offers.get(offer_id)

    def add_change(self, change: Change) -> Change:
        """Add a change, once."""
        if change.id not in self.rows:
            self.rows[change.id] = change.model_dump_json()
            self.still_open[change.id] = None
        return self.stored(change.id)

    def change_of(self, change_id: str) -> Change | None:
        """Return a change."""
        return self.stored(change_id) if change_id in self.rows else None

    def swap(self, change: Change) -> Change:
        """Write a change on the version that was read."""
        hook, self.before_swap = self.before_swap, lambda change: None
        hook(change)
        if self.stored(change.id).version != change.version:
            raise ChangeRacedError(f"{change.id}: version {change.version} is not the stored one")
        written = change.model_copy(update={"version": change.version + 1})
        self.rows[change.id] = written.model_dump_json()
        if change.state in {"pending", "approved", "applying", "undoing"}:
            self.still_open[change.id] = None
        return self.stored(change.id)

    def changes_of(self, incident_id: str) -> tuple[Change, ...]:
        """Return the changes of an incident."""
        return tuple(change for change in self.all if change.incident_id == incident_id)

    def open_changes(self) -> tuple[str, ...]:
        """Return the ids of open changes."""
        return tuple(self.still_open)

    def close_change(self, change_id: str) -> None:
        """Take a change off the list."""
        self.still_open.pop(change_id, None)

    def lock(self, function_arn: str, change_id: str, *, lease_s: float) -> bool:
        """Take the right to change a function."""
        now = self.clock.now().timestamp()
        holder, until = self.locks.get(function_arn, ("", 0.0))
        if holder not in ("", change_id) and until > now:
            return False
        self.locks[function_arn] = (change_id, now + lease_s)
        return True

    def unlock(self, function_arn: str, change_id: str) -> None:
        """Give the right back."""
        if self.locks.get(function_arn, ("", 0.0))[0] == change_id:
            del self.locks[function_arn]

    def stored(self, change_id: str) -> Change:
        """Return a change that must be there."""
        return Change.model_validate_json(self.rows[change_id])

    @property
    def all(self) -> tuple[Change, ...]:
        """Return all changes, oldest first."""
        return tuple(self.stored(change_id) for change_id in self.rows)


@dataclass
class FakeAudit:
    """Fills the port AuditLog: a chain in memory."""

    entries: list[AuditEntry] = field(default_factory=list)
    broken: bool = False

    def append(self, record: AuditRecord) -> AuditEntry:
        """Add a record, once."""
        if self.broken:
            raise StateError("audit: the table did not take it")
        found = next((entry for entry in self.entries if entry.id == record.id), None)
        if found is not None:
            return found
        # As a table keeps it: what is no JSON must not get in.
        fields = json.loads(record.model_dump_json())
        same = [entry.number for entry in self.entries if entry.function_name == record.function_name and record.function_name]
        before = self.entries[-1].hash if self.entries else GENESIS
        entry = AuditEntry(**fields, number=len(self.entries) + 1, before=before, earlier=same[-1] if same else None)
        self.entries.append(entry)
        return entry

    def about(self, function_name: str, limit: int) -> tuple[AuditEntry, ...]:
        """Return the last entries about a function."""
        return tuple([entry for entry in reversed(self.entries) if entry.function_name == function_name][:limit])

    @property
    def events(self) -> list[tuple[str, str]]:
        """Return what happened and by whom, in order."""
        return [(entry.event, entry.by) for entry in self.entries]

    @property
    def reasons(self) -> list[str]:
        """Return why things were refused, in order."""
        return [str(entry.details.get("why", "")) for entry in self.entries if entry.event == "refused"]


@dataclass
class FakeQueue:
    """Fills the port CommandQueue; what is sent waits until somebody takes it, at its time or later."""

    clock: SetClock
    waiting: list[tuple[float, Command]] = field(default_factory=list)
    sent: list[Command] = field(default_factory=list)

    def send(self, command: Command, *, delay_s: int = 0) -> None:
        """Take a command."""
        assert 0 <= delay_s <= 900, "SQS delays a message by 900 s at most"
        decoded = decode(json.loads(encode(command)))
        self.sent.append(decoded)
        self.waiting.append((self.clock.now().timestamp() + delay_s, decoded))

    def take_due(self) -> list[Command]:
        """Return and remove what is due by now."""
        now = self.clock.now().timestamp()
        due = [command for at, command in self.waiting if at <= now]
        self.waiting = [(at, command) for at, command in self.waiting if at > now]
        return due


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


def throttled(operation: str) -> ClientError:
    """Return what AWS answers when it is asked too often."""
    return _failure("ThrottlingException", operation)


def _failure(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "as the test wants it"}}, operation)


@dataclass
class PretendAws:
    """Lambda functions with a timeout, a memory size and tags, held by revision; everything else is denied.

    `writes` holds every write that took effect. `lose` makes the next write take effect and its answer get lost.
    """

    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    lose: int = 0
    watch: Watch = lambda name: None

    def add(self, name: str, *, timeout: int = 3, memory: int = 128, tags: dict[str, str] | None = None) -> None:
        """Add a function."""
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"
        self.functions[name] = {"FunctionName": name, "FunctionArn": arn, "Timeout": timeout, "MemorySize": memory, "revision": 1}
        self.tags[arn] = tags or {}

    def for_incident(self, incident_id: str) -> PretendAws:
        """Fill the port ClientsForIncidents."""
        self.sessions.append(incident_id)
        return self

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client."""
        return _Client(self, service)

    def set(self, name: str, **settings: Any) -> None:
        """Be a third person who changes a function."""
        self.functions[name].update(settings)
        self.functions[name]["revision"] += 1

    def setting(self, name: str, key: str = "Timeout") -> Any:
        """Return what stands."""
        return self.functions[name][key]


class _Client:
    """The operations of Lambda that are there; each other one is denied, which a plan says and survives."""

    def __init__(self, aws: PretendAws, service: str) -> None:
        self._aws, self._service = aws, service

    def get_waiter(self, name: str) -> Any:
        """Return what waits for an update to end: here it ends at once."""
        return _Waiter()

    def __getattr__(self, operation: str) -> Any:
        def called(**parameters: Any) -> dict[str, Any]:
            self._aws.watch(f"aws.{operation}")
            codes = self._aws.refuse.get(operation)
            if codes:
                raise _failure(codes.pop(0), operation)
            method = getattr(type(self), f"_do_{operation}", None) if self._service == "lambda" else None
            if method is None:
                raise _failure("AccessDeniedException", operation)
            result: dict[str, Any] = method(self, parameters)
            self._aws.watch(f"aws.{operation}!")
            return result

        return called

    def _do_get_function_configuration(self, given: dict[str, Any]) -> dict[str, Any]:
        found = self._aws.functions.get(given["FunctionName"])
        if found is None:
            raise _failure("ResourceNotFoundException", "GetFunctionConfiguration")
        shown = {key: value for key, value in found.items() if key != "revision"}
        return {**shown, "RevisionId": f"r{found['revision']}", "LastUpdateStatus": "Successful", "Version": "$LATEST"}

    def _do_update_function_configuration(self, given: dict[str, Any]) -> dict[str, Any]:
        found = self._aws.functions[given["FunctionName"]]
        if given.get("RevisionId") not in (None, f"r{found['revision']}"):
            raise _failure("PreconditionFailedException", "UpdateFunctionConfiguration")
        settings = {key: value for key, value in given.items() if key not in ("FunctionName", "RevisionId")}
        self._aws.set(given["FunctionName"], **settings)
        self._aws.writes.append((given["FunctionName"], settings))
        if self._aws.lose:
            self._aws.lose -= 1
            raise _failure("RequestTimeout", "UpdateFunctionConfiguration")
        return self._do_get_function_configuration(given)

    def _do_list_tags(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": dict(self._aws.tags.get(given["Resource"], {}))}

    def _do_list_aliases(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"Aliases": []}

    def _do_list_event_source_mappings(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"EventSourceMappings": []}

    def _do_get_function_concurrency(self, given: dict[str, Any]) -> dict[str, Any]:
        return {}


class _Waiter:
    def wait(self, **parameters: Any) -> None:
        """Return at once."""
