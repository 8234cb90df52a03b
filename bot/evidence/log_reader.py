"""Reads one log group within a budget: all of it where it is small, else what matches, with whole invocations around it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from bot.errors import CollectionError
from bot.evidence.budget import LogMeter
from bot.evidence.context import Context
from bot.evidence.redact import redact

PAGE_EVENTS: Final = 10_000
"""FilterLogEvents returns 10,000 events or 1 MB at most.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

SMALL_EVENTS: Final = 2_000
SMALL_PAGES: Final = 4
"""A group with fewer events in the window is read whole: one call in the place of a dozen searches.

A page can be empty and yet have a successor, so the pages are counted too.
"""

TERM_PAGES: Final = 5
TERM_EVENTS: Final = 1_000

NEAR_MS: Final = 1_000
BUSY_MS: Final = 50
AROUND_EVENTS: Final = 400
LONGEST_AFTER_MS: Final = 60_000

OPERATION: Final = "logs:FilterLogEvents"

_BEGINS: Final = re.compile(r'^START RequestId: |^INIT_START |"type":\s*"platform\.(?:start|initStart)"')
_ENDS: Final = re.compile(r'^REPORT RequestId: |^INIT_REPORT .*Status: |"type":\s*"platform\.report"')

Event = dict[str, Any]


