"""An alarm or a question handed to a worker, as the queue does it."""

from __future__ import annotations

from typing import Any

from bot.commands import WhyCommand
from bot.models.alarm import Alarm
from bot.workflow.desk import Desk
from bot.workflow.investigate import investigate_alarm, investigate_question
from bot.workflow.once import Outcome
from tests.workflow.fakes import an_alarm

FINISHED = {"done", "duplicate"}
"""The retry finished the work, or the worker was killed after its very last step."""

QUIET_S = 4 * 3600.0 + 1
"""Longer than an incident of normal severity says nothing."""

ALL_PARTS = ["evidence", "advice", "receipt"]


def alarm(desk: Desk, change: Alarm, owner: str = "w1") -> Outcome:
    """Hand an alarm to a worker with two minutes."""
    return investigate_alarm(desk, change, owner=owner, time_left_s=lambda: 120.0)


def ask(desk: Desk, text: str = "checkout 502", owner: str = "w1", **fields: Any) -> Outcome:
    """Hand a question to a worker with two minutes."""
    command = WhyCommand(
        **{
            "request_id": "13345224609.738474920",
            "text": text,
            "user_id": "U2147483697",
            "channel_id": "C2147483705",
            "response_url": "https://hooks.slack.com/commands/1/2",
            **fields,
        }
    )
    return investigate_question(desk, command, owner=owner, time_left_s=lambda: 120.0)


def deliver_alarm(desk: Desk, owner: str) -> Outcome:
    """Hand the first alarm over."""
    return alarm(desk, an_alarm(), owner)


def deliver_question(desk: Desk, owner: str) -> Outcome:
    """Hand the question over."""
    return ask(desk, owner=owner)
