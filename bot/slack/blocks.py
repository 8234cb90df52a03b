"""Block Kit within Slack's limits: a message is composed here, and what does not fit goes to a file instead of getting lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.slack.elements import Block, plain_text
from bot.slack.escape import Mrkdwn, clean, mrkdwn, plain, shortened
from bot.slack.limits import (
    MAX_ACTIONS,
    MAX_ALT_CHARS,
    MAX_BLOCKS,
    MAX_CONTEXT_ELEMENTS,
    MAX_HEADER_CHARS,
    MAX_MESSAGE_CHARS,
    MAX_SECTION_CHARS,
    MAX_TEXT_CHARS,
    MAX_URL_CHARS,
)

MAX_EXCERPT_CHARS: Final = 1200
"""Our own: about a phone screen of log lines; the rest of an excerpt is in the attached file."""

MAX_LINE_CHARS: Final = 2800
"""Our own: leaves room for marks around a text in a section."""


@dataclass(frozen=True)
class Excerpt:
    """A text that was shown in part or not at all; it goes into the attached file whole."""

    title: str
    text: str


@dataclass(frozen=True)
class Message:
    """A message for Slack. `text` tells the story alone: notifications and screen readers know nothing else."""

    text: str
    blocks: tuple[Block, ...]
    overflow: tuple[Excerpt, ...] = ()


@dataclass
class Composer:
    """Adds blocks one by one and keeps count of what Slack would refuse.

    `spare_blocks` and `spare_chars` are kept free by texts from outside for what must stand below them: buttons, and the line that
    says what was left out.
    """

    max_blocks: int = MAX_BLOCKS
    spare_blocks: int = 1
    spare_chars: int = 200
    left_out: str = "the attached file has all of it"
    """Where the reader finds what was too long."""
    blocks: list[Block] = field(default_factory=list)
    overflow: list[Excerpt] = field(default_factory=list)
    chars: int = 0

    def header(self, text: str) -> None:
        """Add a headline."""
        short, is_cut = shortened(plain(text), MAX_HEADER_CHARS)
        if is_cut:
            self.overflow.append(Excerpt("Headline", clean(text)))
        self._add({"type": "header", "text": plain_text(short, MAX_HEADER_CHARS)})

    def section(self, *parts: Mrkdwn) -> None:
        """Add a paragraph that is short by construction."""
        self._add({"type": "section", "text": _text(Mrkdwn("".join(parts)))})

    def sentence(self, label: Mrkdwn, text: str) -> None:
        """Add a label with a text from outside, of any length."""
        short, is_cut = shortened(_said(text), MAX_LINE_CHARS - len(label), escaped=True)
        block = {"type": "section", "text": _text(Mrkdwn(f"{label}{mrkdwn(short)}"))}
        if is_cut or not self._fits(block):
            self.overflow.append(Excerpt(label.strip(" *:"), clean(text)))
        if self._fits(block):
            self._add(block)

    def fields(self, *parts: Mrkdwn) -> None:
        """Add short texts side by side."""
        self._add({"type": "section", "fields": [_text(part) for part in parts if part]})

    def context(self, *parts: Mrkdwn) -> None:
        """Add a line of small print."""
        self._add({"type": "context", "elements": [_text(part) for part in parts if part][:MAX_CONTEXT_ELEMENTS]})

    def actions(self, *elements: Block) -> None:
        """Add buttons and menus in a row; see `bot.slack.elements`. Their action ids differ from one another."""
        for at in range(0, len(elements), MAX_ACTIONS):
            self._add({"type": "actions", "elements": list(elements[at : at + MAX_ACTIONS])})

    def entry(self, block: Block) -> None:
        """Add a field of a form, as `elements.labelled` makes it."""
        self._add(block)

    def divider(self) -> None:
        """Add a line."""
        self._add({"type": "divider"})

    def image(self, alt: str, *, url: str = "", file_id: str = "", title: str = "") -> None:
        """Add an image by its address or as a file that was uploaded; `alt` tells what it shows to those who don't see it."""
        source: Block = {"slack_file": {"id": file_id}} if file_id else {"image_url": url}
        block: Block = {"type": "image", "alt_text": shortened(plain(alt), MAX_ALT_CHARS)[0] or "image", **source}
        self._add(block | ({"title": plain_text(title, MAX_ALT_CHARS)} if title else {}))

    def excerpt(self, title: str, text: str) -> None:
        """Add a text from outside exactly as it is, under a title: nothing in it is read as markup."""
        short, is_cut = shortened(_said(text), MAX_EXCERPT_CHARS)
        label, _ = shortened(_said(title), 300)
        heading = {"type": "rich_text_section", "elements": [_rich(label, bold=True)]}
        block = {"type": "rich_text", "elements": [heading, {"type": "rich_text_preformatted", "elements": [_rich(short)]}]}
        if is_cut or not self._fits(block):
            self.overflow.append(Excerpt(label, clean(text)))
        if self._fits(block):
            self._add(block)

    def bullets(self, title: str, rows: Sequence[str]) -> None:
        """Add a list of texts from outside; rows that don't fit go to the file."""
        shown: list[Block] = []
        for row in rows:
            short, is_cut = shortened(_said(row), MAX_EXCERPT_CHARS)
            if is_cut or not self._fits(_list_block(title, [*shown, _item(short)])):
                self.overflow.append(Excerpt(title, clean(row)))
            if self._fits(_list_block(title, [*shown, _item(short)])):
                shown.append(_item(short))
        if shown:
            self._add(_list_block(title, shown))

    def links(self, title: str, urls: Sequence[str]) -> None:
        """Add a list of links. What is no plain https address is shown as text."""
        items = [_link(url) for url in urls]
        if items and self._fits(_list_block(title, items)):
            self._add(_list_block(title, items))
        elif items:
            self.overflow.append(Excerpt(title, clean("\n".join(urls))))

    def places(self, title: str, places: Sequence[tuple[str, str]]) -> None:
        """Add a title with a list of links that have words of their own. What is no plain https address is left as words."""
        label, _ = shortened(_said(title), 300)
        items = [_link(url, shortened(_said(words), 200)[0]) for words, url in places]
        fitting = list(items)
        while fitting and not self._fits(_list_block(label, fitting)):
            fitting.pop()
        if len(fitting) < len(items):
            self.overflow.append(Excerpt(label, clean("\n".join(f"{words}: {url}" for words, url in places))))
        self._add(_list_block(label, fitting))

    def message(self, text: str) -> Message:
        """Return the message with its fallback text."""
        short, _ = shortened(text, MAX_TEXT_CHARS, escaped=True)
        self.note_overflow()
        return Message(mrkdwn(short).strip() or "(empty)", tuple(self.blocks), tuple(self.overflow))

    def note_overflow(self) -> None:
        """Say that something was left out, and where it is."""
        if self.overflow:
            noun = "text was" if len(self.overflow) == 1 else "texts were"
            self.context(Mrkdwn(f"_{len(self.overflow)} {noun} too long to be shown; {self.left_out}._"))

    def _fits(self, block: Block) -> bool:
        has_room = len(self.blocks) < self.max_blocks - self.spare_blocks
        return has_room and self.chars + text_chars(block) <= MAX_MESSAGE_CHARS - self.spare_chars

    def _add(self, block: Block) -> None:
        self.blocks.append(block)
        self.chars += text_chars(block)


