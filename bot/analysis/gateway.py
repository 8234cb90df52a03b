"""What gateways said of requests: execution logs request by request, access logs row by row, grouped by what they mean."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from bot.analysis.access_logs import AccessRow, access_row
from bot.analysis.facts import GatewayOutcome, Outcome, ResponseShape, TextRole
from bot.analysis.gateway_words import EDGE_CACHE, RESPONSE_TYPES, Reason, reason_in
from bot.analysis.log_lines import GATEWAY_ROLES, Line
from bot.analysis.reading import MAX_CITATION_CHARS, Text, verbatim
from bot.analysis.response_shape import BODY_MARK, response_shape
from bot.models.diagnosis import Citation

_COMPLETED = re.compile(r"Method completed with status: (\d{3})")
_LATENCY = re.compile(r"Integration latency: (\d+(?:\.\d+)?) ms")
_FUNCTION_ERROR = re.compile(r"due to customer function error: (.*?)(?:\.? Lambda request id: (\S+)|$)", re.DOTALL)
_REFUSED = re.compile(r"Lambda invocation failed with status: (\d{3})(?:\. Lambda request id: (\S+))?")
_RESPONSE_TYPE = re.compile(r"Gateway response type: (\w+) with status code: (\d{3})")
_CONFIGURATION = re.compile(r"Execution failed due to (?:configuration error: )?(.+)", re.DOTALL)
_EDGE_ERROR = re.compile(r"\b(" + "|".join(EDGE_CACHE) + r")\b")

MAX_KINDS: Final = 200
"""Different outcomes kept; details differ by digits only within one."""

_RANK: Final[tuple[Reason, ...]] = (
    "authorizer-permission", "kms", "throttled-lambda", "permission", "role-not-assumable", "function-state", "function-error",
    "malformed-response", "timeout", "mapping",
)  # fmt: skip
"""Where one request's lines say several things, the first of these is the cause and the rest its echo."""


@dataclass(slots=True)
class _Request:
    """What is known of one request while its lines are read."""

    status: int | None = None
    reason: Reason | None = None
    detail: str = ""
    latency_ms: float | None = None
    function_request_id: str | None = None
    group: str = ""
    raw: str | None = None
    fragment: str = ""
    role: TextRole = "gateway-log"
    body: Text | None = None
    at_ms: int | None = None

    def say(self, text: Text, reason: Reason, detail: str, fragment: str) -> None:
        """Take a failure into account; the telling one of several stays."""
        if self.reason is not None and not _outranks(reason, self.reason):
            return
        self.reason, self.detail = reason, detail[:MAX_CITATION_CHARS]
        self.group, self.raw, self.fragment, self.role = text.ref, text.raw, fragment, text.role
        self.at_ms = text.timestamp


def _outranks(new: Reason, old: Reason) -> bool:
    rank = {reason: place for place, reason in enumerate(_RANK)}
    return rank.get(new, len(_RANK)) < rank.get(old, len(_RANK))


@dataclass(frozen=True, slots=True)
class GatewayTable:
    """What the gateways' logs say, grouped."""

    outcomes: tuple[GatewayOutcome, ...]
    shapes: tuple[ResponseShape, ...]
    by_id: dict[str, Outcome]
    statuses: dict[TextRole, Counter[int]]
    """Failing statuses by log."""
    handler_statuses: Counter[int]
    """Failing statuses that were the function's own answer."""
    requests: int
    first_failure_ms: int | None