class LogReader:
    """What was read of one log group; safe for threads that search for different terms."""

    def __init__(self, context: Context, group: str, meter: LogMeter) -> None:
        self.context = context
        self.group = group
        self.meter = meter
        self._lock = threading.Lock()
        self._kept: dict[str, Event] = {}

    def read_whole(self) -> bool:
        """Read the window without a filter, and tell whether that was all of it."""
        limit = min(SMALL_EVENTS, max(1, self.meter.budget.events // 4))
        token, count = None, 0
        for _ in range(SMALL_PAGES):
            events, token = self._page(self.context, token, limit=limit)
            self.keep(events)
            # At the deadline what was read so far must stand.
            self.publish()
            count += len(events)
            if token is None or count >= limit:
                break
        # A full page without a successor can be the end, or a server that cuts in silence: then the searches tell.
        return token is None and count < limit

    def search(self, context: Context, term: str, *, pages: int = TERM_PAGES, is_sample: bool = False) -> list[Event]:
        """Return the events of the window that hold the term, oldest first, and keep them.

        Raises:
            CollectionError: More may match than was read, and a sample was not all that was wanted.
        """
        most = TERM_EVENTS
        found: list[Event] = []
        token = None
        for _ in range(pages):
            events, token = self._page(context, token, limit=most, filterPattern=quoted(term))
            found += events
            if token is None or len(found) >= most:
                break
        self.keep(found)
        was_cut = (token is not None or len(found) >= most) and not self.meter.is_spent
        if was_cut and not is_sample:
            until = f" until {found[-1]['timestamp']} ms" if found else ""
            raise CollectionError(
                f"{self.group}: {term!r} was searched up to {len(found)} events{until}; more may match",
                operation=OPERATION,
                code="PageLimit",
            )
        return found

    def read_invocation(self, event: Event, longest_ms: int) -> list[Event]:
        """Return the events of the invocation that an event belongs to, without keeping them.

        A stream holds one invocation after the other, so the second before the event mostly holds the start. Where the
        stream is so busy that a page ends before the event, less is read; where the start is earlier, all that one
        invocation can last.
        """
        around, index = self._around(event, NEAR_MS, longest_ms, AROUND_EVENTS)
        if index is None:
            around, index = self._around(event, BUSY_MS, longest_ms, AROUND_EVENTS)
        elif not has_begin(around[: index + 1]) and longest_ms > NEAR_MS:
            wider, found = self._around(event, longest_ms, longest_ms, TERM_EVENTS)
            around, index = (wider, found) if found is not None else (around, index)
        return [] if index is None else whole_invocation(around, index)

    def _around(self, event: Event, back_ms: int, longest_ms: int, limit: int) -> tuple[list[Event], int | None]:
        """Return what stands around an event in its stream, and the event's own place in it."""
        at = int(event["timestamp"])
        events, _ = self._page(
            self.context,
            None,
            limit=limit,
            logStreamNames=[event["stream"]],
            startTime=at - back_ms,
            endTime=at + min(longest_ms, LONGEST_AFTER_MS),
        )
        return events, next((n for n, each in enumerate(events) if each["id"] == event["id"]), None)

    def keep(self, events: Iterable[Event]) -> None:
        """Keep events, each once; their order within one millisecond is that of the first reading."""
        with self._lock:
            for event in events:
                self._kept.setdefault(event["id"], event)

    def keep_before(self, events: Iterable[Event]) -> None:
        """Keep events of a whole invocation ahead of single lines, which then take their place in it."""
        whole = {event["id"]: event for event in events}
        with self._lock:
            self._kept = {**whole, **{key: event for key, event in self._kept.items() if key not in whole}}

    def publish(self) -> None:
        """Hand what was kept so far to the incident file."""
        with self._lock:
            events = sorted(self._kept.values(), key=lambda event: int(event["timestamp"]))
        kept = [{key: event[key] for key in ("timestamp", "stream", "message")} for event in events]
        self.context.run.harvest.log_group(self.group, kept)

    def note_spent_budget(self) -> None:
        """Say where the budget ended before the log did."""
        if self.meter.is_spent:
            read = self.meter.read()
            where = f"{read.pages} pages, {read.events} events, {read.bytes} bytes"
            message = f"{self.group}: stopped at {where}; the rest of the window was not read"
            self.context.gap("logs", CollectionError(message, operation=OPERATION, code="BudgetSpent"))

    def _page(self, context: Context, token: str | None, *, limit: int, **params: Any) -> tuple[list[Event], str | None]:
        """Return one page and the token of the next; nothing once the budget is spent."""
        if not self.meter.allows_a_page():
            return [], None
        window = context.window
        if token:
            params["nextToken"] = token
        answer = context.call(
            "logs",
            "FilterLogEvents",
            **{
                "logGroupName": self.group,
                "startTime": window.start_ms,
                "endTime": window.end_ms,
                "limit": min(PAGE_EVENTS, limit, self.meter.events_left),
                **params,
            },
        )
        raw = answer.get("events", [])
        self.meter.count(len(raw), sum(len(event.get("message", "").encode()) for event in raw))
        return [_event(event) for event in raw], answer.get("nextToken") or None


def quoted(term: str) -> str:
    """Return a filter pattern that matches the term as it is.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    return '"' + term.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _event(raw: dict[str, Any]) -> Event:
    stream, timestamp, message = raw.get("logStreamName"), int(raw["timestamp"]), raw.get("message", "")
    return {
        "id": raw.get("eventId") or f"{stream} {timestamp} {message}",
        "timestamp": timestamp,
        "stream": stream,
        "message": redact(message),
    }


def has_begin(events: Iterable[Event]) -> bool:
    """Tell whether an invocation begins among the events."""
    return any(_BEGINS.search(event["message"]) for event in events)


def whole_invocation(events: Sequence[Event], at: int) -> list[Event]:
    """Return the events of one stream from the start to the report of the invocation that the event at an index belongs to.

    Without a start or a report among the events, everything up to their end is returned on that side.
    """
    first = next((n for n in range(at, -1, -1) if _BEGINS.search(events[n]["message"])), 0)
    if first and _BEGINS.search(events[first - 1]["message"]):
        first -= 1
    last = next((n for n in range(at, len(events)) if _ENDS.search(events[n]["message"])), len(events) - 1)
    return list(events[first : last + 1])


def spread(items: Sequence[Event], most: int) -> Iterator[Event]:
    """Yield up to `most` items, the first ones and the last ones: how it began and how it is now."""
    if len(items) <= most:
        yield from items
        return
    yield from items[: most - most // 2]
    yield from items[len(items) - most // 2 :]
