"""The page with made-up messages, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import chromium
from tests.demo.window.canned import Canned, canned

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return a browser."""
    with chromium() as running:
        yield running


@pytest.fixture
def demo() -> Iterator[Canned]:
    """Return the page's parts."""
    with canned() as running:
        yield running


@pytest.fixture
def page(browser: Browser, demo: Canned) -> Iterator[Page]:
    """Return the page, opened; a fault of its scripts fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, timezone_id="Asia/Tokyo", locale="en-GB")
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.set_default_timeout(10_000)
    opened.goto(demo.url)
    opened.wait_for_selector("[data-place=C0INCIDENTS]")
    yield opened
    context.close()
    assert faults == []
