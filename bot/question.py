"""What a person types after `why`, `mute` and the like, read the same by the public endpoint and by the workers. Standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.errors import CommandError

DEFAULT_SINCE_MINUTES: Final = 30.0

MAX_SINCE_MINUTES: Final = 14 * 24 * 60.0
"""Two weeks: further back, CloudWatch keeps one-minute metrics no longer than 15 days.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention"""

DEFAULT_MUTE_MINUTES: Final = 60.0

MAX_MUTE_MINUTES: Final = 7 * 24 * 60.0
"""A week: whoever wants a function quiet for longer should change its alarm."""

_FUNCTION: Final = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?"
    r"(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]{1,140})"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]{1,128}))?"
)
"""Name, partial ARN or ARN, each with or without a version or alias.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html, FunctionName"""

_SINCE: Final = re.compile(r"(?P<number>\d{1,6}(?:\.\d{1,3})?)(?P<unit>s|m|min|h|d)")
_MINUTES: Final = {"s": 1 / 60, "m": 1.0, "min": 1.0, "h": 60.0, "d": 1440.0}
_STATUS: Final = re.compile(r"[1-5]\d\d")
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_QUOTES: Final = "`'\"“”‘’<>"


@dataclass(frozen=True)
class Question:
    """Why does this function fail?"""

    function_name: str
    qualifier: str | None = None
    region: str | None = None
    account_id: str | None = None
    status: int | None = None
    since_minutes: float = DEFAULT_SINCE_MINUTES


@dataclass(frozen=True)
class Mute:
    """Keep a function's incidents quiet for so long."""

    function_name: str
    minutes: float = DEFAULT_MUTE_MINUTES


def parse_name(text: str) -> str:
    """Read the name of one function, by itself, with an alias or in an ARN; nothing may follow.

    Raises:
        CommandError: None is named, it is no name, or something follows.
    """
    words = _words(text)
    if len(words) > 1:
        raise CommandError(f"{' '.join(words[1:])[:60]!r} is not understood; nothing follows the function")
    return _named(words)["name"]


def parse_mute(text: str) -> Mute:
    """Read a function and how long it is to be quiet: `my-fn 1h`, an hour by default.

    Raises:
        CommandError: The function or the time is not understood.
    """
    words = _words(text)
    name = _named(words)["name"]
    if len(words) > 2:
        raise CommandError(f"{' '.join(words[2:])[:60]!r} is not understood; after the function comes only a time such as 1h")
    if len(words) == 1:
        return Mute(name)
    minutes = _duration(words[1].lower())
    if not 1 <= minutes <= MAX_MUTE_MINUTES:
        raise CommandError(f"time: expected 30m, 1h, 2d or the like, from a minute to a week; found {words[1][:40]!r}")
    return Mute(name, minutes)


def parse(text: str) -> Question:
    """Read a question: a function, then in any order a status, a time to look back, and a region.

    Raises:
        CommandError: Something in it is not understood; it is named together with what would be.
    """
    words = _words(text)
    match = _named(words)
    found = _options(words[1:])
    return Question(
        function_name=match["name"],
        qualifier=match["qualifier"],
        region=found.region or match["region"],
        account_id=match["account"],
        status=found.status,
        since_minutes=found.since_minutes,
    )


@dataclass
class _Options:
    region: str | None = None
    status: int | None = None
    since_minutes: float = DEFAULT_SINCE_MINUTES


def _options(words: list[str]) -> _Options:
    found = _Options()
    rest = iter(words)
    for word in rest:
        name, has_value, value = word.partition("=")
        if name in {"--since", "--region"}:
            value = value if has_value else next(rest, "")
            if name == "--since":
                found.since_minutes = _minutes(value)
            elif not _REGION.fullmatch(value):
                raise CommandError(f"--region: expected a region such as eu-west-1, found {value[:40]!r}")
            else:
                found.region = value
        elif _STATUS.fullmatch(word):
            found.status = int(word)
        elif _SINCE.fullmatch(word):
            found.since_minutes = _minutes(word)
        else:
            raise CommandError(
                f"{word[:60]!r} is not understood; after the function come a status (502), a time (30m, 2h), --since or --region"
            )
    return found


def _words(text: str) -> list[str]:
    return [word for word in (_plain(word) for word in text.split()) if word]


def _named(words: list[str]) -> re.Match[str]:
    """Return the function that the first word is."""
    if not words:
        raise CommandError("function: none is named")
    match = _FUNCTION.fullmatch(words[0])
    if match is None:
        raise CommandError(f"function: {words[0][:120]!r} is no function name, name:alias or function ARN")
    return match


def _duration(text: str) -> float:
    """Return a time in minutes, 0 when it is none."""
    match = _SINCE.fullmatch(text)
    return float(match["number"]) * _MINUTES[match["unit"]] if match else 0.0


def _minutes(text: str) -> float:
    minutes = _duration(text)
    if not 0 < minutes <= MAX_SINCE_MINUTES:
        raise CommandError(f"--since: expected a time such as 30m, 2h or 1d, two weeks at most; found {text[:40]!r}")
    return minutes


def _plain(word: str) -> str:
    """Return a word without quotes, and with the dashes that a phone's keyboard makes of `--`."""
    stripped = word.strip(_QUOTES)
    return re.sub(r"^[—–]-?(?=[a-z])", "--", stripped)
