"""One piece of text that somebody wrote or AWS said, made comparable.

`message` is what patterns are matched on: JSON escapes undone, colour codes and odd white space gone. `raw` stays as it
stands in the incident file, since a citation must be found there word for word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from bot.analysis.facts import Outcome, TextRole
from bot.models.diagnosis import Citation

Level = Literal["debug", "info", "warn", "error"]
"""`error` holds what runtimes call error, fatal, critical, severe or fail; `debug` holds trace."""

MAX_CITATION_CHARS: Final = 300
MIN_FRAGMENT_CHARS: Final = 6

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})')
_PLAIN: Final = {'"': '"', "\\": "\\", "/": "/", "b": " ", "f": " ", "n": "\n", "r": "\n", "t": "\t"}
_PIECES = re.compile(r'[\n\r\t\\"\u00a0\x00\x1b]+')

_LEVELS: Final[dict[str, Level]] = {
    "trace": "debug", "trce": "debug", "debug": "debug", "dbug": "debug", "fine": "debug",
    "info": "info", "information": "info", "notice": "info",
    "warn": "warn", "warning": "warn",
    "error": "error", "fatal": "error", "critical": "error", "severe": "error", "fail": "error", "crit": "error", "panic": "error",
    "emergency": "error", "alert": "error",
    "10": "debug", "20": "debug", "30": "info", "40": "warn", "50": "error", "60": "error",
}  # fmt: skip
"""Numbers are those of bunyan and pino. Source: github.com/pinojs/pino, docs/api.md, level."""

_LEVEL_WORD = re.compile(r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|FATAL|CRITICAL|SEVERE)\b|\t(?:fail|crit|warn|info|dbug|trce)\t")
_LEVEL_KEY = re.compile(r'"(?:level|log_level|levelname|logLevel|severity|log\.level|lvl)"\s*:\s*"?([A-Za-z]+|\d\d)\b', re.IGNORECASE)
_LEVEL_PAIR = re.compile(r"\blevel=\"?([A-Za-z]+)")
_LEVEL_PREFIX_CHARS: Final = 110
"""A level stands near the start of a line: after a time, a request id and a thread name at most."""

_UUID: Final = r"[0-9a-zA-Z]{8}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{4}-[0-9a-zA-Z]{12}"
_ID_AT_START = re.compile(rf"^(?:\[?[A-Za-z]{{4,8}}\]?\s+)?(?:\[?[\dTZ:.,/+ -]{{8,35}}\]?\s*)?[<\[(]?({_UUID})[>\])]?(?=\s|$)")
_ID_KEY = re.compile(
    r'"(?:requestId|AWSRequestId|awsRequestId|aws_request_id|function_request_id|lambda_request_id|lambdaRequestId|@requestId|request_id)"\s*:\s*"'
    rf"({_UUID})\""
)


@dataclass(slots=True)
class Text:
    """A text with its place.

    Slotted and no model, since a file may hold 100,000; nobody changes one, but frozen it takes three times as long to make.
    """

    role: TextRole
    section: str
    ref: str
    message: str
    raw: str
    timestamp: int | None = None
    request_id: str | None = None
    """The invocation (function and edge logs) or the gateway's request (gateway and access logs) that it belongs to."""
    level: Level | None = None
    index: int = 0
    outcome: Outcome = "unknown"
    """How that invocation or request ended; `ok` means that whatever the text says, nobody was hurt."""
    in_init: bool = False
    """It was written before the first invocation of its environment began."""

    def cite(self, fragment: str | None = None, count: int = 1) -> Citation:
        """Return a citation whose text stands word for word in the file."""
        return Citation(section=self.section, ref=self.ref, text=verbatim(self.raw, fragment), count=count)


def verbatim(raw: str, fragment: str | None = None) -> str:
    """Return the part of a raw text that a fragment of its normalised form came from.

    Escapes and white space may differ between the two, so the longest piece of the fragment that both share is taken,
    and the start of the text where they share none.
    """
    if fragment:
        fragment = fragment.strip()[:MAX_CITATION_CHARS]
        if fragment and fragment in raw:
            return fragment
        shared = [piece for piece in map(str.strip, _PIECES.split(fragment)) if len(piece) >= MIN_FRAGMENT_CHARS and piece in raw]
        if shared:
            return max(shared, key=len)
    return raw.strip()[:MAX_CITATION_CHARS].rstrip() or raw[:MAX_CITATION_CHARS]


def normalise(raw: str) -> str:
    """Undo what log agents and runtimes do to a text: escapes, colours, NUL, NBSP indents and carriage returns."""
    text = raw
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\x00" in text:
        text = text.replace("\x00", "")
    if "\\" in text and _looks_escaped(text):
        text = _unescape(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii() and "\u00a0" in text:
        text = text.replace("\u00a0", " ")
    return text.strip()


def _looks_escaped(text: str) -> bool:
    """Only JSON is unescaped; a Windows path in a plain line would lose its backslashes."""
    return '\\"' in text or "{" in text or text.lstrip()[:1] in ('"', "[")


def _unescape(text: str) -> str:
    """Undo two levels at most: a JSON document in a JSON string."""
    once = _ESCAPE.sub(_plain, text)
    return _ESCAPE.sub(_plain, once) if '\\"' in once or "\\n" in once else once


def _plain(match: re.Match[str]) -> str:
    code = match.group(1)
    return _PLAIN[code] if len(code) == 1 else chr(int(code[1:], 16))


def level_of(message: str) -> Level | None:
    """Return the level that a line says it has, or None where it says none."""
    if message[:1] == "{":
        match = _LEVEL_KEY.search(message)
        return _LEVELS.get(match.group(1).lower()) if match else None
    head = message[:_LEVEL_PREFIX_CHARS]
    match = _LEVEL_WORD.search(head)
    if match is None:
        if "level=" in head and (pair := _LEVEL_PAIR.search(head)):
            return _LEVELS.get(pair.group(1).lower())
        return _level_of_shape(message, head)
    level = _LEVELS[match.group().strip().lower()]
    # `console.log("[ERROR] ...")` is INFO to the runtime; what the code says of its own line weighs more.
    second = _LEVEL_WORD.match(head, match.end() + 2) if head[match.end() : match.end() + 2].strip() == "[" else None
    return _LEVELS[second.group().strip().lower()] if second else level


def _level_of_shape(message: str, head: str) -> Level | None:
    """Lines without a level word that only an error writes."""
    if "Traceback (most recent call last)" in message or " panicked at " in head or head.startswith("Task timed out"):
        return "error"
    if " Task timed out after " in head or (head.startswith("RequestId: ") and (" Error: " in head or " Process exited" in head)):
        return "error"
    if "REPORT" in head[:11] and ("Status: error" in message or "Status: timeout" in message or "Status: failure" in message):
        return "error"
    return None


def request_id_of(message: str) -> str | None:
    """Return the invocation that a function's own line names, or None."""
    if "-" not in message:
        return None
    match = _ID_KEY.search(message) if message[:1] == "{" else _ID_AT_START.match(message)
    return match.group(1) if match else None


def gateway_request_id_of(message: str) -> str | None:
    """Return the request that an execution log line begins with, `(<id>) ...`."""
    if message[:1] != "(":
        return None
    end = message.find(") ", 1, 120)
    return message[1:end] if end > 1 else None
