"""Log lines of the function, its gateway and its authorizers, around what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Final

from bot.errors import CollectionError
from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.collectors.gateway import Gateway, authorizer_function
from bot.evidence.context import NOT_FOUND_CODES, Context, Run
from bot.evidence.log_reader import TERM_PAGES, Event, LogReader, spread

SEARCHES_AT_ONCE: Final = 3
"""FilterLogEvents allows five requests a second for the whole account, and the gateway's log is read at the same time.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

WHOLE_INVOCATIONS: Final = 12
WHOLE_REQUESTS: Final = 8
SLACK_MS: Final = 5_000
"""The platform's own lines come a little after the timeout."""
DEFAULT_TIMEOUT_S: Final = 60

FUNCTION_TERMS: Final = (
    "Task timed out",
    "Status: timeout",
    "Status: error",
    "ERROR",
    "Error",
    "Exception",
    "errorType",
    "Traceback",
    "error",
    "timeout",
    "failure",
    "fail",
    "panic",
    "Process exited",
    "signal:",
    "not authorized",
)
"""What the platform and the runtimes write when something fails, in text and in JSON. Matching minds upper and lower case.

Source: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-execution.html and the runtimes' own source.
"""

REPORT_TERMS: Final = {"Text": ("REPORT RequestId",), "JSON": ("platform.report",)}
"""The line that ends each invocation, with its duration and memory.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

EXECUTION_TERMS: Final = (
    "Execution failed",
    "Lambda execution failed",
    "Lambda invocation failed",
    "Unauthorized request",
    "is not authorized",
)
"""Source: https://repost.aws/knowledge-center/api-gateway-rest-api-lambda-integrations"""

FAILED_STATUSES: Final = (502, 500, 504, 503, 429, 403, 401, 413)

_REQUEST: Final = re.compile(r"^\(([0-9a-f-]{36})\) ")


def read_function_group(context: Context, group: str, fraction: float, *, timeout_s: int, formats: Sequence[str]) -> None:
    """Read a function's log: whole where it is small, else failures with the invocations around them, and a sample of reports."""
    reader = LogReader(context, group, context.meter(fraction))
    try:
        if reader.read_whole():
            return
        failures = _search_all(reader, FUNCTION_TERMS)
        reader.publish()
        _read_invocations(reader, failures, timeout_s)
        _search_all(reader, [term for name in formats for term in REPORT_TERMS[name]], pages=2, is_sample=True)
    finally:
        _finish(reader)


def _finish(reader: LogReader) -> None:
    if reader.meter.read().pages:
        reader.publish()
    reader.note_spent_budget()


def _search_all(reader: LogReader, terms: Sequence[str], *, pages: int = TERM_PAGES, is_sample: bool = False) -> list[Event]:
    """Search for terms, a few at once; return what was found, oldest first."""
    found: list[Event] = []

    def search(term: str, context: Context) -> None:
        found.extend(reader.search(context, term, pages=pages, is_sample=is_sample))

    for start in range(0, len(terms), SEARCHES_AT_ONCE):
        reader.context.together("logs", *(partial(search, term) for term in terms[start : start + SEARCHES_AT_ONCE]))
        reader.publish()
    return sorted(found, key=lambda event: int(event["timestamp"]))


def _read_invocations(reader: LogReader, failures: list[Event], timeout_s: int) -> None:
    """Keep the whole invocation around failing lines: the first ones and the latest."""
    done: set[str] = set()
    for event in spread(_one_a_second(failures), WHOLE_INVOCATIONS):
        if event["id"] in done or not event["stream"]:
            continue
        whole = reader.read_invocation(event, timeout_s * 1000 + SLACK_MS)
        done |= {each["id"] for each in whole}
        reader.keep_before(whole)


