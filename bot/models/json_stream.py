"""A JSON document read piece by piece, for what has a long list in a known place.

Python's parser wants the whole text, which then stands in memory beside all that was made of it. Here the text of a log
event is gone as soon as the event is made. Only documents of the usual build are read; anything odd is left to the
parser of the standard library, which says what is wrong and where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

_SPACE: Final = re.compile(r"[ \t\n\r]*")

Hook = Callable[[dict[str, Any]], Any]


class OddDocumentError(Exception):
    """The document is no JSON, or not built as was expected; nothing is said of which."""


def read_pieces(pieces: Iterable[str], decoder: json.JSONDecoder, hook: Hook, path: tuple[str, str]) -> Any:
    """Parse a document of which one list of objects holds long lists.

    Args:
        pieces: The text, cut anywhere.
        decoder: For all values but those on the way to the long lists.
        hook: What the decoder's object hook is, for the objects on the way.
        path: The key of the list in the document, and of the long lists in its elements.

    Raises:
        OddDocumentError: It could not be read this way.
    """
    outer, inner = path
    text = _Text(pieces, decoder)
    document = text.object({outer: lambda: text.array(lambda: text.object({inner: lambda: text.array(text.value)}, hook))}, hook)
    if text.peek():
        raise OddDocumentError
    return document


class _Text:
    """The text that was not yet read, as far as it is needed."""

    def __init__(self, pieces: Iterable[str], decoder: json.JSONDecoder) -> None:
        self._pieces = iter(pieces)
        self._decoder = decoder
        self._text = ""
        self._at = 0

    def _more(self, least: int = 1) -> bool:
        """Take further pieces; at least so many letters, so that a long value is not tried again for each piece."""
        taken: list[str] = []
        size = 0
        while size < least and (piece := next(self._pieces, None)) is not None:
            taken.append(piece)
            size += len(piece)
        self._text = "".join([self._text[self._at :], *taken])
        self._at = 0
        return bool(taken)

    def peek(self) -> str:
        """Return the next letter that is no white space, and nothing at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _take(self) -> str:
        letter = self.peek()
        self._at += 1
        return letter

    def value(self) -> Any:
        """Parse the next value."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more(len(self._text) - self._at):
                    raise OddDocumentError from None
                continue
            if end == len(self._text):
                length, more = end - self._at, self._more()
                if more:
                    continue  # a number at the border may go on
                end = length
            self._at = end
            return value

    def object(self, special: dict[str, Callable[[], Any]], hook: Hook) -> Any:
        """Parse the next value; of an object, the members named in `special` are parsed as said there."""
        if self.peek() != "{":
            return self.value()
        self._at += 1
        found: dict[str, Any] = {}
        if self.peek() == "}":
            self._at += 1
            return hook(found)
        for name in self._names():
            found[name] = special.get(name, self.value)()
        return hook(found)

    def _names(self) -> Iterator[str]:
        while True:
            name = self.value()
            if type(name) is not str or self._take() != ":":
                raise OddDocumentError
            yield name
            if not self._goes_on("}"):
                return

    def array(self, element: Callable[[], Any]) -> Any:
        """Parse the next value; the elements of an array are parsed as said."""
        if self.peek() != "[":
            return self.value()
        self._at += 1
        found: list[Any] = []
        if self.peek() == "]":
            self._at += 1
            return found
        found.append(element())
        while self._goes_on("]"):
            found.append(element())
        return found

    def _goes_on(self, closing: str) -> bool:
        letter = self._take()
        if letter not in (",", closing):
            raise OddDocumentError
        return letter == ","
