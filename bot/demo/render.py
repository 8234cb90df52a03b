"""Shows a Slack thread in the terminal: Block Kit as text, as close to the phone's screen as a terminal is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.emoji import Emoji
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.demo.slack_workspace import File, Message

WIDTH: Final = 100

FILE_PREVIEW_LINES: Final = 6

_FENCE: Final = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)

_INLINE: Final = re.compile(
    r"(?P<special><[!@#][^|>]*(?:\|(?P<shown>[^>]*))?>)|(?P<code>`[^`\n]+`)|(?P<bold>(?<!\w)\*[^*\n]+\*(?!\w))|(?P<italic>(?<!\w)_[^_\n]+_(?!\w))|(?P<link><(?P<url>[^|>\s]+)(?:\|(?P<label>[^>]*))?>)"
)

_UNESCAPED: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))

_SLACKS_OWN: Final = {":large_green_circle:": "🟢", ":leftwards_arrow_with_hook:": "↩"}
"""Short names that only Slack has."""

_STYLES: Final = {"bold": "bold", "italic": "italic", "code": "cyan", "strike": "strike"}


def print_thread(console: Console, thread: Sequence[Message]) -> None:
    """Print the first message in a frame and the replies indented below it."""
    width = min(WIDTH, console.width)
    for number, message in enumerate(thread):
        body = Group(*message_parts(message))
        edited = "edited" if message.edits else ""
        if number == 0:
            title = f"{message.channel}{f' · {edited}' if edited else ''}"
            console.print(Panel(body, title=title, title_align="left", border_style="blue", width=width))
        else:
            console.print(Padding(Panel(body, border_style="dim", width=width - 4), (0, 0, 0, 4)))


def message_parts(message: Message) -> Iterator[RenderableType]:
    """Yield what a message shows, part by part."""
    if message.blocks:
        for block in message.blocks:
            yield from _block(block)
    elif message.text:
        yield mrkdwn(message.text)
    for file in message.files:
        yield from _file(file)


def mrkdwn(text: str) -> Text:
    """Return Slack's mrkdwn as styled text; escapes are undone last, so that no log line can pass for markup."""
    result = Text()
    position = 0
    for fence in _FENCE.finditer(text):
        _append_inline(result, text[position : fence.start()])
        result.append(_plain(fence[1]), style="dim")
        position = fence.end()
    _append_inline(result, text[position:])
    return result


def _append_inline(result: Text, text: str) -> None:
    position = 0
    for found in _INLINE.finditer(text):
        result.append(_plain(text[position : found.start()]))
        if found["special"]:
            # Dates, mentions, channels: what stands behind the bar is what a reader without Slack gets to see.
            result.append(_plain(found["shown"] or found["special"].strip("<>")))
        elif found["link"]:
            url, label = _plain(found["url"]), found["label"]
            result.append(f"{_plain(label)} ({url})" if label else url, style="underline")
        else:
            kind = next(name for name in ("code", "bold", "italic") if found[name])
            result.append(_plain(found[kind][1:-1]), style=_STYLES[kind])
        position = found.end()
    result.append(_plain(text[position:]))


def _block(block: Mapping[str, Any]) -> Iterator[RenderableType]:
    kind = block.get("type")
    if kind == "header":
        yield Text(_plain(block["text"]["text"]), style="bold")
    elif kind == "section":
        if block.get("text"):
            yield _text_object(block["text"])
        if block.get("fields"):
            yield _fields([_text_object(field) for field in block["fields"]])
    elif kind == "context":
        parts = [_text_object(element) for element in block["elements"] if element.get("type") != "image"]
        joined = Text(" · ").join(parts)
        joined.stylize("dim")
        yield joined
    elif kind == "divider":
        yield Rule(style="dim")
    elif kind == "actions":
        yield Text("  ").join(
            Text(f"[ {_plain(e['text']['text'])} ]", style="reverse") for e in block["elements"] if e.get("type") == "button"
        )
    elif kind == "rich_text":
        for element in block.get("elements") or []:
            yield _rich_text(element)
    elif kind == "image":
        yield Text(f"🖼 {_plain(block.get('alt_text') or '')}", style="dim")
    elif kind == "table":
        yield _table(block.get("rows") or [])


def _rich_text(element: Mapping[str, Any]) -> RenderableType:
    kind, inner = element.get("type"), element.get("elements") or []
    if kind == "rich_text_list":
        return Group(
            *(Padding(Text("• ") + _runs(item.get("elements") or []), (0, 0, 0, 2 * int(element.get("indent") or 0))) for item in inner)
        )
    if kind == "rich_text_preformatted":
        text = _runs(inner)
        text.stylize("dim")
        return Padding(text, (0, 0, 0, 2))
    if kind == "rich_text_quote":
        return Padding(_runs(inner), (0, 0, 0, 2))
    return _runs(inner)


def _runs(elements: Sequence[Mapping[str, Any]]) -> Text:
    result = Text()
    for element in elements:
        style = " ".join(_STYLES[name] for name, on in (element.get("style") or {}).items() if on and name in _STYLES)
        result.append(str(element.get("text") or element.get("url") or ""), style=style)
    return result


def _text_object(text: Mapping[str, Any]) -> Text:
    return mrkdwn(text["text"]) if text.get("type") == "mrkdwn" else Text(_plain(text["text"]))


def _fields(texts: Sequence[Text]) -> Table:
    grid = Table.grid(expand=True, padding=(0, 2))
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    for number in range(0, len(texts), 2):
        grid.add_row(*texts[number : number + 2])
    return grid


def _table(rows: Sequence[Sequence[Mapping[str, Any]]]) -> Table:
    table = Table(show_header=False)
    for row in rows:
        cells = [Text(str(cell.get("text") or "")) if cell.get("type") == "raw_text" else _cell(cell) for cell in row]
        table.add_row(*cells)
    return table


def _cell(cell: Mapping[str, Any]) -> Text:
    return Text("\n").join(_runs(element.get("elements") or []) for element in cell.get("elements") or [])


def _file(file: File) -> Iterator[RenderableType]:
    yield Text(f"📎 {file.title or file.name} ({len(file.content):,} bytes)", style="bold")
    if file.is_image:
        yield Padding(Text(file.alt_text or "(a picture)", style="dim"), (0, 0, 0, 2))
        return
    shown = file.content.decode(errors="replace").splitlines()
    for line in shown[:FILE_PREVIEW_LINES]:
        yield Padding(Text(line, style="dim", no_wrap=True, overflow="ellipsis"), (0, 0, 0, 2))
    if len(shown) > FILE_PREVIEW_LINES:
        yield Padding(Text(f"… {len(shown) - FILE_PREVIEW_LINES} more lines", style="dim"), (0, 0, 0, 2))


def _plain(text: str) -> str:
    """Return text with escapes undone and `:lock:` and its like as characters."""
    for escaped, character in _UNESCAPED:
        text = text.replace(escaped, character)
    for name, character in _SLACKS_OWN.items():
        text = text.replace(name, character)
    return Emoji.replace(text)
