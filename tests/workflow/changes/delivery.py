"""The change queue as SQS runs it, and an account on moto whose calls may be refused, lost, or the worker's last."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from bot.commands import ClickCommand, Command, TickCommand
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.handle import handle
from bot.workflow.once import Outcome
from tests.remediations.account import Account, failure, success
from tests.workflow.changes.fakes.aws import PretendAws
from tests.workflow.changes.fakes.watch import Watch
from tests.workflow.changes.world import World
from tests.workflow.fakes import Killed

DELIVERIES = 5
"""After so many the queue gives a message up."""

VISIBLE_AFTER_S = 90.0
"""A message whose worker died comes again after this, which is after the worker's leases."""


class LiveAccount(Account):
    """The account of the remediations' tests; fills the port ClientsForIncidents too."""

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.watch: Watch = lambda name: None
        self.series: dict[str, list[tuple[float, float]]] = {}
        """Metric by name: start of a period and its value."""
        self.alarm_changed_at: datetime | None = None
        self.deployed_at: datetime | None = None
        self.killed_before = 0
        """How many writes were begun by a worker that died before AWS had them."""
        super().__init__()

    def for_incident(self, incident_id: str) -> LiveAccount:
        """Return the clients."""
        self.sessions.append(incident_id)
        return self

    def put_alarm(self, **fields: Any) -> None:
        """Put the incident's alarm, which fires."""
        given = {
            "AlarmName": "orders-errors",
            "MetricName": "Errors",
            "Namespace": "AWS/Lambda",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Dimensions": [{"Name": "FunctionName", "Value": "orders"}],
        }
        self.client("cloudwatch").put_metric_alarm(**{**given, **fields})
        self.set_alarm("ALARM", None)

    def set_alarm(self, state: str, at: datetime | None) -> None:
        """Let the alarm go into a state."""
        self.client("cloudwatch").set_alarm_state(AlarmName="orders-errors", StateValue=state, StateReason="as the test wants it")
        self.alarm_changed_at = at

    def after(self, model: Any, parsed: dict[str, Any], http_response: Any, **event: Any) -> None:
        """Say when the alarm changed its state by the test's clock, which is not moto's."""
        super().after(model=model, parsed=parsed, http_response=http_response, **event)
        if model.name == "DescribeAlarms" and self.alarm_changed_at is not None:
            for alarm in parsed.get("MetricAlarms", []):
                alarm["StateUpdatedTimestamp"] = self.alarm_changed_at

    def _cloudwatch_get_metric_data(self, given: dict[str, Any]) -> Any:
        if not self.series:
            return super()._cloudwatch_get_metric_data(given)
        rows = []
        for query in given["MetricDataQueries"]:
            points = self.series.get(query["MetricStat"]["Metric"]["MetricName"], [])
            kept = [(at, value) for at, value in points if given["StartTime"].timestamp() <= at < given["EndTime"].timestamp()]
            times = [datetime.fromtimestamp(at, UTC) for at, _ in kept]
            rows.append({"Id": query["Id"], "Timestamps": times, "Values": [value for _, value in kept]})
        return success(MetricDataResults=rows)

    def _cloudformation_describe_stack_resource(self, given: dict[str, Any]) -> Any:
        """moto gives no time of a resource's last update."""
        if self.deployed_at is None:
            return failure(400, "ValidationError", f"Stack '{given['StackName']}' does not exist")
        return success(StackResourceDetail={"ResourceStatus": "UPDATE_COMPLETE", "LastUpdatedTimestamp": self.deployed_at})

    def function(self, name: str = "orders") -> dict[str, Any]:
        """Return a function's configuration as AWS has it."""
        found: dict[str, Any] = self.client("lambda").get_function_configuration(FunctionName=name)
        return found

    @property
    def timeout(self) -> int:
        """Return the timeout of `orders` as AWS has it."""
        return int(self.function()["Timeout"])

    @property
    def updates(self) -> list[int]:
        """Return the timeouts that were sent, in order."""
        return [given["Timeout"] for name, given in self.calls if name == "lambda:UpdateFunctionConfiguration"]


def on_moto(world: World, account: LiveAccount) -> World:
    """Return the world with the account on moto in the place of the pretended one."""
    world.aws = cast(PretendAws, account)
    return world


@dataclass
class Queue:
    """Hands messages over until they are done or the deliveries are used up."""

    world: World
    dead: list[Command] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    workers: int = 0

    def once(self, command: ClickCommand | TickCommand, desk: ChangeDesk | None = None) -> Outcome:
        """Hand a message over to a worker."""
        self.workers += 1
        return handle(desk or self.world.desk, command, owner=f"worker-{self.workers}", time_left_s=lambda: 60.0)

    def deliver(self, command: Command, desk: ChangeDesk | None = None) -> Outcome | None:
        """Hand a message over until it is done; the desk given is that of the first worker only."""
        assert isinstance(command, ClickCommand | TickCommand)
        for _ in range(DELIVERIES):
            try:
                outcome = self.once(command, desk)
            except (Exception, Killed) as exc:
                self.errors.append(exc)
            else:
                if outcome != "busy":
                    return outcome
            desk = None
            self.world.clock.move(VISIBLE_AFTER_S)
        self.dead.append(command)
        return None

    def run(self, desk: ChangeDesk | None = None) -> None:
        """Deliver all that is due."""
        while due := self.world.queue.take_due():
            for command in due:
                self.deliver(command, desk)
                desk = None

    def later(self, seconds: float) -> None:
        """Let time pass and deliver what falls due."""
        self.world.clock.move(seconds)
        self.run()

    def sweep(self) -> None:
        """Run a sweep, and what it sends."""
        now = int(self.world.clock.now().timestamp())
        self.deliver(TickCommand(request_id=f"sweep|{now}", step="sweep"))
        self.run()
