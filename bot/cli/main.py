"""The `medic` command: its subcommands are loaded when they are asked for, so that `medic replay` starts fast."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

import click

import bot
from bot.errors import BotError, InputError, TargetNotFoundError

SUBCOMMANDS: Final = {
    "approvals": "bot.cli.approvals:approvals",
    "audit": "bot.cli.audit:audit",
    "bench": "bot.cli.bench:bench",
    "demo": "bot.cli.demo:demo",
    "doctor": "bot.cli.doctor:doctor",
    "feedback": "bot.cli.feedback:feedback",
    "manifest": "bot.cli.manifest:manifest",
    "plan": "bot.cli.plan:plan",
    "playbooks": "bot.cli.playbooks:playbooks",
    "replay": "bot.cli.replay:replay",
    "serve": "bot.cli.serve:serve",
    "why": "bot.cli.why:why",
}

EXIT_FAILED: Final = 1
EXIT_UNUSABLE: Final = 2


class LazyGroup(click.Group):
    """A group that imports a subcommand's module only when that subcommand is run or the help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the subcommands."""
        return sorted(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a subcommand, or None for an unknown name."""
        place = SUBCOMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(bot.__version__, prog_name="medic")
def cli() -> None:
    """Find why a Lambda-backed API fails, with the evidence for it.

    Exit status: 0 a diagnosis was made; 3 no fault found or undetermined; 2 the file or the arguments are unusable; 1 anything else.
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command and turn the bot's own errors into a message and an exit status."""
    try:
        status = cli.main(args=args, prog_name="medic", standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except (InputError, TargetNotFoundError) as exc:
        click.echo(f"medic: {exc}", err=True)
        sys.exit(EXIT_UNUSABLE)
    except BotError as exc:
        click.echo(f"medic: {exc}", err=True)
        sys.exit(EXIT_FAILED)
    sys.exit(status if isinstance(status, int) else 0)
