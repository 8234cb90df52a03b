"""The shapes in which runtimes and applications write an error, one line at a time.

Runtime shapes are those of the runtime interface clients (github.com/aws/aws-lambda-python-runtime-interface-client, -nodejs-, -ruby-,
aws-lambda-java-libs, aws-lambda-dotnet, aws-lambda-go; github.com/awslabs/aws-lambda-rust-runtime); older ones from public incident logs.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.analysis.reading import level_of

By = Literal["runtime", "application"]


@dataclass(frozen=True, slots=True)
class FaultShape:
    """An error as one line tells it. `uncaught`: in the shape that only a runtime writes when the code did not handle it."""

    error_type: str | None
    message: str
    by: By = "runtime"
    uncaught: bool = True


MAX_MESSAGE_CHARS: Final = 500
MAX_READ_CHARS: Final = 16_000
"""An error's type and words stand in the first lines; a stack of any length follows."""

INIT_TYPES: Final = frozenset({
    "Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Runtime.UserCodeSyntaxError", "Runtime.MalformedHandlerName",
    "Runtime.BuiltInModuleConflict", "Runtime.InvalidEntrypoint", "Runtime.InvalidWorkingDir",
    "Extension.LaunchError", "Extension.InitError",
})  # fmt: skip
"""Types that only arise before the handler runs."""

_HINTS: Final = (
    "rror", "ERROR]", "Runtime.", "xception", "anic", "Traceback", "Init<", "Function<", "Unable to import", "fail\t", "FATAL",
    "Critical", "not found", "No public",
)  # fmt: skip
_SUFFIX: Final = "Error|Exception|Exit|Interrupt|Timeout|Fault|NotFound|Conflict|Timedout|TooLarge|Exceeded|NotRegistered"
_TYPE: Final = rf"(?:[A-Za-z_&][\w.$<>]*(?:{_SUFFIX})\w*|Error|Exception)"
_HEAD = re.compile(
    r"^(?:\S*\d{4}-\d\d-\d\d[T ]\S+\s+)?(?:[0-9a-zA-Z]{8}(?:-[0-9a-zA-Z]{4}){3}-[0-9a-zA-Z]{12}\s+|undefined\s+)?(?:\[?[A-Z]{4,8}\]?:?\s+)"
)
"""Time, request id and level, in the order in which the runtimes write them."""
_PYTHON = re.compile(rf"^\[ERROR\] ({_TYPE}|Runtime\.\w+)(?:: ?(.*))?$", re.MULTILINE)
_PYTHON_ANY = re.compile(r"^\[ERROR\] ([A-Za-z_][\w.]*)(?:: ([^\n]*))?\n+\s*Traceback \(most recent call last\)")
_PYTHON_OLD = re.compile(rf"^(.*): ({_TYPE})\nTraceback \(most recent call last\)")
_PYTHON_OLD_INIT = re.compile(
    r"^(?:module initialization error: |(?=Unable to import module ')|(?=Handler '[^']*' missing on module ))(.*)"
)
_TRACEBACK_END = re.compile(rf"^({_TYPE})(?:: (.*))?$", re.MULTILINE)
_NODE = re.compile(r"(?:^|\s)(Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\s*(?=\{|$)")
_GO_PREFIX = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?=\{)")
_JAVA = re.compile(r"^(.*?): ((?:[a-z]\w*\.)+[\w$]+)(?:\n\2\b|\n\s*at |$)", re.DOTALL)
_JAVA_LOAD = re.compile(r"^(?:Class not found: |Error loading (?:class|method) |No public method named |Error instantiating )")
_JAVA_STACK = re.compile(
    r"^(?:Exception in thread \"[^\"]*\" )?((?:[a-z]\w*\.)+[A-Z][\w$]*(?:Error|Exception))(?:: ([^\n]*))?(?:\n\s+at |$)"
)
_DOTNET = re.compile(r"\tfail\t(?:\s*)((?:\w+\.)*\w*(?:Exception|Error))(?:: ([^\n]*))?")
_RUBY = re.compile(r"^(?:Error raised from handler method|Init error when loading handler|Critical exception from handler)")
_RUST = re.compile(r"^(?:Lambda panicked: |thread '[^']*' panicked at )(.*)", re.DOTALL)
_GO_PANIC = re.compile(r"^panic: ([^\n]*)|calling the handler function resulted in a panic")
_HEAP = re.compile(r"FATAL ERROR: ([^\n]*heap out of memory)")
_BARE_RUNTIME = re.compile(r"^((?:Runtime|Function|Sandbox)\.[A-Z]\w+|ImportModuleError)(?:: ([^\n]*))?$", re.MULTILINE)
_BARE = re.compile(rf"^(?:\{{ )?({_TYPE})(?:: ([^\n]*))?(?:\n|$)")
_INNER_TYPE = re.compile(rf"(?<![\w./])({_TYPE})(?:: |\()")
_PAYLOAD_TYPE = re.compile(r'"errorType"\s*:\s*"([^"\n]*)"')
_PAYLOAD_MESSAGE = re.compile(r'"errorMessage"\s*:\s*"((?:[^"\\]|\\.)*)"?', re.DOTALL)
_LOOSE_PAYLOAD_MESSAGE = re.compile(r'"errorMessage"\s*:\s*"(.*?)"\s*(?:[,}]|$)', re.DOTALL)


