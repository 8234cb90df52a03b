"""Reading what Slack sent: every field may be missing or of another type than documented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def at(body: Any, *path: str) -> Any:
    """Return what stands at a path of keys, or None."""
    for key in path:
        if not isinstance(body, Mapping):
            return None
        body = body.get(key)
    return body


def text_at(body: Any, *path: str) -> str:
    """Return the text at a path of keys, or an empty one."""
    found = at(body, *path)
    return found if isinstance(found, str) else ""


def items_at(body: Any, *path: str) -> list[Mapping[str, Any]]:
    """Return the objects in the list at a path of keys."""
    found = at(body, *path)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def first(*texts: str) -> str:
    """Return the first text that is not empty."""
    return next((text for text in texts if text), "")


def missing(body: Mapping[str, Any]) -> str:
    """Return the field that a request of its type cannot be without, or an empty text: Bolt reads these before it looks for them."""
    kind = body.get("type")
    if kind == "block_actions":
        actions = items_at(body, "actions")
        return "" if actions and all(text_at(action, "action_id") for action in actions) else "actions"
    if kind in {"view_submission", "view_closed"}:
        return "" if isinstance(at(body, "view", "callback_id"), str) and isinstance(at(body, "view", "type"), str) else "view"
    if kind == "event_callback":
        return "" if text_at(body, "event", "type") else "event"
    if kind == "block_suggestion":
        return "" if text_at(body, "action_id") else "action_id"
    if kind in {"shortcut", "message_action"}:
        return "" if text_at(body, "callback_id") else "callback_id"
    return ""
