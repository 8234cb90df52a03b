"""Addresses of places in the AWS console: a log stream at a moment, a query, a graph, a change, a function, a stage.

The console writes its own encodings and documents none of them; those here were read off addresses that it made. An address that it
no longer understands opens the page without the detail, so nothing worse than one more click follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

HOSTS: Final = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}
"""Consoles of the partitions beside `aws`, by the beginning of a region's name.

Sources: https://docs.amazonaws.cn/en_us/aws/latest/userguide/console.html,
https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/console.html
"""

HOST: Final = "console.aws.amazon.com"

UNESCAPED: Final = "-_.!~*'()"
"""What JavaScript's encodeURIComponent leaves alone beside letters and digits; Python's `quote` never encodes `_.-~` either.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/encodeURIComponent
"""

Plain = str | int | float | bool | None
Detail = Plain | Sequence["Detail"] | Mapping[str, "Detail"]


def log_events(region: str, group: str, stream: str | None, at_ms: int) -> str:
    """Return the address of a log stream, from a moment on; without a stream, of the whole group's."""
    path = f"log-groups/log-group/{_twice(group)}/log-events"
    if stream:
        path += f"/{_twice(stream)}"
    return f"{_cloudwatch(region)}logsV2:{path}{_dollar(f'?start={at_ms}')}"


def insights(region: str, groups: Sequence[str], query: str, start: datetime, end: datetime) -> str:
    """Return the address of Logs Insights with a query for a stretch of time, filled in and not yet run."""
    detail: dict[str, Detail] = {
        "end": _time(end),
        "start": _time(start),
        "timeType": "ABSOLUTE",
        "tz": "UTC",
        "editorString": query,
        "source": list(groups),
    }
    return f"{_cloudwatch(region)}logsV2:logs-insights{_dollar('?queryDetail=')}{_notation(detail)}"


def metric_graph(region: str, series: Sequence[tuple[str, str, Mapping[str, str], str]], start: datetime, end: datetime) -> str:
    """Return the address of a graph of metrics: namespace, name, dimensions and statistic of each."""
    rows: list[Detail] = [
        [namespace, name, *(part for pair in dimensions.items() for part in pair), {"stat": stat}]
        for namespace, name, dimensions, stat in series
    ]
    graph: dict[str, Detail] = {
        "metrics": rows,
        "view": "timeSeries",
        "stacked": False,
        "region": region,
        "start": _time(start),
        "end": _time(end),
        "period": 60,
    }
    return f"{_cloudwatch(region)}metricsV2:graph={_notation(graph)}"


def alarm(region: str, name: str) -> str:
    """Return the address of an alarm."""
    return f"{_cloudwatch(region)}alarmsV2:alarm/{_component(name)}"


def trail_event(region: str, event_id: str) -> str:
    """Return the address of one event in CloudTrail's event history."""
    return f"{_console(region)}/cloudtrailv2/home?region={_component(region)}#/events/{_component(event_id)}"


def trail_of(region: str, resource_name: str) -> str:
    """Return the address of CloudTrail's event history of a resource, where the event's id is not known."""
    return f"{_console(region)}/cloudtrailv2/home?region={_component(region)}#/events?ResourceName={_component(resource_name)}"


def function(region: str, name: str, qualifier: str | None = None) -> str:
    """Return the address of a function, of one of its versions, or of an alias."""
    place = f"#/functions/{_component(name)}"
    if qualifier and qualifier != "$LATEST":
        place += f"/{'versions' if qualifier.isdigit() else 'aliases'}/{_component(qualifier)}"
    return f"{_console(region)}/lambda/home?region={_component(region)}{place}?tab=monitoring"


def rest_stage(region: str, api_id: str, stage: str | None) -> str:
    """Return the address of a stage of a REST API, or of all its stages."""
    place = f"/stages/{_component(stage)}" if stage else "/stages"
    return f"{_console(region)}/apigateway/home?region={_component(region)}#/apis/{_component(api_id)}{place}"


def api(region: str, api_id: str) -> str:
    """Return the address of the stages of an HTTP or WebSocket API."""
    return f"{_console(region)}/apigateway/main/deploy/stages?api={_component(api_id)}&region={_component(region)}"


def _console(region: str) -> str:
    host = next((host for prefix, host in HOSTS.items() if region.startswith(prefix)), HOST)
    return f"https://{_component(region)}.{host}"


def _cloudwatch(region: str) -> str:
    return f"{_console(region)}/cloudwatch/home?region={_component(region)}#"


def _component(text: str) -> str:
    """Encode as encodeURIComponent does, and also what could end a link or a word of markup."""
    return quote(text.encode("utf-8", "replace"), safe="-_.")


def _dollar(text: str) -> str:
    """Encode once, with $ instead of %: how the console writes the query part behind its #."""
    return quote(text.encode("utf-8", "replace"), safe=UNESCAPED).replace("%", "$")


def _twice(name: str) -> str:
    """Encode twice, with $ instead of %: how the console writes names of groups and streams."""
    return quote(quote(name.encode("utf-8", "replace"), safe="-_."), safe="-_.").replace("%", "$")


def _notation(value: Detail) -> str:
    """Return a value as the console writes it behind its #: ~(key~value), lists as ~(~a~b), texts after an apostrophe.

    It is JSURL with `*` for every escape. Source: https://github.com/Sage/jsurl; the escapes are the console's own.
    """
    if isinstance(value, Mapping):
        inside = "~".join(f"{key}{_notation(member)}" if _nests(member) else f"{key}~{_notation(member)}" for key, member in value.items())
        return f"~({inside})"
    if isinstance(value, str):
        return f"'{_starred(value)}"
    if isinstance(value, Sequence):
        return f"~({''.join(_notation(member) if _nests(member) else f'~{_notation(member)}' for member in value)})"
    return {True: "true", False: "false", None: "null"}.get(value, str(value)) if value is None or isinstance(value, bool) else str(value)


def _nests(value: Detail) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _starred(text: str) -> str:
    return "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or chr(byte) in "-_." else f"*{byte:02x}"
        for byte in text.encode("utf-8", "replace")
    )


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