_DECODER: Final = json.JSONDecoder()


def fault_shape(message: str) -> FaultShape | None:
    """Return the error that a line tells, or None for a line that tells none.

    Args:
        message: The normalised message.
    """
    if not any(map(message.__contains__, _HINTS)):
        return None
    message = message[:MAX_READ_CHARS]
    head = message.lstrip('"')[:1]
    if head == "{" or '"error' in message:
        shape = _json_shape(message)
        if shape is not None:
            return shape
    return _text_shape(message)


def _made(error_type: str | None, message: str | None, by: By = "runtime", uncaught: bool = True) -> FaultShape:
    return FaultShape(error_type or None, (message or "").strip()[:MAX_MESSAGE_CHARS], by, uncaught)


def _text_shape(message: str) -> FaultShape | None:
    if message.startswith("[ERROR] "):
        match = _PYTHON_ANY.match(message) or _PYTHON.match(message)
        if match:
            return _made(match.group(1), match.group(2))
    if (match := _NODE.search(message[:160])) is not None:
        return _made(None, message[match.end() :] or match.group(1))
    return _old_python(message) or _jvm_or_net(message) or _native(message) or _by_application(message)


def _old_python(message: str) -> FaultShape | None:
    """Python 2.7 to 3.6 wrote `message: Type` before the traceback, and import errors with no type at all."""
    if match := _PYTHON_OLD.match(message):
        return _made(match.group(2), match.group(1))
    if match := _PYTHON_OLD_INIT.match(message):
        missing = message.startswith("Handler '")
        return _made("Runtime.HandlerNotFound" if missing else "Runtime.ImportModuleError", match.group(1))
    return None


def _jvm_or_net(message: str) -> FaultShape | None:
    if _JAVA_LOAD.match(message):
        kind = _JAVA.match(message)
        return _made(kind.group(2) if kind else "java.lang.ClassNotFoundException", message.partition("\n")[0])
    if (match := _JAVA.match(message)) and match.group(2).endswith(("Exception", "Error")) and "\n" in message:
        return _made(match.group(2), match.group(1).partition("\n")[0])
    if match := _JAVA_STACK.match(message):
        fatal = message.startswith("Exception in thread") or match.group(1) == "java.lang.OutOfMemoryError"
        return _made(match.group(1), match.group(2), "runtime" if fatal else "application", fatal)
    if match := _DOTNET.search(message[:400]):
        return _made(match.group(1), match.group(2))
    return None


