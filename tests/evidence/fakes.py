"""Stand-ins for AWS: real clients whose answers can be broken on the wire, a log group in memory, one collector alone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from bot.aws.clients import Boto3Clients, Connection
from bot.evidence.budget import LogBudget
from bot.evidence.collectors import COLLECTORS
from bot.evidence.context import Context, Run, guarded
from bot.models.incident_file import Target
from bot.models.window import Window
from bot.ports import AwsClients

REGION = "eu-west-1"
# CloudWatch Logs takes no line that is older than two weeks, so the tests' present is the real one, at a whole minute.
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
WINDOW = Window(start=NOW - timedelta(minutes=15), end=NOW)


class _Body:
    """The body of an answer, as urllib3 hands it to botocore."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content

    def read(self, *_: Any) -> bytes:
        return self._content


def refusal(status: int, code: str, message: str = "no") -> Callable[..., AWSResponse]:
    """Return a handler that answers a request as AWS does when it refuses."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        body = json.dumps({"__type": code, "Type": "User", "message": message}).encode()
        headers = HTTPHeaders()
        headers["x-amzn-ErrorType"] = code
        return AWSResponse(request.url, status, headers, _Body(body))

    return answer


UNKNOWN_TO_MOTO: dict[str, dict[str, Any]] = {
    "apigatewayv2.GetAuthorizers": {"Items": []},
    "cloudtrail.LookupEvents": {"Events": []},
    "lambda.GetAccountSettings": {
        "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900, "CodeSizeZipped": 1}
    },
    "lambda.ListProvisionedConcurrencyConfigs": {"ProvisionedConcurrencyConfigs": []},
}


def hanging(release: threading.Event) -> Callable[..., None]:
    """Return a handler that keeps a request waiting until the test lets go."""

    def wait(**_: Any) -> None:
        release.wait(30)

    return wait


class _Wire:
    """Real clients, made once for all tests since making them is slow; the faults of the present test are asked at each call."""

    def __init__(self) -> None:
        self._clients = Boto3Clients(Connection(region=REGION, max_attempts=2))
        self._lock = threading.Lock()
        self._known: set[int] = set()
        self.now: BreakableClients | None = None

    def client(self, service: str, region: str | None) -> Any:
        client = self._clients.client(service, region)
        with self._lock:
            if id(client) not in self._known:
                self._known.add(id(client))
                client.meta.events.register("before-call", self._before_call)
                client.meta.events.register_first("before-send", self._before_send)
                client.meta.events.register("after-call", self._after_call)
        return client

    def _before_call(self, model: Any, **_: Any) -> Any:
        name = f"{model.service_model.service_name}.{model.name}"
        if self.now is None:
            return None
        self.now.sent.append(name)
        known = UNKNOWN_TO_MOTO.get(name)
        return None if known is None or self.now.breaks(name) else (AWSResponse("", 200, HTTPHeaders(), _Body(b"")), dict(known))

    def _before_send(self, request: Any, event_name: str, **rest: Any) -> Any:
        handler = self.now.breaks(event_name.removeprefix("before-send.")) if self.now else None
        return handler(request=request, **rest) if handler else None

    def _after_call(self, parsed: dict[str, Any], event_name: str, **_: Any) -> None:
        change = self.now.changes.get(event_name.removeprefix("after-call.")) if self.now else None
        if change:
            change(parsed)


_WIRE = _Wire()


class BreakableClients:
    """Real clients; some operations are answered by a handler before they leave the process.

    `faults` has keys such as `lambda.GetPolicy` or `api-gateway.GetStage` (the service id, as botocore names its events), or `*` for
    every call; `changes` alter an answer that came.
    """

    def __init__(
        self, faults: dict[str, Callable[..., Any]] | None = None, changes: dict[str, Callable[[dict[str, Any]], None]] | None = None
    ) -> None:
        self.faults = faults or {}
        self.changes = changes or {}
        self.sent: list[str] = []
        _WIRE.now = self

    def breaks(self, name: str) -> Callable[..., Any] | None:
        """Return the handler of an operation, if it is broken."""
        return self.faults.get(name) or self.faults.get("*")

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a real client on the breakable wire."""
        return _WIRE.client(service, region)


