"""Turns a scenario's traffic into log events with times of now and request ids of their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.demo.scenario import Line, Place, Scenario

LAST_REQUEST_AGO: timedelta = timedelta(seconds=20)
"""The alarm judges whole periods, so its newest data are a little old; so are the newest lines."""


@dataclass(frozen=True)
class LoggedLine:
    """One event for PutLogEvents."""

    timestamp_ms: int
    message: str


def lines(scenario: Scenario, place: Place, *, now: datetime, words: Mapping[str, str]) -> list[LoggedLine]:
    """Return the log of the function or the gateway, oldest first.

    The ids are made from the scenario's name and the request's number, so that both logs name the same requests.
    """
    return sorted(_all_lines(scenario, place, now, words), key=lambda line: line.timestamp_ms)


def _all_lines(scenario: Scenario, place: Place, now: datetime, words: Mapping[str, str]) -> Iterator[LoggedLine]:
    for number, traffic in enumerate(scenario.traffic):
        longest = max((line.at for line in (*traffic.function_log, *traffic.gateway_log)), default=0.0)
        last = now - LAST_REQUEST_AGO - timedelta(seconds=longest)
        for request in range(traffic.count):
            began = last - timedelta(minutes=traffic.over_minutes) * request / traffic.count
            seed = f"{scenario.name}/{number}/{request}"
            ids = {"id": _uuid(seed, "lambda"), "gw": _uuid(seed, "gateway"), "ext": _uuid(seed, "extended")[:11] + "="}
            template: Iterable[Line] = traffic.function_log if place == "function" else traffic.gateway_log
            for line in template:
                at = began + timedelta(seconds=line.at)
                stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
                yield LoggedLine(int(at.timestamp() * 1000), _filled(line.text, {**words, **ids, "time": stamp}))


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(f"<{name}>", value)
    return text


def _uuid(seed: str, kind: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}:{seed}"))
