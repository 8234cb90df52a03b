"""A person works with the deployed bot in the demo's window, in a real browser.

With LAMBDA_MEDIC_SCREENSHOTS=docs/images the pictures for the README are made; otherwise they go to a temporary folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.demo import run, scenario
from bot.demo.window.server import WindowServer
from tests.browser import cannot_run, chromium
from tests.e2e.conftest import local_aws_is_missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

WITHIN_MS = 120_000

DESKTOP: ViewportSize = {"width": 1440, "height": 940}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass
class Desk:
    """The running demo and its page."""

    bot: run.Running
    url: str
    page: Page
    faults: list[str]
    pictures: Path

    def act_as(self, user: str) -> None:
        """Take another person's chair."""
        self.page.click(f"[data-person={user}]")

    def setting(self, name: str) -> str:
        """Return what the AWS panel says of the function's configuration now."""
        return self.page.inner_text(f"[data-function=checkout] [data-setting={name}] .value")

    def press(self, action: str, *, confirm: str = "") -> None:
        """Press a button of the thread as Slack lets one, once more where a busy machine was slower than Slack's three seconds."""
        for _ in range(3):
            button = self.page.locator(f"#thread-list [data-action^='{action}']").last
            button.click()
            if confirm:
                self.page.click(f".modal.confirm .button:has-text('{confirm}')")
            self.page.wait_for_selector(f"#thread-list [data-action^='{action}'][aria-busy]", state="detached")
            if self.page.locator(f"#thread-list [data-action^='{action}'].failed").count() == 0:
                return
        raise AssertionError(f"{action}: the bot did not respond three times")

    def picture(self, name: str) -> None:
        """Take a picture."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.pictures / name)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return the demo with something broken and its page open."""
    if reason := local_aws_is_missing():
        cannot_run(reason)
    cache = Path(__file__).parents[2] / "build" / "e2e"
    with run.running(lambda _phase, _seconds: None, cache) as bot, WindowServer(run.window(bot)) as window:
        context = browser.new_context(viewport=DESKTOP, timezone_id="Europe/Berlin", locale="en-US", device_scale_factor=1.5)
        page = context.new_page()
        page.set_default_timeout(WITHIN_MS)
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.goto(window.url)
        page.wait_for_selector("[data-place=C0INCIDENTS]")
        chosen = os.environ.get("LAMBDA_MEDIC_SCREENSHOTS")
        yield Desk(bot, window.url, page, faults, Path(chosen) if chosen else tmp_path_factory.mktemp("pictures"))
        context.close()


def test_alarm_to_undone_with_three_people(desk: Desk) -> None:
    """The issue's whole path, each step seen in the page, the changes read back from AWS."""
    page = desk.page
    page.click("#break")
    page.click(f"[role=menuitem]:has-text('{scenario.load('function-timeout').title}')")

    page.wait_for_selector("#channel-list [data-action^='medic.plan']")
    assert "checkout" in page.inner_text("#channel-list h3")
    page.click(".thread-link")
    page.wait_for_selector("#thread-list >> text=Task timed out after 3.00 seconds")
    assert desk.setting("Timeout") == "3 s"
    assert page.inner_text("[data-alarm=checkout-errors]") == "ALARM"

    page.set_viewport_size(PHONE)
    page.evaluate("document.querySelector('#thread-list').scrollTo(0, 0)")
    desk.picture("thread-phone.png")
    page.set_viewport_size(DESKTOP)

    desk.press("medic.plan")
    page.wait_for_selector("[data-callback='medic.request'] #modal-submit")
    page.wait_for_selector(".modal-body input")
    page.click("#modal-submit")
    page.wait_for_selector(".modal", state="detached")
    page.wait_for_selector("#thread-list [data-action='medic.approve']")

    desk.act_as("U0STRANGER")
    desk.press("medic.approve", confirm="Approve")
    page.wait_for_selector(".message.private")
    assert desk.setting("Timeout") == "3 s"
    page.wait_for_selector("[data-event=refused]")

    desk.act_as("U0APPROVER")
    desk.press("medic.approve", confirm="Approve")
    page.wait_for_selector("[data-setting=Timeout].new")
    changed = desk.bot.aws.client("lambda").get_function_configuration(FunctionName="checkout")["Timeout"]
    assert (changed > 3, desk.setting("Timeout")) == (True, f"{changed} s")

    page.wait_for_selector("[data-event=verified]")
    page.wait_for_selector("#thread-list >> text=/recovered/i")
    assert page.inner_text("[data-alarm=checkout-errors]") == "OK"
    desk.act_as("U0ONCALL")
    page.locator("#thread-list .message:has([data-action='medic.undo'])").last.evaluate("(node) => node.scrollIntoView()")
    desk.picture("thread-desktop.png")

    desk.press("medic.undo", confirm="Undo")
    page.wait_for_selector("[data-event=undone]")
    page.wait_for_selector("[data-setting=Timeout]:not(.new)")
    assert desk.bot.aws.client("lambda").get_function_configuration(FunctionName="checkout")["Timeout"] == 3
    assert page.locator(".cannot-show").count() == 0
    assert desk.faults == []


def test_question_typed_in_the_box_is_answered(desk: Desk) -> None:
    """By keyboard alone: to the other channel, the command, and the thread that comes."""
    page = desk.page
    if not desk.bot.aws_side.watched:
        desk.bot.break_something(scenario.load("function-timeout"))
    page.focus("[data-place=C0GENERAL]")
    page.keyboard.press("Enter")
    page.focus("#box")
    page.keyboard.type("/lambda why checkout")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")

    page.wait_for_selector("#channel-list .message.private")
    page.wait_for_selector("#channel-list h3 >> text=checkout")
    page.wait_for_selector("#channel-list .thread-link")
    page.focus("#channel-list .thread-link")
    page.keyboard.press("Enter")
    page.wait_for_selector("#thread-list .message")
    assert page.evaluate("document.activeElement.id") == "thread-close"
    page.keyboard.press("Enter")
    assert not page.is_visible("#thread")


def test_home_is_the_bots_own(desk: Desk) -> None:
    """App Home: what the deployed bot publishes."""
    page = desk.page
    page.click("[data-place=home]")

    page.wait_for_selector("#home .block")
    assert page.locator("#home .cannot-show").count() == 0
    page.click("[data-place=C0INCIDENTS]")


def test_phone_shows_one_pane_and_nothing_wider(desk: Desk) -> None:
    """At phone width the thread alone is on the screen."""
    page = desk.page
    page.click("[data-place=C0INCIDENTS]")
    page.set_viewport_size(PHONE)
    page.locator(".thread-link").first.click()

    assert [page.is_visible(pane) for pane in (".sidebar", ".channel", ".thread", ".aws")] == [False, False, True, False]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    wide = page.evaluate(
        "[...document.querySelectorAll('#thread *')].filter((n) => n.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert wide == 0
    page.set_viewport_size(DESKTOP)


def test_bot_kept_slacks_pace(desk: Desk) -> None:
    """About one message a second and channel, with short bursts. Source: https://docs.slack.dev/apis/web-api/rate-limits"""
    times = sorted(at for channel, at in desk.bot.slack.workspace.posted_at if re.match("C", channel))
    bursts = [sum(begin <= at < begin + 10 for at in times) for begin in times]

    assert max(bursts) <= 14
