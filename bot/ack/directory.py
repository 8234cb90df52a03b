"""The names of the account's functions, for the type-ahead: read from one item of the table and kept for a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from bot import question
from bot.ack.endpoint import JsonEndpoint
from bot.errors import CommandError, EndpointError

logger = logging.getLogger(__name__)

KEY: Final = "directory#functions"
"""The investigating worker keeps this item: `names`, a list or set of texts."""

MAX_AGE_S: Final = 60.0

MAX_OPTIONS: Final = 100
MAX_LABEL_CHARS: Final = 75
MAX_VALUE_CHARS: Final = 150
"""Source: https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""


class Directory:
    """Function names from the state table.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
    """

    def __init__(self, endpoint: JsonEndpoint, table_name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._table_name = table_name
        self._clock = clock
        self._names: tuple[str, ...] = ()
        self._read_at: float | None = None

    def names(self) -> tuple[str, ...]:
        """Return the names; those of the last reading, or none, when the table does not answer. Never raises for AWS's faults."""
        if self._read_at is not None and self._clock() - self._read_at < MAX_AGE_S:
            return self._names
        # Noted before the call: a table that is gone is not asked at every letter that somebody types.
        self._read_at = self._clock()
        try:
            # `names` is a reserved word of DynamoDB's expressions.
            answer = self._endpoint.call(
                "GetItem",
                {
                    "TableName": self._table_name,
                    "Key": {"pk": {"S": KEY}},
                    "ProjectionExpression": "#n",
                    "ExpressionAttributeNames": {"#n": "names"},
                },
            )
        except EndpointError:
            logger.warning("function names could not be read", exc_info=True)
            return self._names
        self._names = _texts(answer)
        return self._names


def options_for(typed: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the options for what was typed so far, as Slack wants them.

    A function's name that is not in the list is offered as typed: the list may be old, of another region, or could not be read.
    """
    found = matches(typed, names)
    exact = typed.strip()
    if exact and exact not in found and _is_name(exact):
        found = [*found[: MAX_OPTIONS - 1], exact]
    return [_option(name) for name in found]


def matches(typed: str, names: Sequence[str], limit: int = MAX_OPTIONS) -> list[str]:
    """Return the names that fit, best first: those that begin with it, then those that hold it, then those with its letters in order."""
    wanted = typed.strip().lower()
    ranked = [(rank, len(name), name) for name in names if (rank := _rank(wanted, name.lower())) is not None]
    # Where nothing is typed yet all rank alike, and the alphabet is what a reader can follow.
    ranked.sort(key=(lambda one: one[2].lower()) if not wanted else None)
    return [name for _, _, name in ranked[:limit] if len(name) <= MAX_VALUE_CHARS]


def _rank(wanted: str, name: str) -> int | None:
    if name.startswith(wanted):
        return 0
    if wanted in name:
        return 1
    letters = iter(name)
    return 2 if all(letter in letters for letter in wanted if letter not in " -_") else None


def _is_name(text: str) -> bool:
    try:
        question.parse(text)
    except CommandError:
        return False
    return len(text) <= MAX_VALUE_CHARS and len(text.split()) == 1


def _option(name: str) -> dict[str, Any]:
    half = (MAX_LABEL_CHARS - 1) // 2
    label = name if len(name) <= MAX_LABEL_CHARS else f"{name[:half]}…{name[-half:]}"
    return {"text": {"type": "plain_text", "text": label, "emoji": False}, "value": name}


def _texts(answer: dict[str, Any]) -> tuple[str, ...]:
    item = answer.get("Item")
    held = item.get("names") if isinstance(item, dict) else None
    if not isinstance(held, dict):
        return ()
    listed = held.get("L")
    found = [one.get("S") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else held.get("SS")
    return tuple(name for name in found if isinstance(name, str) and name) if isinstance(found, list) else ()
