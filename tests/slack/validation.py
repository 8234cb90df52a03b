"""What Slack would refuse or act on, for every test that makes a message or a window.

slack_sdk's own models check the form. Here are the limits that they don't know, and that nothing is live which the bot did not mean.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.commands import ID_PREFIX, verb_of
from bot.slack import limits
from bot.slack.blocks import Message, faults, iter_texts, text_chars

DATE: Final = re.compile(r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|[0-9: UTC-]+>")
"""The reader's own time zone: made of numbers by the bot itself."""

ADDRESS: Final = re.compile(r"<https://[A-Za-z0-9.-]+\.(?:amazonaws|aws\.amazon)\.com/[^\s<>|]*\|[^<>|]+>")
"""A link into the console with words of the bot's own. A forged one leads elsewhere."""

HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

RICH: Final = frozenset({"rich_text", "rich_text_section", "rich_text_preformatted", "rich_text_list", "rich_text_quote", "text", "link"})
"""Elements that mention nobody: `user`, `usergroup`, `channel`, `broadcast` and `emoji` are not among them."""

HOSTILE: Final = (
    "<!channel> <!here|x> <@U012AB3CD> <#C1> <!subteam^S123|x> <https://evil.example|AWS console> "
    "``` `x` *b* _i_ ~s~ &amp; \x1b[31m \x00\u202e \ud800 @everyone http://evil.example"
)

HOSTILE_SAMPLES: Final = (
    HOSTILE, "<!channel>", "```\n<!here>", "&lt;!channel&gt;", "\u202e", "\u200b", "x" * 3100, "<" * 800, "\n", " ", "`<!here>`",
    "*<@U012AB3CD>*", "x" * 1_000_000, "&" * 20_000,
)  # fmt: skip
"""Texts that broke one bot or another."""


def assert_valid_message(message: Message, *, meant: Collection[str] = ()) -> None:
    """Check a message; `meant` are the mentions that the bot means, as `<@U1>` or `<!subteam^S1>`."""
    assert faults(message) == []
    assert 0 < len(message.text) <= limits.MAX_TEXT_CHARS
    assert live_tokens(message.text, meant) == []
    blocks = list(message.blocks)
    assert len(blocks) <= limits.MAX_BLOCKS
    assert text_chars(blocks) <= limits.MAX_MESSAGE_CHARS
    assert_valid_blocks(blocks, meant=meant)
    assert not any(member.get("type") == "input" for member in objects(blocks))


def assert_valid_view(view: dict[str, Any], *, meant: Collection[str] = ()) -> None:
    """Check a window or an app's home."""
    parsed = View(**view)
    parsed.validate_json()
    assert parsed.additional_attributes == {}
    assert len(view["blocks"]) <= limits.MAX_VIEW_BLOCKS
    assert len(json.dumps(view).encode()) <= limits.MAX_VIEW_BYTES
    if view["type"] == "modal":
        assert 1 <= len(view["title"]["text"]) <= limits.MAX_TITLE_CHARS
        for name in ("submit", "close"):
            assert name not in view or 1 <= len(view[name]["text"]) <= limits.MAX_TITLE_CHARS
        # Slack refuses a form without a button to send it.
        # Source: https://docs.slack.dev/reference/views/modal-views
        assert "submit" in view or not any(block["type"] == "input" for block in view["blocks"])
    assert_valid_blocks(view["blocks"], meant=meant)


def assert_valid_blocks(blocks: Sequence[dict[str, Any]], *, meant: Collection[str] = ()) -> None:
    """Check blocks, wherever they stand."""
    parsed = Block.parse_all(list(blocks))
    assert len(parsed) == len(blocks)
    for model in parsed:
        model.to_dict()  # Validates what stands inside too.
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    for block in blocks:
        _check_block(block)
    for member in objects(blocks):
        _check_object(member)
        if member.get("type") == "mrkdwn":
            assert member["verbatim"] is True
            assert live_tokens(member["text"], meant) == []
    for text in iter_texts(list(blocks)):
        assert not HIDDEN.search(text)


