"""JSON read without a second copy of its log events.

A file of 100,000 log lines is read where memory is counted. Parsed into dicts first and validated after, it took more
than six times its size (98 MB for 15.6 MB); each event becomes its final object as soon as its closing brace is read.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from bot.models.json_stream import OddDocumentError, read_pieces

CHUNK_BYTES: Final = 1 << 16

MakeEvent = Callable[[int, str, str | None], Any]


def read_json(content: bytes | str, make_event: MakeEvent, keep_in: str) -> Any:
    """Parse a document; below the top-level key `keep_in`, log events are what `make_event` made of them.

    Raises:
        ValueError: It is no JSON, or no Unicode text.
        RecursionError: It is nested too deeply.
    """
    text = content if isinstance(content, str) else as_text([content])
    return _plain_but(keep_in, json.loads(text, object_hook=_hook(make_event), parse_constant=_refuse))


def read_json_file(path: Path, make_event: MakeEvent, keep_in: str, events_key: str) -> Any:
    """Parse a file's document as `read_json` does; of the events' text, no more than a piece is in memory at a time.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no JSON, or no Unicode text.
        RecursionError: It is nested too deeply.
    """
    if path.is_file():  # what can be read only once, such as a pipe, is read in the way that always ends
        hook = _hook(make_event)
        decoder = json.JSONDecoder(object_hook=hook, parse_constant=_refuse)
        with suppress(OddDocumentError, ValueError, RecursionError):
            return _plain_but(keep_in, read_pieces(_texts(chunks_of(path)), decoder, hook, (keep_in, events_key)))
    return read_json(as_text(chunks_of(path)), make_event, keep_in)


def _plain_but(keep_in: str, parsed: Any) -> Any:
    if not isinstance(parsed, dict):
        return parsed
    return {key: value if key == keep_in else _plain(value) for key, value in parsed.items()}


def as_text(chunks: Iterable[bytes]) -> str:
    """Return a document as text; one emoji as it is would make a Python string take four bytes for every letter.

    Raises:
        UnicodeDecodeError: It is not UTF-8.
    """
    return "".join(_texts(chunks))


def _texts(chunks: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for chunk in chunks:
        yield _escaped(decoder.decode(chunk))
    yield decoder.decode(b"", final=True)


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield a file's content piece by piece, so that it is never in memory beside its text."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _escaped(chunk: str) -> str:
    """Write what is not ASCII as JSON escapes, which is the same document: outside of strings JSON is ASCII."""
    if chunk.isascii():
        return chunk
    return "".join(letter if letter < "\x80" else json.dumps(letter)[1:-1] for letter in chunk)


def _hook(make_event: MakeEvent) -> Callable[[dict[str, Any]], Any]:
    streams: dict[str, str] = {}

    def hook(values: dict[str, Any]) -> Any:
        stamp, message, stream = values.get("timestamp"), values.get("message"), values.get("stream")
        has_stream = type(stream) is str
        if type(stamp) is not int or type(message) is not str or len(values) != 2 + has_stream:
            return values
        _check(message)
        # Thousands of events name the same stream; the parser makes a new string for each.
        return make_event(stamp, message, streams.setdefault(stream, stream) if type(stream) is str else None)

    return hook


def _plain(value: Any) -> Any:
    """Turn events that stand outside the logs back into the objects that they were, and refuse text that is no Unicode."""
    if isinstance(value, str):
        _check(value)
        return value
    if isinstance(value, list):
        return [_plain(element) for element in value]
    if isinstance(value, Mapping):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if value is None or isinstance(value, bool | int | float):
        return value
    plain = {"timestamp": value.timestamp, "message": value.message}
    return plain if value.stream is None else {**plain, "stream": value.stream}


def _check(text: str) -> None:
    if not text.isascii():
        text.encode("utf-8")  # half of a surrogate pair can be written in JSON, but never printed


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")
