"""`medic demo`: the whole loop on this machine."""

from __future__ import annotations

import signal

import click
from rich.console import Console

from bot.errors import InputError

EXIT_WRONG = 1

DEFAULT_SCENARIO = "function-timeout"


@click.command()
@click.option("--scenario", "names", metavar="NAME", multiple=True, help=f"What to break; may be repeated. Default: {DEFAULT_SCENARIO}.")
@click.option("--all", "every", is_flag=True, help="Play every scenario, one after the other.")
@click.option("--list", "listing", is_flag=True, help="Print the scenarios and end.")
@click.option("--keep", is_flag=True, help="Leave the local AWS running afterwards, until Ctrl-C.")
def demo(names: tuple[str, ...], every: bool, listing: bool, keep: bool) -> int:
    """Deploy the bot to a local AWS, break a function there, and show the Slack thread that the alarm leads to.

    No AWS account, no Slack workspace and no Docker: needs the extra `demo` (pip install 'lambda-medic[demo]').
    """
    # Imported here: nothing else of the command line needs pydantic models of scenarios or the local AWS.
    from bot.demo import render, run, scenario

    known = scenario.names()
    if listing:
        width = max(map(len, known))
        for name in known:
            click.echo(f"{name:<{width}}  {scenario.load(name).title}")
        return 0
    if every and names:
        raise InputError("--all and --scenario: say one of them")
    chosen = [scenario.load(name) for name in (known if every else names or (DEFAULT_SCENARIO,))]

    def report(phase: str, seconds: float) -> None:
        click.echo(f"{seconds:6.1f} s  {phase}", err=True)

    console = Console(highlight=False, soft_wrap=False)
    wrong = 0
    with run.running(report) as bot:
        for one in chosen:
            outcome = bot.play(one, report)
            console.print()
            render.print_thread(console, outcome.thread)
            wrong += not outcome.is_right
            verdict = "as expected" if outcome.is_right else f"expected {one.cause}"
            click.echo(f"{one.name}: found {outcome.posted.cause or outcome.posted.answer.verdict}, {verdict}", err=True)
        if keep:
            click.echo(f"The local AWS answers at {bot.local.endpoint} until Ctrl-C; function URL: {bot.stack.function_url}", err=True)
            signal.pause()
    return EXIT_WRONG if wrong else 0
