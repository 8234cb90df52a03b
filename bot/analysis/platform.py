"""Lines that Lambda itself writes into a function's log, in the text and in the JSON format."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

PlatformKind = Literal["start", "end", "report", "init-start", "init-report", "timeout", "error", "runtime-done", "other"]

PLATFORM_EVENTS_SOURCE: Final = "https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html"

_FIELD = re.compile(
    r"(Billed Duration|Init Duration|Restore Duration|Duration|Memory Size|Max Memory Used|Phase|Status|Error Type|RequestId):\s*([^\s,]+)"
)
_PLAIN_REPORT = re.compile(
    r"^REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: \d+ ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB$"
)
"""The report of a warm run that ended well, which nearly all are; the general form costs several times as much."""
_TIMEOUT = re.compile(
    r"^(?:\S+\s+){0,2}Task timed out after (\d+(?:\.\d+)?) seconds"
    r"|^RequestId: \S+ Error: Task timed out after (\d+(?:\.\d+)?) seconds"
)
_ERROR = re.compile(r"^RequestId: (\S+) (?:Error: )?(\S.*)", re.DOTALL)
_BARE_ERROR = re.compile(
    r"^(?:Error: )?(?:Runtime exited |Runtime failed to start|fork/exec |Couldn't find valid bootstrap|exec: \""
    r"|Process exited before completing request"
    r"|Runtime\.(?:ExitError|InvalidEntrypoint|InvalidWorkingDir|OutOfMemory|Unknown)\b|Extension\.\w+\b|Function\.ResponseSizeTooLarge\b)"
)
_ERROR_TYPE = re.compile(r"\b((?:Runtime|Extension|Function|Sandbox)\.[A-Z]\w+)\b")
_TIMESTAMPED = re.compile(r"^\d{4}-\d\d-\d\dT\S+Z?\s+(\S+)\s+Task timed out")


@dataclass(slots=True)
class PlatformEvent:
    """What one platform line says; None where it does not say. Not frozen, for the time that it takes to make 75,000."""

    kind: PlatformKind
    request_id: str | None = None
    duration_ms: float | None = None
    init_duration_ms: float | None = None
    memory_size_mb: int | None = None
    max_memory_used_mb: int | None = None
    status: str | None = None
    error_type: str | None = None
    phase: str | None = None
    timeout_s: float | None = None
    detail: str = ""

    @property
    def is_failure(self) -> bool:
        """Tell whether the line speaks of something that went wrong."""
        return self.kind in ("timeout", "error") or self.status not in (None, "success")


def parse_platform(message: str) -> PlatformEvent | None:
    """Return what a platform line says, or None for a line of the application.

    A timeout has two forms: `Task timed out after` and, since 2025, only `Status: timeout` on the REPORT line.
    """
    first = message[:1]
    if first == "{":
        return _parse_json(message) if '"platform.' in message else None
    if first == "S" and message.startswith("START RequestId:"):
        return PlatformEvent("start", request_id=_word(message, 16))
    if first == "E" and message.startswith("END RequestId:"):
        return PlatformEvent("end", request_id=_word(message, 14))
    if first == "R" and message.startswith("REPORT RequestId:"):
        if plain := _PLAIN_REPORT.match(message):
            request_id, duration, size, used = plain.groups()
            return PlatformEvent("report", request_id, float(duration), None, int(size), int(used))
        return _fields("report", message)
    if first == "I" and message.startswith("INIT_"):
        return PlatformEvent("init-start") if message.startswith("INIT_START") else _fields("init-report", message)
    if "Task timed out after " in message and (match := _TIMEOUT.match(message)):
        return _timeout(message, match)
    return _parse_error(message)


def _word(message: str, start: int) -> str | None:
    words = message[start : start + 80].split(maxsplit=1)
    return words[0] if words else None


def _timeout(message: str, match: re.Match[str]) -> PlatformEvent:
    seconds = float(match.group(1) or match.group(2))
    stamped = _TIMESTAMPED.match(message)
    request_id = stamped.group(1) if stamped else _word(message, 11) if message.startswith("RequestId: ") else None
    return PlatformEvent(
        "timeout",
        request_id=request_id,
        timeout_s=seconds,
        error_type="Sandbox.Timedout",
        detail=message[message.index("Task timed out") : match.end()],
    )


def _parse_error(message: str) -> PlatformEvent | None:
    if message.startswith("RequestId: ") and (match := _ERROR.match(message)):
        detail = match.group(2)
        request_id: str | None = match.group(1)
    elif message[:1] in "ERPFcef" and _BARE_ERROR.match(message):
        detail, request_id = message, None
    else:
        return None
    kind = _ERROR_TYPE.search(detail)
    return PlatformEvent("error", request_id=request_id, error_type=kind.group(1) if kind else None, detail=detail[:400])


def _fields(kind: PlatformKind, message: str) -> PlatformEvent:
    found: dict[str, str] = {}
    for match in _FIELD.finditer(message):
        found.setdefault(match.group(1), match.group(2))
    return PlatformEvent(
        kind,
        request_id=found.get("RequestId"),
        duration_ms=_number(found.get("Duration")),
        init_duration_ms=_number(found.get("Init Duration")) or _number(found.get("Restore Duration")),
        memory_size_mb=_whole(found.get("Memory Size")),
        max_memory_used_mb=_whole(found.get("Max Memory Used")),
        status=found.get("Status"),
        error_type=found.get("Error Type"),
        phase=found.get("Phase"),
    )


_JSON_KINDS: Final[dict[str, PlatformKind]] = {
    "platform.start": "start", "platform.report": "report", "platform.initStart": "init-start", "platform.initReport": "init-report",
    "platform.runtimeDone": "runtime-done", "platform.initRuntimeDone": "init-report", "platform.end": "end",
    "platform.restoreReport": "init-report", "platform.restoreRuntimeDone": "init-report", "platform.fault": "error",
}  # fmt: skip
"""Source: PLATFORM_EVENTS_SOURCE. Others (extension, telemetrySubscription, logsDropped, restoreStart) tell of no invocation's end."""


def _parse_json(message: str) -> PlatformEvent | None:
    try:
        document = json.loads(message)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    name, record = document.get("type"), document.get("record")
    if not isinstance(name, str) or not name.startswith("platform."):
        return None
    kind = _JSON_KINDS.get(name, "other")
    if isinstance(record, str):
        parsed = _parse_error(record.strip()) if kind == "error" else None
        return parsed or PlatformEvent("other", detail=record[:400])
    return _from_record(kind, name, record if isinstance(record, dict) else {})


def _from_record(kind: PlatformKind, name: str, record: dict[str, Any]) -> PlatformEvent:
    said = record.get("metrics")
    metrics: dict[str, Any] = said if isinstance(said, dict) else {}
    event = PlatformEvent(
        kind,
        request_id=_text(record.get("requestId")),
        duration_ms=_number(metrics.get("durationMs")),
        init_duration_ms=_number(metrics.get("initDurationMs")),
        memory_size_mb=_whole(metrics.get("memorySizeMB")),
        max_memory_used_mb=_whole(metrics.get("maxMemoryUsedMB")),
        status=_text(record.get("status")),
        error_type=_text(record.get("errorType")),
        phase=_text(record.get("phase")),
    )
    if kind != "init-report":
        return event
    # initRuntimeDone and initReport tell of the same init; only the report counts as one.
    done = name.endswith("RuntimeDone")
    return replace(event, kind="other" if done else "init-report", init_duration_ms=event.duration_ms, duration_ms=None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else round(number)
