"""Scenarios are valid data, and their traffic is of now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.demo import scenario, traffic
from bot.errors import InputError
from bot.playbooks.causes import CAUSES

NOW = datetime(2026, 5, 14, 3, 12, tzinfo=UTC)
WORDS = {"function": "f", "api": "a1b2c3", "stage": "prod", "method": "GET", "path": "x", "region": "us-east-1", "account": "123456789012"}


def test_the_five_promised_scenarios_are_there() -> None:
    """Timeout, memory, malformed response, throttling, missing permission."""
    promised = {
        "function-timeout",
        "out-of-memory",
        "malformed-proxy-response",
        "throttled-reserved-concurrency",
        "missing-invoke-permission",
    }

    assert promised <= set(scenario.names())


@pytest.mark.parametrize("name", scenario.names())
def test_scenario_expects_a_cause_of_the_vocabulary(name: str) -> None:
    """A misspelt cause could never be found."""
    assert scenario.load(name).cause in CAUSES


@pytest.mark.parametrize("name", scenario.names())
def test_traffic_has_no_placeholder_left_and_no_line_of_tomorrow(name: str) -> None:
    """Every line lies in the minutes before now, in order."""
    one = scenario.load(name)
    for place in ("function", "gateway"):
        written = traffic.lines(one, place, now=NOW, words=WORDS)
        times = [line.timestamp_ms for line in written]

        assert times == sorted(times)
        assert all(NOW - timedelta(minutes=31) < datetime.fromtimestamp(at / 1000, UTC) < NOW for at in times)
        assert not [line.message for line in written if re.search(r"<[a-z]+>", line.message)]


def test_function_and_gateway_name_the_same_requests() -> None:
    """The gateway's line holds the Lambda request id, the join between the two logs."""
    one = scenario.load("function-timeout")
    ran = {line.message.split()[1] for line in traffic.lines(one, "function", now=NOW, words=WORDS) if "Task timed out" in line.message}
    named = {line.message.split()[-1] for line in traffic.lines(one, "gateway", now=NOW, words=WORDS) if "Task timed out" in line.message}

    assert ran == named
    assert len(ran) == 12


def test_unknown_scenario_is_refused_with_the_known_ones() -> None:
    """The message is the list."""
    with pytest.raises(InputError, match=r"'nope' is not known; known: .*function-timeout"):
        scenario.load("nope")
