"""Slack's limits for windows and app homes.

Source: https://docs.slack.dev/reference/views
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.demo.block_limits import block_faults

MAX_VIEW_BLOCKS: Final = 100
MAX_TITLE: Final = 24
MAX_METADATA: Final = 3000
MAX_CALLBACK_ID: Final = 255

KINDS: Final = frozenset({"modal", "home"})

FIELDS: Final = frozenset(
    {
        *("type", "title", "blocks", "close", "submit", "submit_disabled", "private_metadata", "callback_id"),
        *("clear_on_close", "notify_on_close", "external_id"),
    }
)


def view_faults(view: Mapping[str, Any], kind: str | None = None) -> list[str]:
    """Return what Slack would refuse in a view, each with its place; empty when it would take it."""
    return list(_faults(view, kind))


def _faults(view: Mapping[str, Any], kind: str | None) -> Iterator[str]:
    found = view.get("type")
    if found not in ({kind} if kind else KINDS):
        yield f"view/type: expected {kind or 'modal or home'}, found {found!r}"
    for name in sorted(set(view) - FIELDS):
        yield f"view/{name}: unknown field"
    blocks = view.get("blocks")
    yield from (f"view/{fault}" for fault in block_faults(blocks, limit=MAX_VIEW_BLOCKS, surface=str(found)))
    if len(str(view.get("private_metadata") or "")) > MAX_METADATA:
        yield f"view/private_metadata: over {MAX_METADATA} characters"
    if len(str(view.get("callback_id") or "")) > MAX_CALLBACK_ID:
        yield f"view/callback_id: over {MAX_CALLBACK_ID} characters"
    if found == "modal":
        yield from _modal_faults(view, blocks)


def _modal_faults(view: Mapping[str, Any], blocks: object) -> Iterator[str]:
    for name in ("title", "submit", "close"):
        text = view.get(name)
        if text is None and name != "title":
            continue
        said = text.get("text") if isinstance(text, Mapping) and text.get("type") == "plain_text" else None
        if not isinstance(said, str) or not 0 < len(said) <= MAX_TITLE:
            yield f"view/{name}: expected plain text of 1 to {MAX_TITLE} characters"
    has_inputs = isinstance(blocks, list) and any(isinstance(block, Mapping) and block.get("type") == "input" for block in blocks)
    if has_inputs and not view.get("submit"):
        yield "view/submit: needed where there is an input block"
