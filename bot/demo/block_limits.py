"""Block Kit's limits, checked as Slack checks them.

Source of the numbers: https://docs.slack.dev/reference/block-kit/blocks and the element and object pages below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

MAX_BLOCKS: Final = 50
MAX_TEXT: Final = {"section": 3000, "header": 150, "context": 3000, "markdown": 12_000}
MAX_FIELDS: Final = 10
MAX_FIELD_CHARS: Final = 2000
MAX_CONTEXT_ELEMENTS: Final = 10
MAX_ACTIONS: Final = 25
MAX_BUTTON_TEXT: Final = 75
MAX_BUTTON_VALUE: Final = 2000
MAX_BUTTON_URL: Final = 3000
MAX_ID: Final = 255
MAX_TABLE_ROWS: Final = 100
MAX_TABLE_COLUMNS: Final = 20

KNOWN_BLOCKS: Final = frozenset({"section", "header", "context", "actions", "divider", "rich_text", "markdown", "table", "image", "file"})


def block_faults(blocks: object) -> list[str]:
    """Return what Slack would refuse, each with its place; empty when it would take them."""
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        return ["blocks: not a list"]
    faults = [f"blocks: {len(blocks)} blocks, at most {MAX_BLOCKS}"] if len(blocks) > MAX_BLOCKS else []
    ids: set[str] = set()
    for number, block in enumerate(blocks):
        place = f"blocks/{number}"
        if not isinstance(block, Mapping) or block.get("type") not in KNOWN_BLOCKS:
            faults.append(f"{place}: unsupported type {block.get('type') if isinstance(block, Mapping) else block!r}")
            continue
        block_id = str(block.get("block_id") or "")
        if block_id and (block_id in ids or len(block_id) > MAX_ID):
            faults.append(f"{place}/block_id: repeated, or longer than {MAX_ID}")
        ids.add(block_id)
        faults += _faults_of(block, place)
    return faults


def total_chars(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Return the characters of all texts."""
    return sum(len(text) for block in blocks for text in _texts(block))


def _faults_of(block: Mapping[str, Any], place: str) -> Iterator[str]:
    kind = block["type"]
    if kind == "section":
        if not block.get("text") and not block.get("fields"):
            yield f"{place}: a section needs text or fields"
        if block.get("text"):
            yield from _text_faults(block["text"], f"{place}/text", MAX_TEXT[kind])
        fields = block.get("fields") or []
        if len(fields) > MAX_FIELDS:
            yield f"{place}/fields: {len(fields)} fields, at most {MAX_FIELDS}"
        for number, text in enumerate(fields):
            yield from _text_faults(text, f"{place}/fields/{number}", MAX_FIELD_CHARS)
    elif kind == "header":
        yield from _text_faults(block.get("text"), f"{place}/text", MAX_TEXT[kind], plain=True)
    elif kind == "markdown":
        if not 0 < len(str(block.get("text") or "")) <= MAX_TEXT[kind]:
            yield f"{place}/text: expected 1 to {MAX_TEXT[kind]} characters"
    elif kind == "context":
        elements = block.get("elements") or []
        if not 0 < len(elements) <= MAX_CONTEXT_ELEMENTS:
            yield f"{place}/elements: {len(elements)} elements, expected 1 to {MAX_CONTEXT_ELEMENTS}"
        for number, text in enumerate(elements):
            if text.get("type") != "image":
                yield from _text_faults(text, f"{place}/elements/{number}", MAX_TEXT[kind])
    elif kind == "actions":
        yield from _action_faults(block.get("elements") or [], place)
    elif kind == "table":
        rows = block.get("rows") or []
        if not 0 < len(rows) <= MAX_TABLE_ROWS or any(len(row) > MAX_TABLE_COLUMNS for row in rows):
            yield f"{place}/rows: expected 1 to {MAX_TABLE_ROWS} rows of at most {MAX_TABLE_COLUMNS} cells"
    elif kind == "rich_text":
        if not block.get("elements"):
            yield f"{place}/elements: empty"
        yield from (
            f"{place}: empty text element" for element in _elements(block) if element.get("type") == "text" and not element.get("text")
        )


def _action_faults(elements: Sequence[Mapping[str, Any]], place: str) -> Iterator[str]:
    if not 0 < len(elements) <= MAX_ACTIONS:
        yield f"{place}/elements: {len(elements)} elements, expected 1 to {MAX_ACTIONS}"
    seen: set[str] = set()
    for number, element in enumerate(elements):
        at = f"{place}/elements/{number}"
        action_id = str(element.get("action_id") or "")
        if action_id and (action_id in seen or len(action_id) > MAX_ID):
            yield f"{at}/action_id: repeated, or longer than {MAX_ID}"
        seen.add(action_id)
        if element.get("type") == "button":
            yield from _text_faults(element.get("text"), f"{at}/text", MAX_BUTTON_TEXT, plain=True)
            if len(str(element.get("value") or "")) > MAX_BUTTON_VALUE or len(str(element.get("url") or "")) > MAX_BUTTON_URL:
                yield f"{at}: value over {MAX_BUTTON_VALUE} or url over {MAX_BUTTON_URL} characters"


def _text_faults(text: object, place: str, limit: int, *, plain: bool = False) -> Iterator[str]:
    if not isinstance(text, Mapping) or text.get("type") not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        yield f"{place}: expected a {'plain_text' if plain else 'text'} object"
    elif not 0 < len(str(text.get("text") or "")) <= limit:
        yield f"{place}: {len(str(text.get('text') or ''))} characters, expected 1 to {limit}"


def _elements(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for element in node.get("elements") or []:
        yield element
        yield from _elements(element)


def _texts(node: object) -> Iterator[str]:
    """Yield every text that a reader sees."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from _texts(value)
