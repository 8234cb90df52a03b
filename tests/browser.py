"""A Chromium for tests of the demo's page; found, or a reason why not."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Return a browser without a screen; the test is skipped where there is none, and fails where everything has to run."""
    if importlib.util.find_spec("playwright") is None:
        cannot_run("playwright is not installed: install the extra `test`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        found = next(filter(None, map(shutil.which, NAMES)), None)
        executable = found or running.chromium.executable_path
        if not Path(executable).is_file():
            cannot_run("Chromium is not installed: apt-get install chromium, or playwright install chromium")
        browser = running.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def cannot_run(reason: str) -> None:
    """Skip, but fail where everything has to run."""
    if os.environ.get("LAMBDA_MEDIC_NO_SKIPS"):
        pytest.fail(reason)
    pytest.skip(reason)
