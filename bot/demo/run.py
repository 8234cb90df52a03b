"""The demo: deploys the bot to a local AWS, breaks something there, and waits for the thread that the deployed bot posts."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bot.aws.clients import Boto3Clients, Connection
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.demo import broken, deploy
from bot.demo.local_aws import REGION, LocalAws, applied
from bot.demo.scenario import Scenario
from bot.demo.slack_server import SlackServer
from bot.demo.slack_workspace import Message
from bot.errors import DemoError
from bot.models.diagnosis import Answer
from bot.models.incident_file import IncidentFile

CHANNEL: Final = "C0INCIDENTS"

TOKEN: Final = "xoxb-demo-0-not-a-secret"  # noqa: S105 - opens nothing but the demo's own Slack
SIGNING_SECRET: Final = "demo-signing-secret"  # noqa: S105
TOKEN_PARAMETER: Final = "/lambda-medic/slack-bot-token"  # noqa: S105 - a name
SECRET_PARAMETER: Final = "/lambda-medic/slack-signing-secret"  # noqa: S105 - a name

THREAD_WITHIN_S: Final = 90.0

QUIET_S: Final = 0.4
"""Nothing more is written to the thread for this long after the work is finished."""

Report = Callable[[str, float], None]
"""Takes a phase and the seconds that it took."""


@dataclass(frozen=True)
class Posted:
    """What the deployed bot made of an incident."""

    incident_id: str
    channel: str
    thread_ts: str
    answer: Answer
    evidence: IncidentFile

    @property
    def cause(self) -> str | None:
        """Return the first diagnosis' cause."""
        return self.answer.diagnoses[0].cause if self.answer.diagnoses else None


@dataclass(frozen=True)
class Outcome:
    """What a scenario came to."""

    scenario: Scenario
    posted: Posted
    thread: list[Message]

    @property
    def is_right(self) -> bool:
        """Tell whether the bot found the expected cause."""
        return self.posted.cause == self.scenario.cause


class SystemTime:
    """The machine's clock; fills the port Clock."""

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Running:
    """The deployed bot, ready for trouble."""

    aws: Boto3Clients
    stack: deploy.Stack
    local: LocalAws
    slack: SlackServer

    def play(self, scenario: Scenario, report: Report) -> Outcome:
        """Break something, let its alarm fire, and return what the bot posted.

        Raises:
            DemoError: No finished thread stood within the time; the bot's own log is in the message.
        """
        with timed(report, f"{scenario.function.name} is broken, with its API, log lines and metrics"):
            made = broken.create(scenario, self.aws, self.stack.topic_arn)
        with timed(report, f"alarm {made.alarm_name} fired; the bot investigated and posted"):
            known = set(incident_ids(self.aws, self.stack.table_name))
            broken.fire(made, self.aws)
            posted = wait_for_answer(self.aws, self.stack, known)
            while self.slack.workspace.quiet_for() < QUIET_S:
                time.sleep(0.05)
        thread = next((t for t in self.slack.workspace.threads() if t[0].ts == posted.thread_ts), [])
        if not thread:
            raise DemoError(f"{posted.incident_id} was answered, and no thread of it stands in Slack\n{bot_log(self.aws, self.stack)}")
        return Outcome(scenario, posted, thread)


@contextlib.contextmanager
def running(report: Report, cache: Path | None = None) -> Iterator[Running]:
    """Start the local AWS and the demo's Slack, deploy the bot, and take everything down at the end, whatever happened.

    Raises:
        DemoError: A part is missing or failed.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(ended_by_signals())
        slack = stack.enter_context(SlackServer(TOKEN, (CHANNEL,)))
        with timed(report, "local AWS is up"):
            local = stack.enter_context(LocalAws())
        stack.enter_context(applied(local.environment))
        with timed(report, "bot is built"):
            built = deploy.build(cache or deploy.cache_folder())
        with timed(report, "bot is deployed from template.yaml"):
            aws = Boto3Clients(Connection(region=REGION))
            deployed = deploy_bot(built, aws, slack_api_url=slack.api_url, channel=CHANNEL, token=TOKEN)
        yield Running(aws, deployed, local, slack)


def deploy_bot(built: Path, aws: Boto3Clients, *, slack_api_url: str, channel: str, token: str) -> deploy.Stack:
    """Put the two secrets where the template expects them and deploy."""
    ssm = aws.client("ssm")
    for name, value in ((TOKEN_PARAMETER, token), (SECRET_PARAMETER, SIGNING_SECRET)):
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    return deploy.deploy(built, {"DefaultChannel": channel, "SlackApiUrl": slack_api_url}, aws.client("cloudformation"))


def wait_for_answer(aws: Boto3Clients, stack: deploy.Stack, known: set[str], within_s: float = THREAD_WITHIN_S) -> Posted:
    """Wait until a new incident is answered and nothing is left to do for it.

    Raises:
        DemoError: That took too long, or the bot broke off; its own log is in the message.
    """
    store = DynamoIncidentStore(Table(aws, stack.table_name), SystemTime())
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        for incident_id in set(incident_ids(aws, stack.table_name)) - known:
            incident = store.incident(incident_id)
            if incident is None or incident.phase != "answered" or not is_finished(aws, stack.table_name, incident.answered_by):
                continue
            stored = store.load(incident_id, incident.answered_by)
            if stored is not None:
                return Posted(incident_id, incident.channel, incident.thread_ts, stored.answer, stored.evidence)
        time.sleep(0.2)
    raise DemoError(f"no thread was finished within {within_s:.0f} s; what the bot logged:\n{bot_log(aws, stack)}")


def incident_ids(aws: Boto3Clients, table: str) -> list[str]:
    """Return the ids of the incidents in the state table."""
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk", ConsistentRead=True)
    keys = [item["pk"]["S"] for page in pages for item in page["Items"]]
    return [key.removeprefix("incident#") for key in keys if key.startswith("incident#")]


def is_finished(aws: Boto3Clients, table: str, event: str) -> bool:
    """Tell whether nothing is left to do for an event."""
    item: dict[str, Any] = aws.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": f"event#{event}"}}, ConsistentRead=True)
    return bool(item.get("Item", {}).get("finished", {}).get("BOOL"))


def bot_log(aws: Boto3Clients, stack: deploy.Stack, lines: int = 40) -> str:
    """Return the end of what the two functions logged."""
    logs, said = aws.client("logs"), []
    for group in (g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]):
        if deploy.STACK_NAME in group or stack.investigate_function in group:
            said += [f"{group}: {event['message'].rstrip()}" for event in logs.filter_log_events(logGroupName=group)["events"]]
    return "\n".join(said[-lines:]) or "(nothing)"


@contextlib.contextmanager
def timed(report: Report, phase: str) -> Iterator[None]:
    """Report a phase with its duration when it is over."""
    began = time.monotonic()
    yield
    report(phase, time.monotonic() - began)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the demo as Ctrl-C does, so that it cleans up after itself."""

    def end(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
