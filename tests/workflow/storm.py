"""A storm in simulated time: several workers on one queue, whose clock moves on when all of them wait."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.alarms.target import ResolvedTarget
from bot.aws.work_queue import retry_delay_s
from bot.errors import DeliveryError
from bot.models.alarm import Alarm
from bot.models.incident import Report
from bot.models.incident_file import IncidentFile, LogEvent, LogGroup, Target
from bot.models.receipt import Collected, Receipt
from bot.workflow.desk import Desk
from bot.workflow.investigate import investigate_alarm
from tests.workflow.fakes import T0, TIMEOUT_LOG, FakeMessenger, an_alarm

RECEIVES: Final = 6
WORKERS: Final = 5
TIMEOUT_S: Final = 120.0
"""As the template has them: maxReceiveCount, MaximumConcurrency and the function's timeout."""

LAYER: Final = "arn:aws:lambda:eu-west-1:123456789012:layer:shared-code:7"
IMPORT_LOG: Final = [
    (0, "START RequestId: 8f5f1c1e-0000-4000-8000-000000000002 Version: $LATEST\n"),
    (
        1,
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'\n",
    ),
    (2, "END RequestId: 8f5f1c1e-0000-4000-8000-000000000002\n"),
]


class SimulatedTime:
    """Fills the port Clock for threads: time stands still while one of them works, and moves to the next one's turn when all wait."""

    def __init__(self, threads: int) -> None:
        self._turn = threading.Condition()
        self._now = T0.timestamp() + 60
        self._working = threads
        self._waiting: list[tuple[float, int]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """Return the simulated time."""
        return datetime.fromtimestamp(self._now, UTC)

    def sleep(self, seconds: float) -> None:
        """Wait in simulated time."""
        with self._turn:
            mine = (self._now + seconds, next(self._numbers))
            heapq.heappush(self._waiting, mine)
            self._working -= 1
            self._move()
            while self._now < mine[0] or self._waiting[0] != mine:
                self._turn.wait()
            heapq.heappop(self._waiting)
            self._working += 1
            self._turn.notify_all()

    def leave(self) -> None:
        """Take a thread out that has ended."""
        with self._turn:
            self._working -= 1
            self._move()

    def _move(self) -> None:
        if self._working == 0 and self._waiting:
            self._now = max(self._now, self._waiting[0][0])
        self._turn.notify_all()


@dataclass
class TimedMessenger(FakeMessenger):
    """A channel that knows when it was posted into; it refuses each call whose number is listed, and all of them in an outage."""

    clock: Any = None
    posted_at: list[float] = field(default_factory=list)
    refused: frozenset[int] = frozenset()
    outage: tuple[float, float] = (0.0, 0.0)
    edits: int = 0
    _calls: Any = field(default_factory=itertools.count)
    _one: Any = field(default_factory=threading.Lock)

    def post(self, report: Report) -> tuple[str, str]:
        """Post and note when."""
        self._may()
        with self._one:
            self.posted_at.append(self.clock.now().timestamp())
            return super().post(report)

    def reply(self, report: Report, part: str) -> None:
        """Reply and note when."""
        self._may()
        with self._one:
            self.posted_at.append(self.clock.now().timestamp())
            super().reply(report, part)

    def edit(self, report: Report) -> None:
        """Edit, which takes Slack a moment."""
        self._may()
        self.clock.sleep(0.3)
        self.edits += 1
        super().edit(report)

    def _may(self) -> None:
        start, end = self.outage
        if start <= self.clock.now().timestamp() < end:
            raise DeliveryError("no_connection", "the test unplugged Slack")
        if next(self._calls) in self.refused:
            raise DeliveryError("ratelimited", "the test wants it slower", retry_after_s=7.0)


@dataclass
class StormAccount:
    """Functions that fail all at once: each for a timeout of its own, or all for one layer. Reading takes from 4 to 12 seconds."""

    clock: Any
    is_shared: bool

    def resolve(self, alarm: Alarm, aws: object, *, now: datetime) -> ResolvedTarget:
        """Find the function that the alarm's dimension names."""
        name = alarm.metrics[0].dimensions["FunctionName"]
        return ResolvedTarget(
            alarm, (Target(function_name=name, region="eu-west-1", account_id="123456789012", front_door=None),), alarm.window(now)
        )

    def collect(self, target: Target, window: Any, aws: object, **asked: Any) -> Collected:
        """Collect the evidence."""
        self.clock.sleep(4 + sum(map(ord, str(target.function_name))) % 9)
        start = int(T0.timestamp() * 1000) - 60_000
        log = IMPORT_LOG if self.is_shared else TIMEOUT_LOG
        evidence = IncidentFile(
            version=1,
            target=target,
            alarm=asked.get("alarm"),
            function={
                "FunctionName": target.function_name,
                "Timeout": 3,
                "MemorySize": 128,
                "Runtime": "python3.13",
                "Handler": "app.handler",
                "Layers": [{"Arn": LAYER, "CodeSize": 1}],
            },
            logs=[
                LogGroup(
                    group=f"/aws/lambda/{target.function_name}", events=[LogEvent(timestamp=start + at, message=text) for at, text in log]
                )
            ],
        )
        return Collected(incident=evidence, receipt=Receipt(seconds=1.0, api_calls=9, questions=4))


def storm_alarms(alarms: int, functions: int) -> list[Alarm]:
    """Return alarms that fire within a minute, spread over functions; they come in the order in which they fire."""
    return [
        an_alarm(
            name=f"alarm-{number:03}",
            arn=f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:alarm-{number:03}",
            changed_at=T0 + timedelta(seconds=number * 60 / alarms),
            metrics=(an_alarm().metrics[0].model_copy(update={"dimensions": {"FunctionName": f"fn-{number % functions:02}"}}),),
        )
        for number in range(alarms)
    ]


@dataclass
class Storm:
    """A queue, its workers and its dead letters."""

    desk: Desk
    clock: SimulatedTime
    queue: list[tuple[float, int, int, Alarm]] = field(default_factory=list)
    dead: list[Alarm] = field(default_factory=list)
    receives: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _one: threading.Lock = field(default_factory=threading.Lock)
    _numbers: Any = field(default_factory=itertools.count)
    _open: int = 0

    def send(self, alarm: Alarm, *, after_s: float = 0.0) -> None:
        """Put an alarm on the queue."""
        self._put(self.clock.now().timestamp() + after_s, 0, alarm)
        self._open += 1

    def blow(self) -> None:
        """Let the workers work until nothing is left."""
        threads = [threading.Thread(target=self._worker, args=(f"w{number}",)) for number in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _put(self, at: float, receives: int, alarm: Alarm) -> None:
        heapq.heappush(self.queue, (at, next(self._numbers), receives, alarm))

    def _worker(self, name: str) -> None:
        try:
            for turn in itertools.count():
                with self._one:
                    if self._open == 0:
                        return
                    is_due = bool(self.queue) and self.queue[0][0] <= self.clock.now().timestamp()
                    taken = heapq.heappop(self.queue) if is_due else None
                if taken is None:
                    self.clock.sleep(1.0)
                else:
                    self._deliver(f"{name}-{turn}", taken[2] + 1, taken[3])
        finally:
            self.clock.leave()

    def _deliver(self, owner: str, receives: int, alarm: Alarm) -> None:
        ends = self.clock.now().timestamp() + TIMEOUT_S
        left: Callable[[], float] = lambda: ends - self.clock.now().timestamp()  # noqa: E731
        try:
            is_done = investigate_alarm(self.desk, alarm, owner=owner, time_left_s=left) != "busy"
        except Exception as exc:
            self.failures.append(f"{type(exc).__name__}: {exc}")
            is_done = False
        with self._one:
            if is_done:
                self.receives.append(receives)
                self._open -= 1
            elif receives >= RECEIVES:
                self.dead.append(alarm)
                self._open -= 1
            else:
                self._put(self.clock.now().timestamp() + retry_delay_s(receives), receives, alarm)
