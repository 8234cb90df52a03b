"""A channel in memory, a store and a messenger that can be killed, and AWS as two functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.alarms.target import ResolvedTarget
from bot.errors import DeliveryError, TargetNotFoundError
from bot.models.alarm import Alarm, AlarmMetric
from bot.models.incident import Incident, Report
from bot.models.incident_file import IncidentFile, LogEvent, LogGroup, Target
from bot.models.receipt import Collected, Receipt
from bot.slack.render import part_names

ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-errors"
T0 = datetime(2026, 5, 14, 3, 10, tzinfo=UTC)

TIMEOUT_LOG = [
    (0, "START RequestId: 8f5f1c1e-0000-4000-8000-000000000001 Version: $LATEST\n"),
    (3000, "2026-05-14T03:09:03.000Z 8f5f1c1e-0000-4000-8000-000000000001 Task timed out after 3.00 seconds\n\n"),
    (3001, "END RequestId: 8f5f1c1e-0000-4000-8000-000000000001\n"),
    (
        3002,
        "REPORT RequestId: 8f5f1c1e-0000-4000-8000-000000000001\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 40 MB\tStatus: timeout\n",
    ),
]


class Killed(BaseException):
    """The process is gone: no handler runs, as when Lambda stops a function."""


def an_alarm(state: Any = "ALARM", minutes: float = 0, **fields: Any) -> Alarm:
    """Return a change of the alarm's state, some minutes after the first."""
    return Alarm(
        **{
            "name": "checkout-errors",
            "arn": ARN,
            "account_id": "123456789012",
            "region": "eu-west-1",
            "state": state,
            "reason": "Threshold Crossed",
            "changed_at": datetime.fromtimestamp(T0.timestamp() + minutes * 60, UTC),
            "kind": "metric",
            "metrics": (AlarmMetric(namespace="AWS/Lambda", name="Errors", dimensions={"FunctionName": "checkout"}),),
            **fields,
        }
    )


@dataclass
class Posted:
    """A message in the channel."""

    ts: str
    incident_id: str
    event: str
    part: str
    report: Report
    thread_ts: str = ""
    edits: list[Report] = field(default_factory=list)

    @property
    def shown(self) -> Report:
        """Return what it says now."""
        return self.edits[-1] if self.edits else self.report


@dataclass
class FakeMessenger:
    """Fills the port Messenger; refuses with the codes that it is given."""

    messages: list[Posted] = field(default_factory=list)
    responses: list[tuple[str, Report, tuple[str, ...]]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    before_edit: Callable[[], None] = lambda: None
    progress: list[Report] = field(default_factory=list)

    def post(self, report: Report) -> tuple[str, str]:
        """Post the first message."""
        self._refuse("post")
        return report.incident.channel, self._add(report, "root", "")

    def find(self, incident: Incident) -> tuple[str, str] | None:
        """Look the first message up."""
        found = [m for m in self.messages if m.part == "root" and m.incident_id == incident.id]
        return (incident.channel, found[0].ts) if found else None

    def edit(self, report: Report) -> None:
        """Edit the first message."""
        self._refuse("edit")
        self.before_edit()
        next(m for m in self.messages if m.ts == report.incident.thread_ts).edits.append(report)

    def show_progress(self, report: Report) -> None:
        """Edit the first message, as long as nobody refuses."""
        self.progress.append(report)

    def parts(self, report: Report) -> tuple[str, ...]:
        """Name the replies as the real one does."""
        return part_names(report)

    def posted_parts(self, report: Report) -> frozenset[str]:
        """Look the replies up."""
        return frozenset(m.part for m in self.messages if m.event == report.event and m.incident_id == report.incident.id)

    def reply(self, report: Report, part: str) -> None:
        """Post a reply."""
        self._refuse("reply")
        self._add(report, part, report.incident.thread_ts)

    def respond(self, response_url: str, report: Report, parts: tuple[str, ...]) -> None:
        """Answer in private."""
        self._refuse("respond")
        self.responses.append((response_url, report, parts))

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing in private."""
        self.told.append(text)

    @property
    def roots(self) -> list[Posted]:
        """Return the first messages of threads."""
        return [m for m in self.messages if m.part == "root"]

    def replies(self, root: Posted) -> list[str]:
        """Return the parts in a thread, in order."""
        return [m.part for m in self.messages if m.thread_ts == root.ts]

    def _add(self, report: Report, part: str, thread_ts: str) -> str:
        ts = f"1778728330.{len(self.messages):06}"
        self.messages.append(Posted(ts, report.incident.id, report.event, part, report, thread_ts))
        return ts

    def _refuse(self, operation: str) -> None:
        codes = self.refuse.get(operation)
        if codes:
            raise DeliveryError(codes.pop(0), "as the test wants it")


class KilledAfter:
    """Wraps a port and kills the process after the n-th call to any of those that share the count."""

    def __init__(self, port: Any, countdown: list[int]) -> None:
        self._port = port
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            result = member(*args, **kwargs)
            self._countdown[0] -= 1
            if self._countdown[0] == 0:
                raise Killed
            return result

        return called


class NoAws:
    """Hands out nothing: the functions below need no client."""

    def client(self, service: str, region: str | None = None) -> Any:
        """Refuse."""
        raise AssertionError(f"no client of {service} is needed here")


@dataclass
class FakeAccount:
    """An account with one function, which runs into its timeout."""

    missing: bool = False
    unknown_alarm: bool = False
    log: list[tuple[int, str]] = field(default_factory=lambda: TIMEOUT_LOG)
    layers: list[str] = field(default_factory=list)
    error: BaseException | None = None
    collected: list[Any] = field(default_factory=list)

    def resolve(self, alarm: Alarm, aws: object, *, now: datetime) -> ResolvedTarget:
        """Find the function behind the alarm."""
        window = alarm.window(now)
        if self.unknown_alarm:
            return ResolvedTarget(
                alarm, (), window, notes=("no function was found behind alarm checkout-errors, which watches AWS/EC2/CPUUtilization",)
            )
        return ResolvedTarget(alarm, (Target(function_name="checkout", region="eu-west-1", front_door=None),), window)

    def collect(self, target: Target, window: Any, aws: object, **asked: Any) -> Collected:
        """Collect the evidence."""
        self.collected.append((target, window, asked))
        if self.error:
            raise self.error
        if self.missing:
            raise TargetNotFoundError(f"There is no function {target.function_name} in eu-west-1. Did you mean checkout?")
        start = int(T0.timestamp() * 1000) - 60_000
        events = [LogEvent(timestamp=start + at, message=message) for at, message in self.log]
        evidence = IncidentFile(
            version=1,
            target=target,
            alarm=asked.get("alarm"),
            client=asked.get("client"),
            function={
                "FunctionName": target.function_name,
                "Timeout": 3,
                "MemorySize": 128,
                "Runtime": "python3.13",
                "Handler": "app.handler",
                "Layers": [{"Arn": arn, "CodeSize": 1} for arn in self.layers],
            },
            logs=[LogGroup(group="/aws/lambda/checkout", events=events)],
        )
        return Collected(incident=evidence, receipt=Receipt(seconds=1.0, api_calls=9, questions=4))