def _native(message: str) -> FaultShape | None:
    """Ruby, Rust, Go, V8's heap, and a bare type of Lambda's own."""
    if _RUBY.match(message):
        return _made(None, message.partition("\n")[0])
    if match := _RUST.match(message):
        return _made("panic", match.group(1))
    if match := _GO_PANIC.search(message[:300]):
        return _made("panic", match.group(1) or message)
    if match := _HEAP.search(message):
        return _made("Runtime.OutOfMemory", match.group(1))
    if match := _BARE_RUNTIME.match(message):
        name = match.group(1)
        return _made(name if "." in name else f"Runtime.{name}", match.group(2))
    return None


def _by_application(message: str) -> FaultShape | None:
    """A line that the code wrote itself, at error level or in an error's words."""
    if "Traceback (most recent call last)" in message:
        ends = _TRACEBACK_END.findall(message)
        if ends:
            return _made(ends[-1][0], ends[-1][1], "application", False)
    if match := _BARE.match(message):
        return _made(match.group(1), match.group(2), "application", False)
    if level_of(message) != "error":
        return None
    own = _HEAD.sub("", message)
    inner = _INNER_TYPE.search(own[:400])
    said = own[inner.end() :] if inner else own
    return _made(inner.group(1) if inner else None, said.partition("\n")[0], "application", False)


def _json_shape(message: str) -> FaultShape | None:
    """A runtime's payload, alone or behind a prefix, or a structured log line that holds one."""
    start = message.find("{")
    body = message[start:] if start >= 0 else message
    prefix = message[:start] if start > 0 else ""
    document = _load(body)
    if document is None:
        return _broken_json(body, prefix)
    inner = document.get("message")
    if isinstance(inner, dict) and ("errorType" in inner or "errorMessage" in inner):
        return _payload(inner, "runtime", uncaught=True)
    cause = document.get("cause")
    if isinstance(cause, dict) and "errorType" in cause:
        return _payload(cause, "runtime", uncaught=True)
    if "errorMessage" in document or "errorType" in document:
        logged = (
            "level" in document or "severity" in document or "msg" in document or "message" in document
        ) and "stackTrace" not in document
        return _payload(document, "application" if logged else "runtime", uncaught=not logged)
    return _structured(document)


def _payload(document: dict[str, Any], by: By, *, uncaught: bool) -> FaultShape:
    return _made(_string(document.get("errorType")), _string(document.get("errorMessage")), by, uncaught)


def _structured(document: dict[str, Any]) -> FaultShape | None:
    """A structured log line at error level: Powertools, pino, winston, Serilog and their kin."""
    level = next((document[key] for key in ("level", "log_level", "severity", "levelname", "lvl") if key in document), None)
    words = str(level).lower()
    if words not in ("error", "fatal", "critical", "severe", "50", "60", "fail"):
        return None
    err = document.get("err") or document.get("error") or document.get("exception")
    kind = _string(document.get("exception_name")) or (_string(err.get("type") or err.get("name")) if isinstance(err, dict) else None)
    told = [_string(document.get(key)) for key in ("message", "msg")] + [
        _string(err.get("message")) if isinstance(err, dict) else _string(err)
    ]
    return _made(kind, ": ".join(part for part in told if part), "application", False)


def _broken_json(body: str, prefix: str) -> FaultShape | None:
    """A payload that was cut off, unescaped or pretty-printed over several events."""
    kind = _PAYLOAD_TYPE.search(body)
    said = _LOOSE_PAYLOAD_MESSAGE.search(body) or _PAYLOAD_MESSAGE.search(body)
    if kind is None and said is None:
        return None
    own = '"level"' in body or '"severity"' in body
    logged = (own and "stack" not in body) or (bool(prefix.strip()) and not _is_runtime_prefix(prefix))
    return _made(
        kind.group(1) if kind else None, said.group(1) if said else None, "application" if logged else "runtime", uncaught=not logged
    )


def _is_runtime_prefix(prefix: str) -> bool:
    return bool(_NODE.search(prefix + "{") or _GO_PREFIX.match(prefix + "{") or prefix.strip() in ('"', "")) or "handler" in prefix[:60]


def _load(body: str) -> dict[str, Any] | None:
    try:
        document, _ = _DECODER.raw_decode(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _string(value: object) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else str(value)
