"""Where in the AWS console a report's evidence can be seen: links made from what was cited, for the reader to go on from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.analysis.changes import time_ms
from bot.models.diagnosis import Answer, Citation
from bot.models.incident import Findings, Report
from bot.models.incident_file import LogEvent
from bot.slack import console_links
from bot.slack.chart_plan import chart_plan

MAX_STREAMS: Final = 3
MAX_CHANGES: Final = 2
MAX_GROUPS: Final = 5
MIN_WORDS_CHARS: Final = 6
MAX_WORDS_CHARS: Final = 80

FAILING: Final = "/(?i)(error|exception|timed out|timeout|denied|throttl|exceeded|killed)/"
"""What a query looks for where no cited line has words of its own."""

Place = tuple[str, str]


def evidence_links(report: Report) -> tuple[Place, ...]:
    """Return words and address of each place; none where the region is not known."""
    findings = report.findings
    region = findings.answer.target.region if findings else None
    if findings is None or not region:
        return ()
    return (
        *_streams(findings, region),
        *_query(findings, region),
        *_graph(report, findings, region),
        *_changes(findings, region),
        *_resources(report, findings, region),
    )


def first_cited(findings: Findings, citation: Citation) -> LogEvent | None:
    """Return the first event of a log group that a citation is taken from."""
    events = (event for group in findings.evidence.logs or [] if group.group == citation.ref for event in group.events)
    return next((event for event in events if citation.text and citation.text in event.message), None)


def constant_words(text: str) -> str:
    """Return the longest run of words in a line that would be the same in the next failure: no digits, no quotes, no ids."""
    runs = (run.strip(" .,:;-") for run in re.split(r"\b\w*\d[\w.]*|[^A-Za-z .,:;_/-]+", text.partition("\n")[0]))
    return max(runs, key=len, default="")[:MAX_WORDS_CHARS].strip()


def _cited(answer: Answer, section: str) -> list[Citation]:
    return [citation for citation in (answer.diagnoses[0].evidence if answer.diagnoses else []) if citation.section == section]


def _streams(findings: Findings, region: str) -> Iterator[Place]:
    seen: set[tuple[str, str | None]] = set()
    for citation in _cited(findings.answer, "logs"):
        event = first_cited(findings, citation)
        if event is None or (citation.ref, event.stream) in seen or len(seen) == MAX_STREAMS:
            continue
        seen.add((citation.ref, event.stream))
        what = "Log stream" if event.stream else "Log group"
        yield (
            f"{what} of {citation.ref} at {_clock(event.timestamp)}",
            console_links.log_events(region, citation.ref, event.stream, event.timestamp),
        )


def _query(findings: Findings, region: str) -> Iterator[Place]:
    cited = _cited(findings.answer, "logs")
    groups = list(dict.fromkeys([c.ref for c in cited] or [group.group for group in findings.evidence.logs or []]))[:MAX_GROUPS]
    if not groups:
        return
    words = next((found for c in cited if len(found := constant_words(c.text)) >= MIN_WORDS_CHARS), "")
    wanted = f'"{words}"' if words else FAILING
    query = f"fields @timestamp, @message, @logStream\n| filter @message like {wanted}\n| sort @timestamp asc\n| limit 200"
    yield "Logs Insights over the window", console_links.insights(region, groups, query, findings.window.start, findings.window.end)


def _graph(report: Report, findings: Findings, region: str) -> Iterator[Place]:
    plan = chart_plan(report)
    if plan is None:
        return
    series = [(line.namespace, line.name, line.dimensions, line.stat) for panel in plan.panels for line in panel.lines]
    yield "Graph of the metrics", console_links.metric_graph(region, series, findings.window.start, findings.window.end)


def _changes(findings: Findings, region: str) -> Iterator[Place]:
    rows = findings.evidence.changes or []
    cited = [int(found[1]) for c in _cited(findings.answer, "changes") if (found := re.match(r"changes\[(\d+)\]", c.ref))]
    for index in list(dict.fromkeys(cited))[:MAX_CHANGES]:
        if index < len(rows):
            yield _change(rows[index], region, findings.answer.target.function_name)


def _change(row: Mapping[str, Any], region: str, function_name: str | None) -> Place:
    event_id, at_ms = row.get("EventId"), time_ms(row.get("EventTime"))
    where = row.get("awsRegion") if isinstance(row.get("awsRegion"), str) else region
    words = f"{row.get('EventName') or 'Change'} in CloudTrail{f' at {_clock(at_ms)}' if at_ms else ''}"
    if isinstance(event_id, str) and event_id:
        return words, console_links.trail_event(str(where), event_id)
    return words, console_links.trail_of(str(where), function_name or "")


def _resources(report: Report, findings: Findings, region: str) -> Iterator[Place]:
    target = findings.answer.target
    if target.function_name and findings.evidence.state("function") != "none":
        yield f"Function {target.function_name}", console_links.function(region, target.function_name, target.qualifier)
    door = target.front_door
    if door and door.id and door.kind == "rest-api":
        yield "Stage of the API", console_links.rest_stage(region, door.id, door.stage)
    elif door and door.id and door.kind in {"http-api", "websocket-api"}:
        yield "Stages of the API", console_links.api(region, door.id)
    if report.incident.origin == "alarm":
        yield f"Alarm {report.incident.title}", console_links.alarm(region, report.incident.title)


def _clock(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return "an unknown time"