def live_tokens(text: str, meant: Collection[str] = ()) -> list[str]:
    """Return every token in angle brackets that Slack would act on, but for dates, links into AWS and what is meant."""
    found = re.findall("<[^>]*>?", text)
    return [token for token in found if token not in meant and not DATE.fullmatch(token) and not ADDRESS.fullmatch(token)]


def shown(blocks: Sequence[dict[str, Any]]) -> str:
    """Return all text of the blocks."""
    return "\n".join(iter_texts(list(blocks)))


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in the blocks."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from objects(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from objects(member)


def _check_block(block: dict[str, Any]) -> None:
    kind = block["type"]
    assert len(block.get("block_id", "")) <= limits.MAX_ID_CHARS
    if kind == "section":
        assert len(block.get("fields", [])) <= limits.MAX_FIELDS
        assert all(len(member["text"]) <= limits.MAX_FIELD_CHARS for member in block.get("fields", []))
        assert "text" not in block or 0 < len(block["text"]["text"]) <= limits.MAX_SECTION_CHARS
    elif kind == "header":
        assert 0 < len(block["text"]["text"]) <= limits.MAX_HEADER_CHARS
    elif kind == "context":
        assert 0 < len(block["elements"]) <= limits.MAX_CONTEXT_ELEMENTS
    elif kind == "actions":
        assert 0 < len(block["elements"]) <= limits.MAX_ACTIONS
        ids = Counter(member["action_id"] for member in block["elements"])
        assert max(ids.values()) == 1
    elif kind == "image":
        assert 0 < len(block["alt_text"]) <= limits.MAX_ALT_CHARS
        assert len(block.get("image_url", "")) <= limits.MAX_URL_CHARS
    elif kind == "rich_text":
        assert {member["type"] for member in objects(block["elements"]) if "type" in member} <= RICH


def _check_object(member: dict[str, Any]) -> None:
    kind = member.get("type")
    if "action_id" in member:
        assert member["action_id"].startswith(ID_PREFIX)
        assert len(member["action_id"]) <= limits.MAX_ID_CHARS
    if kind == "button":
        assert member["text"]["type"] == "plain_text"
        assert 0 < len(member["text"]["text"]) <= limits.MAX_BUTTON_CHARS
        assert len(member.get("value", "")) <= limits.MAX_VALUE_CHARS
        assert len(member.get("url", "")) <= limits.MAX_URL_CHARS
        assert "url" in member or verb_of(member["action_id"])
    if "confirm" in member and isinstance(member["confirm"], dict) and "deny" in member["confirm"]:
        dialog = member["confirm"]
        assert 0 < len(dialog["title"]["text"]) <= limits.MAX_CONFIRM_TITLE_CHARS
        assert 0 < len(dialog["text"]["text"]) <= limits.MAX_CONFIRM_CHARS
        assert all(0 < len(dialog[name]["text"]) <= limits.MAX_CONFIRM_BUTTON_CHARS for name in ("confirm", "deny"))
    if "options" in member:
        most = limits.MAX_OVERFLOW_OPTIONS if kind == "overflow" else limits.MAX_OPTIONS
        assert 0 < len(member["options"]) <= most
        assert all(0 < len(option["text"]["text"]) <= limits.MAX_OPTION_CHARS for option in member["options"])
        assert all(0 < len(option["value"]) <= limits.MAX_OPTION_VALUE_CHARS for option in member["options"])
    if kind == "plain_text_input":
        assert len(member.get("initial_value", "")) <= member["max_length"] <= limits.MAX_INPUT_CHARS
    if kind == "number_input":
        bounds = [float(member[name]) for name in ("min_value", "initial_value", "max_value") if name in member]
        assert bounds == sorted(bounds)
    if kind in {"plain_text", "mrkdwn"}:
        assert member["text"].strip()
