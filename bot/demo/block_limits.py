"""Block Kit's limits, checked as Slack checks them.

Source of the numbers: https://docs.slack.dev/reference/block-kit/blocks and the object pages below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from bot.demo.element_limits import ACTION_ELEMENTS, INPUT_ELEMENTS, SECTION_ELEMENTS, element_faults, text_faults

MAX_BLOCKS: Final = 50
MAX_TEXT: Final = {"section": 3000, "header": 150, "context": 3000}
MAX_FIELDS: Final = 10
MAX_FIELD_CHARS: Final = 2000
MAX_CONTEXT_ELEMENTS: Final = 10
MAX_ACTIONS: Final = 25
MAX_ID: Final = 255
MAX_TABLE_ROWS: Final = 100
MAX_TABLE_COLUMNS: Final = 20
MAX_LABEL: Final = 2000
MAX_IMAGE_URL: Final = 3000
MAX_ALT_TEXT: Final = 2000
MAX_IMAGE_TITLE: Final = 2000

Faults = Iterator[str]


def block_faults(blocks: object, *, limit: int = MAX_BLOCKS, surface: str = "message") -> list[str]:
    """Return what Slack would refuse, each with its place; empty when it would take them."""
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        return ["blocks: not a list"]
    faults = [f"blocks: {len(blocks)} blocks, at most {limit}"] if len(blocks) > limit else []
    ids: set[str] = set()
    for number, block in enumerate(blocks):
        place = f"blocks/{number}"
        check = _CHECKS.get(block.get("type", "")) if isinstance(block, Mapping) else None
        if check is None:
            faults.append(f"{place}: unsupported type {block.get('type') if isinstance(block, Mapping) else block!r}")
            continue
        if block["type"] in NOT_ON.get(surface, frozenset()):
            faults.append(f"{place}: {block['type']} is not allowed in a {surface}")
        block_id = str(block.get("block_id") or "")
        if block_id and (block_id in ids or len(block_id) > MAX_ID):
            faults.append(f"{place}/block_id: repeated, or longer than {MAX_ID}")
        ids.add(block_id)
        faults += check(block, place)
    if sum(isinstance(block, Mapping) and block.get("type") == "table" for block in blocks) > 1:
        faults.append("blocks: more than one table")
    return faults


def with_ids(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the blocks, each with an id: Slack gives one to those that came without."""
    return [{**block, "block_id": block.get("block_id") or f"b{number:03d}"} for number, block in enumerate(blocks)]


def total_chars(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Return the characters of all texts."""
    return sum(len(text) for block in blocks for text in _texts(block))


def _section(block: Mapping[str, Any], place: str) -> Faults:
    if not block.get("text") and not block.get("fields"):
        yield f"{place}: a section needs text or fields"
    if block.get("text"):
        yield from text_faults(block["text"], f"{place}/text", MAX_TEXT["section"])
    fields = block.get("fields") or []
    if len(fields) > MAX_FIELDS:
        yield f"{place}/fields: {len(fields)} fields, at most {MAX_FIELDS}"
    for number, text in enumerate(fields):
        yield from text_faults(text, f"{place}/fields/{number}", MAX_FIELD_CHARS)
    if block.get("accessory"):
        yield from element_faults(block["accessory"], f"{place}/accessory", SECTION_ELEMENTS)


def _header(block: Mapping[str, Any], place: str) -> Faults:
    yield from text_faults(block.get("text"), f"{place}/text", MAX_TEXT["header"], plain=True)


def _context(block: Mapping[str, Any], place: str) -> Faults:
    elements = block.get("elements") or []
    if not 0 < len(elements) <= MAX_CONTEXT_ELEMENTS:
        yield f"{place}/elements: {len(elements)} elements, expected 1 to {MAX_CONTEXT_ELEMENTS}"
    for number, element in enumerate(elements):
        if element.get("type") == "image":
            yield from _picture(element, f"{place}/elements/{number}")
        else:
            yield from text_faults(element, f"{place}/elements/{number}", MAX_TEXT["context"])


def _actions(block: Mapping[str, Any], place: str) -> Faults:
    elements = block.get("elements") or []
    if not 0 < len(elements) <= MAX_ACTIONS:
        yield f"{place}/elements: {len(elements)} elements, expected 1 to {MAX_ACTIONS}"
    yield from _each(elements, place, ACTION_ELEMENTS)


def _each(elements: Sequence[Mapping[str, Any]], place: str, allowed: frozenset[str]) -> Faults:
    seen: set[str] = set()
    for number, element in enumerate(elements):
        at = f"{place}/elements/{number}"
        action_id = str(element.get("action_id") or "")
        if action_id and (action_id in seen or len(action_id) > MAX_ID):
            yield f"{at}/action_id: repeated, or longer than {MAX_ID}"
        seen.add(action_id)
        yield from element_faults(element, at, allowed)


def _input(block: Mapping[str, Any], place: str) -> Faults:
    yield from text_faults(block.get("label"), f"{place}/label", MAX_LABEL, plain=True)
    if block.get("hint"):
        yield from text_faults(block["hint"], f"{place}/hint", MAX_LABEL, plain=True)
    yield from element_faults(block.get("element"), f"{place}/element", INPUT_ELEMENTS)


def _image(block: Mapping[str, Any], place: str) -> Faults:
    yield from _picture(block, place)
    if block.get("title"):
        yield from text_faults(block["title"], f"{place}/title", MAX_IMAGE_TITLE, plain=True)


def _picture(image: Mapping[str, Any], place: str) -> Faults:
    if bool(image.get("image_url")) == bool(image.get("slack_file")):
        yield f"{place}: expected one of image_url and slack_file"
    if len(str(image.get("image_url") or "")) > MAX_IMAGE_URL:
        yield f"{place}/image_url: over {MAX_IMAGE_URL} characters"
    if not 0 < len(str(image.get("alt_text") or "")) <= MAX_ALT_TEXT:
        yield f"{place}/alt_text: expected 1 to {MAX_ALT_TEXT} characters"


def _table(block: Mapping[str, Any], place: str) -> Faults:
    rows = block.get("rows") or []
    if not 0 < len(rows) <= MAX_TABLE_ROWS or any(len(row) > MAX_TABLE_COLUMNS for row in rows):
        yield f"{place}/rows: expected 1 to {MAX_TABLE_ROWS} rows of at most {MAX_TABLE_COLUMNS} cells"


def _rich_text(block: Mapping[str, Any], place: str) -> Faults:
    if not block.get("elements"):
        yield f"{place}/elements: empty"
    for element in _elements(block):
        if element.get("type") == "text" and not element.get("text"):
            yield f"{place}: empty text element"


def _nothing(_block: Mapping[str, Any], _place: str) -> Faults:
    yield from ()


_CHECKS: Final[dict[str, Callable[[Mapping[str, Any], str], Faults]]] = {
    "actions": _actions,
    "context": _context,
    "divider": _nothing,
    "header": _header,
    "image": _image,
    "input": _input,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
}

KNOWN_BLOCKS: Final = frozenset(_CHECKS)
"""Those that the page can show; Slack has more."""

NOT_ON: Final[dict[str, frozenset[str]]] = {
    "modal": frozenset({"table"}),
    "home": frozenset({"table"}),
    "message": frozenset({"input"}),
}
"""Source: the head of each block's page, "Available in surfaces". An input in a message is possible and useless to this bot."""


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