def _one_a_second(events: list[Event]) -> list[Event]:
    """Return one failing line for each stream and second; the lines of one traceback need one reading."""
    first: dict[tuple[Any, int], Event] = {}
    for event in events:
        first.setdefault((event["stream"], int(event["timestamp"]) // 1000), event)
    return list(first.values())


@COLLECTORS.register("function-logs")
class FunctionLogs(Collector):
    """The function's own log group."""

    sections = ("logs",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"logs:FilterLogEvents"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"

    def collect(self, context: Context) -> None:
        """Read the group that the configuration names, else the default one."""
        # Without the permission to read the configuration, the default name is still the likely one.
        configuration = context.need_or_none("function") or {}
        logging = configuration.get("LoggingConfig") or {}
        group = logging.get("LogGroup") or f"/aws/lambda/{context.target.function_name}"
        formats = [logging["LogFormat"]] if logging.get("LogFormat") in REPORT_TERMS else list(REPORT_TERMS)
        timeout_s = int(configuration.get("Timeout") or DEFAULT_TIMEOUT_S)
        with _absent_group_is_noted(context):
            read_function_group(context, str(group), 0.5, timeout_s=timeout_s, formats=formats)


@contextmanager
def _absent_group_is_noted(context: Context) -> Iterator[None]:
    """Keep an absent group as a gap with AWS's own code, beside a `logs` section that was asked for."""
    try:
        yield
    except CollectionError as exc:
        if exc.code not in NOT_FOUND_CODES:
            raise
        context.answer("logs", [])
        context.gap("logs", exc)


@COLLECTORS.register("gateway-logs")
class GatewayLogs(Collector):
    """The execution log of a REST or WebSocket API, and the stage's access log."""

    sections = ("logs",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"logs:FilterLogEvents"})
    source_url = "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"

    @classmethod
    def applies(cls, run: Run) -> bool:
        """A front door's log can be read where no function is known."""
        return True

    def collect(self, context: Context) -> None:
        """Read both at once."""
        gateway: Gateway | None = context.need("gateway")
        if gateway is None:
            return
        execution, access = execution_group(gateway), access_group(gateway)
        questions = [partial(_read_execution_log, execution)] if execution else []
        questions += [partial(_read_access_log, access)] if access else []
        context.together("logs", *questions)


def execution_group(gateway: Gateway) -> str | None:
    """Return the name of the execution log; an HTTP API has none.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    door = gateway.front_door
    if not door.stage or not door.id:
        return None
    names = {"rest-api": f"API-Gateway-Execution-Logs_{door.id}/{door.stage}", "websocket-api": f"/aws/apigateway/{door.id}/{door.stage}"}
    return names.get(str(door.kind))


def access_group(gateway: Gateway) -> str | None:
    """Return the log group of the stage's access log; None where there is none, or where it goes to a delivery stream."""
    settings = gateway.stage.get("accessLogSettings") or gateway.stage.get("AccessLogSettings") or {}
    arn = str(settings.get("destinationArn") or settings.get("DestinationArn") or "")
    return arn.partition(":log-group:")[2].removesuffix(":*") or None


def _read_execution_log(group: str, context: Context) -> None:
    reader = LogReader(context, group, context.meter(0.2))
    with _absent_group_is_noted(context):
        try:
            if reader.read_whole():
                return
            failures = _search_all(reader, (*_statuses(context, "status: {}"), *EXECUTION_TERMS))
            requests = dict.fromkeys(match[1] for event in failures if (match := _REQUEST.match(event["message"])))
            newest_and_oldest = [{"id": request} for request in requests]
            _search_all(reader, [str(each["id"]) for each in spread(newest_and_oldest, WHOLE_REQUESTS)], pages=2, is_sample=True)
        finally:
            _finish(reader)


def _read_access_log(group: str, context: Context) -> None:
    reader = LogReader(context, group, context.meter(0.15))
    with _absent_group_is_noted(context):
        try:
            if not reader.read_whole():
                _search_all(reader, _statuses(context, "{}"), pages=2)
        finally:
            _finish(reader)


def _statuses(context: Context, shape: str) -> list[str]:
    """Return a term for each failing status, the one that the caller saw first."""
    seen = context.run.client_status
    ordered = [seen, *(status for status in FAILED_STATUSES if status != seen)] if seen else list(FAILED_STATUSES)
    return [shape.format(status) for status in ordered]


@COLLECTORS.register("authorizer-logs")
class AuthorizerLogs(Collector):
    """The logs of the functions that the gateway asks before it lets a request in."""

    sections = ("logs",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"logs:FilterLogEvents"})
    source_url = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html"

    @classmethod
    def applies(cls, run: Run) -> bool:
        """A front door's authorizer can be looked at where no function is known."""
        return True

    def collect(self, context: Context) -> None:
        """Read the default group of each, two at most."""
        gateway: Gateway | None = context.need("gateway")
        authorizers = gateway.authorizers if gateway else []
        names = [name for each in authorizers if (name := authorizer_function(each))]
        for name in sorted(set(names) - {context.target.function_name})[:2]:
            with _absent_group_is_noted(context), context.question("logs"):
                read_function_group(context, f"/aws/lambda/{name}", 0.07, timeout_s=DEFAULT_TIMEOUT_S, formats=list(REPORT_TERMS))