def text_chars(value: Any) -> int:
    """Return how many characters of text stand in a block, links included."""
    return sum(len(text) for text in iter_texts(value))


def iter_texts(value: Any) -> Iterator[str]:
    """Yield every text in a block."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key in {"text", "url"} and isinstance(member, str):
                yield member
            else:
                yield from iter_texts(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from iter_texts(member)


def faults(message: Message) -> list[str]:
    """Return what Slack would refuse in a message; empty when it is fine."""
    found = []
    if not message.text.strip():
        found.append("text: is empty")
    if len(message.blocks) > MAX_BLOCKS:
        found.append(f"blocks: {len(message.blocks)}, {MAX_BLOCKS} are allowed")
    if (total := text_chars(list(message.blocks))) > MAX_MESSAGE_CHARS:
        found.append(f"blocks: {total} characters in all, {MAX_MESSAGE_CHARS} are safe")
    for at, block in enumerate(message.blocks):
        limit = {"header": MAX_HEADER_CHARS, "section": MAX_SECTION_CHARS}.get(block["type"], MAX_MESSAGE_CHARS)
        found += [f"blocks[{at}] ({block['type']}): {len(text)} characters" for text in iter_texts(block) if not 0 < len(text) <= limit]
    return found


def _said(text: str) -> str:
    """Return text without what cannot be seen; Slack refuses an empty one."""
    return clean(text).strip("\n ") or "(empty)"


def _text(text: Mrkdwn) -> Block:
    # Without `verbatim` Slack turns bare addresses, channel names and some mentions in plain words into live ones.
    # Source: https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _rich(text: str, *, bold: bool = False) -> Block:
    return {"type": "text", "text": text, **({"style": {"bold": True}} if bold else {})}


def _item(text: str) -> Block:
    return {"type": "rich_text_section", "elements": [_rich(text)]}


def _link(url: str, words: str = "") -> Block:
    if not _is_address(url):
        return _item(words or shortened(_said(url), 500)[0])
    return {"type": "rich_text_section", "elements": [{"type": "link", "url": url, **({"text": words} if words else {})}]}


def _list_block(title: str, items: Sequence[Block]) -> Block:
    heading = {"type": "rich_text_section", "elements": [_rich(title, bold=True)]}
    listed = [{"type": "rich_text_list", "style": "bullet", "elements": list(items)}] if items else []
    return {"type": "rich_text", "elements": [heading, *listed]}


def _is_address(url: str) -> bool:
    return url.startswith("https://") and url.isascii() and url.isprintable() and not set(url) & set('<>|" `') and len(url) <= MAX_URL_CHARS
