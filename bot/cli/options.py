"""Options that several subcommands share."""

from __future__ import annotations

from pathlib import Path

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output, nothing else.")

playbooks_option = click.option(
    "--playbooks",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of your own playbooks: adds to the shipped set, and overrides it by id.",
)
