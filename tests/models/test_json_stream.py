"""A document read piece by piece is what the standard library's parser makes of the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.models.json_stream import OddDocumentError, read_pieces

EVENT = {"timestamp": 1778728321000, "message": 'a "quoted" \\ \n line \u20ac \U0001f600', "stream": "s"}
WHOLE: list[Any] = [
    {"version": 1, "logs": [{"group": "g", "events": [EVENT, {**EVENT, "timestamp": -1.5e3}]}, {"events": [], "group": "h"}], "gaps": []},
    {"logs": [], "version": 12},
    {"logs": None, "target": {"logs": [{"events": [1]}]}},
    {"logs": [{"events": {"a": 1}}, {}, 12, "x", [1, [2]], None, True]},
    {"logs": {"events": [1, 2]}},
    {},
    [1, 2],
    "text",
    17,
]
BROKEN = [
    "", " ", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}', "{1:2}", '{"logs":[', '{"logs":[1', '{"logs":[1,]}',
    '{"logs":[1 2]}',
    '{"logs":[{"events":[1,', '{"logs":[{"events":[1}', '{"logs":[{"events":[{"message":"cut', '{"logs":[{"events":[]]}', '{"a":1}}',
    '{"a":1} x',
    '{"a":tru}', '{"a":"\\x"}', "[1", "{,}", '{"logs":[,1]}',
]  # fmt: skip


def hook(values: dict[str, Any]) -> Any:
    """Make something else of each object, so that a forgotten one is seen."""
    return ("object", tuple(values.items()))


def cut(text: str, size: int) -> Iterator[str]:
    """Cut a text into pieces."""
    return (text[at : at + size] for at in range(0, len(text), size))


def streamed(text: str, size: int) -> Any:
    """Read a text in pieces of a size."""
    return read_pieces(cut(text, size), json.JSONDecoder(object_hook=hook), hook, ("logs", "events"))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("document", WHOLE, ids=range(len(WHOLE)))
def test_every_cut_gives_the_same(document: Any, indent: int | None, size: int) -> None:
    text = f" {json.dumps(document, indent=indent)}\n"

    assert streamed(text, size) == json.loads(text, object_hook=hook)


def test_a_key_that_stands_twice_has_its_last_value() -> None:
    text = '{"a": 1, "logs": [1], "a": 2, "logs": [{"events": [1], "events": [2]}]}'

    assert streamed(text, 5) == json.loads(text, object_hook=hook)


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_json_is_left_to_the_other_parser(text: str, size: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - only that it is none is of interest
        json.loads(text)
    with pytest.raises(OddDocumentError):
        streamed(text, size)


def test_one_long_value_is_not_read_again_for_each_piece() -> None:
    """A megabyte in pieces of 64 letters would else be parsed 16,000 times."""
    text = json.dumps({"body": "x" * 1_000_000, "logs": []})
    tries: list[int] = []

    class Counting(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
            tries.append(idx)
            return super().raw_decode(s, idx)

    assert read_pieces(cut(text, 64), Counting(), dict, ("logs", "events")) == json.loads(text)
    assert len(tries) < 50
