"""The demo: deploys the bot to a local AWS, breaks something there, and waits for the thread that the deployed bot posts."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.aws.clients import Boto3Clients, Connection
from bot.demo import broken, deploy
from bot.demo.acts import Acts
from bot.demo.aws_side import AwsSide
from bot.demo.broken import Broken
from bot.demo.deployed import SIGNING_SECRET, Posted, bot_log, deploy_bot, incident_ids, wait_for_answer
from bot.demo.journey import Journey
from bot.demo.local_aws import REGION, LocalAws, applied
from bot.demo.recovery import Recovery
from bot.demo.scenario import Scenario
from bot.demo.scenario import load as scenario_named
from bot.demo.slack_requests import SlackRequests
from bot.demo.slack_server import SlackServer
from bot.demo.slack_workspace import Message
from bot.demo.window.shown import Window
from bot.errors import DemoError

CHANNEL: Final = "C0INCIDENTS"

OTHER_CHANNEL: Final = "C0GENERAL"

TOKEN: Final = "xoxb-demo-0-not-a-secret"  # noqa: S105 - opens nothing but the demo's own Slack

QUIET_S: Final = 0.4
"""Nothing more is written to the thread for this long after the work is finished."""

Report = Callable[[str, float], None]
"""Takes a phase and the seconds that it took."""


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


@dataclass(frozen=True)
class Running:
    """The deployed bot, ready for trouble."""

    aws: Boto3Clients
    stack: deploy.Stack
    local: LocalAws
    slack: SlackServer
    acts: Acts
    aws_side: AwsSide
    recovery: Recovery

    def break_something(self, scenario: Scenario) -> Broken:
        """Break something and let its alarm fire; from now on its AWS side is watched, and mending it ends the trouble."""
        made = broken.create(scenario, self.aws, self.stack.topic_arn)
        self.recovery.expect(scenario)
        self.aws_side.watch(made)
        broken.fire(made, self.aws)
        return made

    def play(self, scenario: Scenario, report: Report) -> Outcome:
        """Break something, let its alarm fire, and return what the bot posted.

        Raises:
            DemoError: No finished thread stood within the time; the bot's own log is in the message.
        """
        known = set(incident_ids(self.aws, self.stack.table_name))
        with timed(report, f"{scenario.function.name} is broken, with its API, log lines and metrics, and its alarm fired"):
            self.break_something(scenario)
        with timed(report, "the bot investigated and posted"):
            posted = wait_for_answer(self.aws, self.stack, known)
            while self.slack.workspace.quiet_for() < QUIET_S:
                time.sleep(0.05)
        thread = next((t for t in self.slack.workspace.threads() if t[0].ts == posted.thread_ts), [])
        if not thread:
            raise DemoError(f"{posted.incident_id} was answered, and no thread of it stands in Slack\n{bot_log(self.aws, self.stack)}")
        return Outcome(scenario, posted, thread)

    def change(self, outcome: Outcome, report: Report) -> bool:
        """Go on from a thread to an approved change, its recovery and its undoing; tell whether there was a change to make.

        Raises:
            DemoError: A step did not happen; the bot's own log is in the message.
        """
        journey = Journey(self.acts, self.aws_side, outcome.scenario.function.name, outcome.posted.thread_ts, report)
        try:
            return journey.go()
        except DemoError as exc:
            raise DemoError(f"{exc}\n{bot_log(self.aws, self.stack)}") from exc

    def thread(self, outcome: Outcome) -> list[Message]:
        """Return an outcome's thread as it stands now."""
        return next(thread for thread in self.slack.workspace.threads() if thread[0].ts == outcome.posted.thread_ts)


def window(bot: Running) -> Window:
    """Return what the page shows of a running bot."""
    return Window(
        bot.slack.workspace,
        bot.acts,
        bot.aws_side,
        lambda name: bot.break_something(scenario_named(name)),
        bot.stack.function_url,
    )


@contextlib.contextmanager
def running(report: Report, cache: Path | None = None) -> Iterator[Running]:
    """Start the local AWS and the demo's Slack, deploy the bot, and take everything down at the end, whatever happened.

    Raises:
        DemoError: A part is missing or failed.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(ended_by_signals())
        slack = stack.enter_context(SlackServer(TOKEN, (CHANNEL, OTHER_CHANNEL)))
        with timed(report, "local AWS is up"):
            local = stack.enter_context(LocalAws())
        stack.enter_context(applied(local.environment))
        with timed(report, "bot is built"):
            built = deploy.build(cache or deploy.cache_folder())
        with timed(report, "bot is deployed from template.yaml"):
            aws = Boto3Clients(Connection(region=REGION))
            deployed = deploy_bot(built, aws, slack_api_url=slack.api_url, channel=CHANNEL, token=TOKEN)
            requests = SlackRequests(deployed.function_url, local.port, SIGNING_SECRET)
            requests.warm()
        side, recovery = AwsSide(aws, deployed, slack.workspace.touch), Recovery(aws)
        side.on_read = recovery.look
        stack.enter_context(read_on(side))
        yield Running(aws, deployed, local, slack, Acts(slack.workspace, requests, slack.base_url), side, recovery)


@contextlib.contextmanager
def read_on(side: AwsSide) -> Iterator[None]:
    """Let the AWS side be read over and over in a thread of its own."""
    thread = threading.Thread(target=side.keep_reading, name="demo-aws-side", daemon=True)
    thread.start()
    try:
        yield
    finally:
        side.end()
        thread.join(5)


@contextlib.contextmanager
def timed(report: Report, phase: str) -> Iterator[None]:
    """Report a phase with its duration when it is over."""
    began = time.monotonic()
    yield
    report(phase, time.monotonic() - began)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the demo as Ctrl-C does, so that it cleans up after itself.

    Ctrl-C is set too: a shell lets what it starts in the background ignore it.
    """

    def end(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    wanted = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: end, signal.SIGHUP: end}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
