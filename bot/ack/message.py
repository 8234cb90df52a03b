"""All that a message says, as one text: whoever posted it, a person, Amazon Q or another tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.commands import MAX_TEXT_CHARS

SAYING_KEYS: Final = ("text", "pretext", "author_name", "title", "value", "fallback", "footer", "name", "url", "title_link", "from_url")
"""Keys of blocks, attachments, fields and files under which a text or a link stands."""

NESTING_KEYS: Final = ("text", "title", "fields", "elements", "blocks", "rows", "attachments", "files", "description")

_LINK: Final = re.compile(r"<(?P<url>https?://[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
_MARK: Final = re.compile(r"<[@#!][^<>]*>")


def message_text(message: Mapping[str, Any]) -> str:
    """Return what a message says, each text once, cut to what a command may carry."""
    said = ""
    for raw in _texts(message):
        text = plain(raw)
        # What was said before says nothing new: the text of a message with blocks is what the blocks say.
        if text and text not in said:
            said = f"{said}\n{text}" if said else text
        if len(said) >= MAX_TEXT_CHARS:
            break
    return said[:MAX_TEXT_CHARS]


def plain(text: str) -> str:
    """Return mrkdwn as text: links as label and address, mentions left out, entities resolved.

    Source: https://docs.slack.dev/messaging/formatting-message-text
    """
    spelled = _LINK.sub(lambda found: f"{found['label'] or ''} {found['url']}".strip(), text)
    spelled = _MARK.sub(" ", spelled)
    return spelled.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def without_mention(text: str, bot_user_id: str) -> str:
    """Return what was said to the bot: without its name."""
    name = re.escape(bot_user_id) if bot_user_id else r"[A-Z0-9]+"
    return plain(re.sub(rf"<@{name}(?:\|[^<>]*)?>", " ", text, count=0 if bot_user_id else 1))[:MAX_TEXT_CHARS]


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts in reading order; without recursion, for a message may nest as deep as its sender likes."""
    left: list[Any] = [{key: message.get(key) for key in ("text", "blocks", "attachments", "files")}]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left.extend(reversed(part))
        elif isinstance(part, Mapping) and part.get("type") != "emoji":
            # A button's value is an opaque id of its app; a field's value is what it says.
            is_element = "action_id" in part
            yield from (text for key in SAYING_KEYS if isinstance(text := part.get(key), str) and not (is_element and key == "value"))
            left.extend(part[key] for key in reversed(NESTING_KEYS) if isinstance(part.get(key), list | Mapping))
