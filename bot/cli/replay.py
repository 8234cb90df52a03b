"""`medic replay`: diagnose a saved incident file; no AWS account is asked."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.options import json_option, playbooks_option
from bot.cli.output import print_answer
from bot.models.incident_file import IncidentFile
from bot.playbooks.engine import diagnose
from bot.playbooks.shipped import load_with_shipped


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@playbooks_option
def replay(file: Path, as_json: bool, playbooks: Path | None) -> int:
    """Diagnose the incident in FILE, which `medic why --save` or another tool wrote."""
    answer = diagnose(IncidentFile.load(file), load_with_shipped(playbooks))
    print_answer(answer, as_json=as_json)
    return answer.exit_status
