"""What callers see, how many of them, and since when."""

from __future__ import annotations

from typing import Final

from bot.models.diagnosis import Answer
from bot.models.incident import Report
from bot.models.incident_file import FrontDoor, Target
from bot.slack.escape import Mrkdwn, bold, code, date, short

FRONT_DOORS: Final = {
    "rest-api": "the REST API",
    "http-api": "the HTTP API",
    "websocket-api": "the WebSocket API",
    "function-url": "the function URL",
    "alb": "the load balancer",
    "cloudfront": "CloudFront",
    "appsync": "AppSync",
    "event-source": "the event source mapping",
    "trigger": "its trigger",
    "direct-invoke": "direct invocation",
}

SERVER_ERRORS: Final = frozenset({"5XXError", "5xx", "Url5xxCount", "HTTPCode_ELB_5XX_Count", "ExecutionError", "IntegrationError"})
CLIENT_ERRORS: Final = frozenset({"4XXError", "4xx", "Url4xxCount", "HTTPCode_ELB_4XX_Count", "ClientError"})
"""What front doors count, each answer once. Sources: the pages named in bot/evidence/collectors/gateway_metrics.py."""


MAX_NAME_CHARS: Final = 300


def impact(report: Report, answer: Answer) -> Mrkdwn:
    """Return one sentence: the status, how many callers got it, through which front door, since when."""
    many = answers_counted(report)
    times = f", {counted(many, 'time')} in the window" if many else ""
    begun = since(report)
    return Mrkdwn(f"{bold('Callers see: ')}{_what(report, answer.target)}{times}{f', since {date(begun)}' if begun else ''}")


def answers_counted(report: Report) -> int:
    """Return how many failing answers the front door counted in the window; 0 where nobody counted."""
    findings = report.findings
    status = findings.impact.status if findings else None
    if findings is None or status is None or status < 400:
        return 0
    names = SERVER_ERRORS if status >= 500 else CLIENT_ERRORS
    series = [one for one in findings.evidence.metrics or [] if one.MetricName in names and one.Stat == "Sum"]
    # The same answers may be counted for an API and for each of its stages or methods: the broadest count holds them all.
    return round(max((sum(one.Values) for one in series), default=0.0))


def since(report: Report) -> float | None:
    """Return when it began: the first failure that was seen, else the alarm."""
    incident = report.incident
    seen = report.findings.impact.since if report.findings else None
    return seen or (incident.alarm_changed_at if incident.alarm_state == "ALARM" else None)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _what(report: Report, target: Target) -> Mrkdwn:
    status = report.findings.impact.status if report.findings else None
    what = f"{code(str(status))}" if status else "failures, status not known"
    if report.findings and report.findings.answer.verdict == "no-fault" and not status:
        what = "nothing wrong, as far as the evidence shows"
    return Mrkdwn(f"{what}{_through(target.front_door)}")


def _name(text: str) -> Mrkdwn:
    return code(short(text, MAX_NAME_CHARS))


def _through(door: FrontDoor | None) -> str:
    if door is None or door.kind is None:
        return ""
    name = f" {_name(door.id)}" if door.id else ""
    stage = f", stage {_name(door.stage)}" if door.stage else ""
    route = f", {_name(door.route)}" if door.route else ""
    return f" from {FRONT_DOORS[door.kind]}{name}{stage}{route}"