class FixedClients:
    """Hands out the clients that it was given."""

    def __init__(self, **clients: Any) -> None:
        self._clients = clients
        self.regions: list[str | None] = []

    def client(self, service: str, region: str | None = None) -> Any:
        self.regions.append(region)
        return self._clients[service]


@contextmanager
def stubbed(service: str, *answers: tuple[str, dict[str, Any], dict[str, Any] | str]) -> Iterator[FixedClients]:
    """Yield clients of which one answers in order; a text in the place of an answer is an error code."""
    client: Any = boto3.client(service, region_name=REGION)  # type: ignore[call-overload]
    with Stubber(client) as stubber:
        for method, expected, answer in answers:
            if isinstance(answer, str):
                stubber.add_client_error(method, answer, f"{answer} said", 403, expected_params=expected)
            else:
                stubber.add_response(method, answer, expected)
        yield FixedClients(**{service: client})
        stubber.assert_no_pending_responses()


class FakeLogs:
    """CloudWatch Logs with one group: quoted terms, streams, times and pages as FilterLogEvents has them."""

    def __init__(self, group: str, lines: list[tuple[int, str, str]], *, page: int = 10_000, empty_first: int = 0) -> None:
        self.group = group
        self.lines = sorted(lines, key=lambda line: line[0])
        self.page = page
        self.empty_first = empty_first
        self.calls: list[dict[str, Any]] = []

    def filter_log_events(self, **params: Any) -> dict[str, Any]:
        self.calls.append(params)
        if params["logGroupName"] != self.group:
            raise ClientError(
                {"Error": {"Code": "ResourceNotFoundException", "Message": "The specified log group does not exist."}}, "FilterLogEvents"
            )
        token = int(params.get("nextToken", 0))
        if token < self.empty_first:
            return {"events": [], "nextToken": str(token + 1)}
        found = [self._event(n, line) for n, line in enumerate(self.lines) if self._matches(line, params)]
        start = (token - self.empty_first) * self.page
        size = min(self.page, params.get("limit", self.page))
        answer: dict[str, Any] = {"events": found[start : start + size]}
        return {**answer, "nextToken": str(token + 1)} if start + size < len(found) else answer

    @staticmethod
    def _event(number: int, line: tuple[int, str, str]) -> dict[str, Any]:
        return {"eventId": str(number), "timestamp": line[0], "logStreamName": line[1], "message": line[2]}

    @staticmethod
    def _matches(line: tuple[int, str, str], params: dict[str, Any]) -> bool:
        timestamp, stream, message = line
        term = params.get("filterPattern", '""')[1:-1]
        in_time = params["startTime"] <= timestamp <= params["endTime"]
        return in_time and term in message and stream in params.get("logStreamNames", [stream])


def a_run(
    aws: AwsClients, *, deadline_s: float = 10, needs: dict[str, Any] | None = None, target: Target | None = None, **extra: Any
) -> Run:
    """Return a run in which the collectors of `needs` have answered already."""
    run = Run(
        target=target or Target(function_name="checkout", region=REGION),
        window=WINDOW,
        aws=aws,
        deadline=time.monotonic() + deadline_s,
        budget=extra.pop("budget", LogBudget()),
        **extra,
    )
    for name, value in (needs or {}).items():
        run.results[name] = Future()
        if isinstance(value, Exception):
            run.results[name].set_exception(value)
        else:
            run.results[name].set_result(value)
    return run


def ask(name: str, run: Run) -> tuple[Any, dict[str, Any], list[dict[str, str]]]:
    """Run one collector alone; return what it answered to others, its sections (logs by group) and its gaps."""
    collector = COLLECTORS[name]()
    value, _ = guarded(Context(name, collector.sections, collector.iam_actions, run), collector.sections[0], collector.collect)
    sections, groups, gaps = run.harvest.close()
    if groups:
        sections = {**sections, "logs": {group["group"]: group["events"] for group in groups}}
    return value, sections, gaps
