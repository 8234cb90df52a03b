"""Options that several subcommands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output, nothing else.")

playbooks_option = click.option(
    "--playbooks",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of your own playbooks: adds to the shipped set, and overrides it by id.",
)


def table_options(command: F) -> F:
    """Add the options that say which deployment's table is meant."""
    command = click.option("--profile", help="Profile of the AWS configuration.")(command)
    command = click.option("--region", help="AWS region; else the one of the profile or environment.")(command)
    return click.option("--table", required=True, metavar="NAME", help="The stack's output TableName.")(command)