class GatewayReader:
    """Takes the lines of gateways' logs in order."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str | None], _Request] = {}
        self._kinds: dict[tuple[object, ...], tuple[_Request, int]] = {}
        self._shapes: dict[tuple[object, ...], ResponseShape] = {}
        self._by_id: dict[str, Outcome] = {}
        self._statuses: dict[TextRole, Counter[int]] = {}
        self._handler: Counter[int] = Counter()
        self._requests = 0
        self._first: int | None = None

    def see(self, line: Line) -> None:
        """Take one line into account; lines of functions are left alone."""
        text = line.text
        if text.role not in GATEWAY_ROLES:
            return
        if text.role == "access-log":
            self._see_row(text)
        else:
            self._see_execution(text)

    def _see_row(self, text: Text) -> None:
        self._requests += 1
        if text.outcome == "ok":
            return
        row = access_row(text.message)
        if row is None:
            return
        if row.status is not None and row.status >= 400:
            self._statuses.setdefault("access-log", Counter())[row.status] += 1
        if row.reason is None:
            if _answered_by_function(row):
                self._handler[row.status or 0] += 1
            return
        request = _Request(row.status, latency_ms=row.latency_ms, function_request_id=row.function_request_id)
        request.say(text, row.reason, row.detail, row.fragment)
        self._close(request)

    def _see_execution(self, text: Text) -> None:
        key = (text.ref, text.request_id)
        request = self._open.get(key)
        if request is None:
            request = self._open[key] = _Request(role=text.role)
        message = text.message
        if BODY_MARK in message:
            request.body = text
        _read_failure(request, text)
        if match := _LATENCY.search(message):
            request.latency_ms = float(match.group(1))
        if match := _COMPLETED.search(message):
            request.status = int(match.group(1))
            del self._open[key]
            self._finish(request, text.request_id)

    def _finish(self, request: _Request, request_id: str | None) -> None:
        self._requests += 1
        well = request.status is not None and request.status < 400 and request.reason is None
        if request_id:
            self._by_id[request_id] = "ok" if well else "error"
        if well:
            return
        if request.status is not None and request.status >= 400:
            self._statuses.setdefault("gateway-log", Counter())[request.status] += 1
        self._see_body(request)
        if request.reason is not None:
            self._close(request)
        elif request.status is not None and request.body is not None:
            self._handler[request.status] += 1

    def _see_body(self, request: _Request) -> None:
        if request.body is None:
            return
        shape = response_shape(request.body)
        if shape is None:
            return
        reason = reason_in(request.body.message)
        if shape.is_error_payload and reason in ("kms", "throttled-lambda", "function-state", "permission"):
            request.say(request.body, reason, request.body.message.partition(BODY_MARK)[2], request.body.message.partition(BODY_MARK)[2])
        key = (shape.unknown_keys, shape.wrong_types, shape.is_error_payload)
        known = self._shapes.get(key)
        if known is not None:
            self._shapes[key] = known.model_copy(update={"count": known.count + 1})
        elif len(self._shapes) < MAX_KINDS and (shape.unknown_keys or shape.wrong_types or shape.is_error_payload):
            self._shapes[key] = shape

    def _close(self, request: _Request) -> None:
        if request.at_ms is not None:
            self._first = request.at_ms if self._first is None else min(self._first, request.at_ms)
        key = (request.reason, request.status, re.sub(r"[0-9a-fA-F]{6,}|\d+", "#", request.detail)[:160], request.role)
        known = self._kinds.get(key)
        if known is not None:
            self._kinds[key] = (known[0], known[1] + 1)
        elif len(self._kinds) < MAX_KINDS:
            self._kinds[key] = (request, 1)

    def table(self) -> GatewayTable:
        """Return what was said, commonest first; requests without their last line count too."""
        for key, request in list(self._open.items()):
            if request.reason is not None or request.body is not None:
                self._finish(request, key[1])
        self._open.clear()
        ordered = sorted(self._kinds.values(), key=lambda pair: -pair[1])
        outcomes = tuple(_outcome(request, count) for request, count in ordered)
        return GatewayTable(outcomes, tuple(self._shapes.values()), self._by_id, self._statuses, self._handler, self._requests, self._first)


def _answered_by_function(row: AccessRow) -> bool:
    return row.status is not None and row.status >= 400 and (row.function_status == row.status or row.service_status == 200)


def _read_failure(request: _Request, text: Text) -> None:
    """Take the failure that one execution log line tells, if it tells one."""
    message = text.message
    if BODY_MARK in message:
        return
    if (match := _FUNCTION_ERROR.search(message)) is not None:
        request.function_request_id = match.group(2) or request.function_request_id
        request.say(text, "function-error", match.group(1), message[match.start() :])
    elif (match := _REFUSED.search(message)) is not None:
        request.function_request_id = match.group(2) or request.function_request_id
        request.say(text, _refusal(int(match.group(1))), match.group(), match.group())
    elif (match := _RESPONSE_TYPE.search(message)) is not None:
        reason = RESPONSE_TYPES.get(match.group(1))
        if reason and match.group(1) not in ("INTEGRATION_FAILURE", "API_CONFIGURATION_ERROR"):
            request.say(text, reason, match.group(), match.group())
    elif "Authorizer error" in message and request.reason == "permission":
        # The permission that is missing is the authorizer's, not the integration's.
        request.reason = "authorizer-permission"
    elif text.role == "edge-log":
        _read_edge(request, text)
    elif (match := _CONFIGURATION.search(message)) is not None:
        request.say(text, reason_in(match.group()) or "other", match.group(1), match.group())
    elif reason := reason_in(message):
        request.say(text, reason, message, message)


def _read_edge(request: _Request, text: Text) -> None:
    if (match := _EDGE_ERROR.search(text.message)) is not None:
        request.say(text, EDGE_CACHE[match.group(1)], text.message, text.message)
    elif "ERROR" in text.message[:120] and (reason := reason_in(text.message)):
        detail = text.message.partition("ERROR ")[2] or text.message
        request.say(text, reason, detail, detail)


def _refusal(status: int) -> Reason:
    """Statuses of Lambda's Invoke API, which tell why it did not run the function. Source: API_Invoke, Errors."""
    if status == 429:
        return "throttled-lambda"
    if status == 403:
        return "permission"
    return "service-error" if status in (500, 503) else "other"


def _outcome(request: _Request, count: int) -> GatewayOutcome:
    cite = Citation(section="logs", ref=request.group, text=verbatim(request.raw or "", request.fragment or None), count=count)
    return GatewayOutcome(
        cite=(cite,), count=count, status=request.status, reason=request.reason or "other", detail=request.detail,
        latency_ms=request.latency_ms, function_request_id=request.function_request_id, source=request.role,
    )  # fmt: skip
