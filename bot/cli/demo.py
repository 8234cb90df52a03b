"""`medic demo`: the whole loop on this machine, in a page that looks like Slack, or in the terminal."""

from __future__ import annotations

import signal
import sys
import webbrowser
from typing import TYPE_CHECKING

import click
from rich.console import Console

from bot.errors import InputError

if TYPE_CHECKING:
    from bot.demo.run import Running
    from bot.demo.scenario import Scenario

EXIT_WRONG = 1

DEFAULT_SCENARIO = "function-timeout"


@click.command()
@click.option("--scenario", "names", metavar="NAME", multiple=True, help=f"What to break; may be repeated. Default: {DEFAULT_SCENARIO}.")
@click.option("--all", "every", is_flag=True, help="Play every scenario, one after the other; needs --headless.")
@click.option("--list", "listing", is_flag=True, help="Print the scenarios and end.")
@click.option(
    "--headless",
    is_flag=True,
    help="No page: play to the end, print the thread, exit by result. So too in a pipe.",
)
@click.option("--window", is_flag=True, help="Open the page also where stdout is no terminal.")
@click.option("--no-browser", is_flag=True, help="Print the page's address and open no browser.")
@click.option("--keep", is_flag=True, help="Headless: leave the local AWS running afterwards, until Ctrl-C.")
def demo(names: tuple[str, ...], every: bool, listing: bool, headless: bool, window: bool, no_browser: bool, keep: bool) -> int:
    """Deploy the bot to a local AWS, break a function there, and work with the bot as in Slack.

    On a terminal a page opens that shows channels, threads, windows and the AWS side. No AWS account, no Slack workspace and no
    Docker: needs the extra `demo` (pip install '.[demo]').
    """
    # Imported here: nothing else of the command line needs pydantic models of scenarios or the local AWS.
    from bot.demo import run, scenario

    known = scenario.names()
    if listing:
        width = max(map(len, known))
        for name in known:
            click.echo(f"{name:<{width}}  {scenario.load(name).title}")
        return 0
    if every and names:
        raise InputError("--all and --scenario: say one of them")
    if headless and window:
        raise InputError("--headless and --window: say one of them")
    chosen = [scenario.load(name) for name in (known if every else names or (DEFAULT_SCENARIO,))]
    is_headless = headless or not (window or sys.stdout.isatty())

    with run.running(_report) as bot:
        if not is_headless:
            return _in_window(bot, chosen, opens=not no_browser)
        wrong = sum(not _played(bot, one) for one in chosen)
        if keep:
            click.echo(f"The local AWS answers at {bot.local.endpoint} until Ctrl-C; function URL: {bot.stack.function_url}", err=True)
            signal.pause()
    return EXIT_WRONG if wrong else 0


def _report(phase: str, seconds: float) -> None:
    click.echo(f"{seconds:6.1f} s  {phase}", err=True)


def _in_window(bot: Running, chosen: list[Scenario], *, opens: bool) -> int:
    from bot.demo import run
    from bot.demo.window.server import WindowServer

    shown = run.window(bot)
    with WindowServer(shown) as page:
        for one in chosen:
            shown.act({"kind": "scenario", "name": one.name})
        click.echo(f"\nThe window: {page.url}\nCtrl-C ends the demo.", err=True)
        if opens:
            webbrowser.open(page.url)
        signal.pause()
    return 0


def _played(bot: Running, one: Scenario) -> bool:
    from bot.demo import render

    outcome = bot.play(one, _report)
    is_changed = bot.change(outcome, _report)
    console = Console(highlight=False, soft_wrap=False)
    console.print()
    render.print_thread(console, bot.thread(outcome))
    verdict = "as expected" if outcome.is_right else f"expected {one.cause}"
    changed = "changed, recovered and undone" if is_changed else "no change of the configuration helps"
    click.echo(f"{one.name}: found {outcome.posted.cause or outcome.posted.answer.verdict}, {verdict}; {changed}", err=True)
    return outcome.is_right and is_changed == (one.fixed_when is not None)
