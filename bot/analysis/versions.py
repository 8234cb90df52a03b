"""Which versions of the function the log shows running."""

from __future__ import annotations

import re
from typing import Final

from bot.analysis.roles import group_roles
from bot.models.incident_file import IncidentFile, LogEvent

LATEST: Final = "$LATEST"

_STREAM = re.compile(r"\[(\$LATEST|\d+)\]")
"""`2026/05/14/[7]ab12...`: the name of a stream holds the version. Source: Lambda developer guide, "Viewing CloudWatch logs"."""
_START = re.compile(r"^START RequestId: \S+ Version: (\S+)")


def versions_in_log(incident: IncidentFile) -> frozenset[str] | None:
    """Return the versions whose environments wrote the function's log; None where some lines do not tell which.

    Lines without a stream are told by their own START lines. Where there are none, traffic of `$LATEST` beside them is no
    proof of which version wrote them.
    """
    roles = group_roles(incident)
    events = [event for group in incident.logs or [] if roles[group.group] == "function-log" for event in group.events]
    named = {_of_stream(stream) for stream in {event.stream for event in events if event.stream}}
    loose = [event for event in events if not event.stream]
    started = {version for event in loose if (version := _of_start(event))}
    if None in named or (loose and not started) or not events:
        return None
    return frozenset({version for version in named if version} | started)


def only_latest_runs(incident: IncidentFile) -> bool:
    """Tell whether all that the log shows ran as `$LATEST`."""
    return versions_in_log(incident) == frozenset({LATEST})


def _of_stream(stream: str) -> str | None:
    match = _STREAM.search(stream)
    return match.group(1) if match else None


def _of_start(event: LogEvent) -> str | None:
    match = _START.match(event.message)
    return match.group(1) if match else None
