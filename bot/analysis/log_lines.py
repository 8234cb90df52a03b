"""The log lines of an incident file, one by one, each with the invocation that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.analysis.facts import Outcome, TextRole
from bot.analysis.platform import PlatformEvent, parse_platform
from bot.analysis.reading import Text, gateway_request_id_of, level_of, normalise, request_id_of
from bot.analysis.roles import API_GROUP, group_roles, line_role
from bot.models.incident_file import IncidentFile, LogEvent, LogGroup

FUNCTION_ROLES: frozenset[TextRole] = frozenset({"function-log", "authorizer-log", "other-log"})
"""Groups in which Lambda's START, END and REPORT lines can stand."""

GATEWAY_ROLES: frozenset[TextRole] = frozenset({"gateway-log", "access-log", "edge-log"})
"""Logs in which something in front of the function speaks of requests."""

_GOOD_STATUS = re.compile(r'"(?:status|st|statusCode|elb_status_code)"\s*:\s*"?[123]\d\d\b|" "?[123]\d\d\b')
"""A request that ended well, in JSON or after the quoted request line of CLF."""


@dataclass(slots=True)
class Outcomes:
    """How invocations and gateway requests ended, by id, and which invocation an environment's init lines belong to."""

    by_id: dict[str, Outcome] = field(default_factory=dict)
    init_owner: dict[tuple[str, str | None, int], str] = field(default_factory=dict)

    def of(self, request_id: str | None) -> Outcome:
        """Return how it ended; unknown where nothing was seen of its end."""
        return self.by_id.get(request_id, "unknown") if request_id else "unknown"


@dataclass(slots=True)
class _Stream:
    """Where the reader stands in one log stream, which one environment writes, one invocation after the other."""

    current: str | None = None
    started: int = 0
    in_init: bool = False


@dataclass(slots=True)
class Line:
    """A log line with what Lambda itself says in it, if it is one of Lambda's."""

    text: Text
    platform: PlatformEvent | None
    stream: str | None


def iter_log_lines(incident: IncidentFile, outcomes: Outcomes | None = None) -> Iterator[Line]:
    """Yield every log line, group by group, each group in the order of time.

    Args:
        incident: The file.
        outcomes: From a first pass over the same file; without it every line's outcome is unknown.
    """
    roles = group_roles(incident)
    known = outcomes or Outcomes()
    for group in incident.logs or []:
        role = roles[group.group]
        yield from _group_lines(group, role, known)


def in_order(events: list[LogEvent]) -> Iterator[tuple[int, LogEvent]]:
    """Yield events with their index, sorted by time only if they are not; equal times keep the file's order."""
    if all(events[i].timestamp <= events[i + 1].timestamp for i in range(len(events) - 1)):
        yield from enumerate(events)
        return
    for index in sorted(range(len(events)), key=lambda i: events[i].timestamp):
        yield index, events[index]


def _group_lines(group: LogGroup, group_role: TextRole, outcomes: Outcomes) -> Iterator[Line]:
    streams: dict[str | None, _Stream] = {}
    has_invocations = group_role in FUNCTION_ROLES
    by_line = group.group.startswith(API_GROUP)
    for index, event in in_order(group.events):
        message = normalise(event.message)
        if not message:
            continue
        platform, in_init, outcome = None, False, None
        role = (line_role(message) or group_role) if by_line else group_role
        if has_invocations:
            stream = streams.get(event.stream)
            if stream is None:
                stream = streams[event.stream] = _Stream()
            platform = parse_platform(message)
            in_init = stream.in_init
            request_id = _owner(message, platform, stream, event.stream, group.group, outcomes)
            _advance(stream, platform)
        elif role == "access-log":
            request_id = request_id_of(message)
            outcome = "ok" if _GOOD_STATUS.search(message) else None
        else:
            request_id = gateway_request_id_of(message)
        ended: Outcome = "ok" if outcome else outcomes.of(request_id)
        level = level_of(message) if platform is None else "error" if platform.is_failure else None
        text = Text(role, "logs", group.group, message, event.message, event.timestamp, request_id, level, index, ended, in_init)
        yield Line(text, platform, event.stream)


def _owner(message: str, platform: PlatformEvent | None, stream: _Stream, name: str | None, group: str, outcomes: Outcomes) -> str | None:
    """Return the invocation of a line: the one that Lambda names, the one that is running, or the one that the line names.

    A JSON line may carry the id of some other request, so the running invocation goes first; without a stream name the
    lines of several environments are mixed, and then the line's own word goes first.
    """
    if platform and platform.request_id:
        return platform.request_id
    running = stream.current
    if running is None and stream.in_init:
        running = outcomes.init_owner.get((group, name, stream.started + 1))
    own_word = request_id_of(message)
    is_runtime_format = message[:1].isdigit() or message[:1] == "["
    if is_runtime_format or (name is None and message[:1] == "{"):
        return own_word or running
    return running or own_word


def _advance(stream: _Stream, platform: PlatformEvent | None) -> None:
    if platform is None:
        return
    if platform.kind == "start":
        stream.current, stream.in_init = platform.request_id, False
        stream.started += 1
    elif platform.kind in ("end", "report") and stream.current == platform.request_id:
        stream.current = None
    elif platform.kind == "init-start":
        stream.current, stream.in_init = None, True
