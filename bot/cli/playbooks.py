"""`medic playbooks`: check, test, document and explain playbooks."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bot.cli.options import playbooks_option
from bot.errors import InputError, PlaybookError
from bot.models.incident_file import IncidentFile
from bot.playbooks.difference import changes, incident_files, playbooks_at
from bot.playbooks.engine import examine
from bot.playbooks.explain import explain as explain_lines
from bot.playbooks.lint import lint as lint_path
from bot.playbooks.lint import path_of, sources_in, survey_with_shipped
from bot.playbooks.loader import load
from bot.playbooks.pages import write_pages
from bot.playbooks.schema import schema as playbook_schema
from bot.playbooks.shipped import load_with_shipped, shipped_folder
from bot.playbooks.trial import try_playbooks

FINE = 0
FINDINGS = 1

path_argument = click.argument("path", type=click.Path(path_type=Path), required=False)


@click.group()
def playbooks() -> None:
    """Work on playbooks. Exit status: 0 fine, 1 findings, 2 unusable input."""


def _existing(path: Path | None) -> Path:
    chosen = path or shipped_folder()
    if not chosen.exists():
        raise InputError(f"{chosen}: no such file or folder")
    return chosen


@playbooks.command()
@path_argument
def lint(path: Path | None) -> int:
    """Print everything that is wrong with the playbooks at PATH (the shipped ones when it is not given)."""
    chosen = _existing(path)
    found = lint_path(chosen)
    for finding in found:
        click.echo(finding)
    number = len(sources_in(survey_with_shipped(chosen), chosen))
    click.echo(f"{number} playbook{'s' * (number != 1)}, {len(found)} finding{'s' * (len(found) != 1)}", err=True)
    return FINDINGS if found else FINE


@playbooks.command()
@path_argument
@click.option("--no-mutations", is_flag=True, help="Run the cases only, without changing thresholds.")
@click.option("--strict", is_flag=True, help="Fail also when a changed threshold is noticed by no case.")
def test(path: Path | None, no_mutations: bool, strict: bool) -> int:
    """Run the cases beside the playbooks at PATH, and report thresholds that no case watches."""
    trial = try_playbooks(_existing(path), mutate=not no_mutations)
    for failure in trial.failed:
        click.echo(f"FAILED {failure}")
    for unwatched in trial.unwatched:
        click.echo(f"UNWATCHED {unwatched}")
    click.echo(
        f"{trial.playbooks} playbooks, {trial.cases} cases: {len(trial.failed)} failures; "
        f"{trial.mutants} changed thresholds: {len(trial.unwatched)} noticed by no case"
    )
    return FINDINGS if trial.failed or (strict and trial.unwatched) else FINE


@playbooks.command()
def schema() -> int:
    """Print the JSON Schema of a playbook, for completion in editors."""
    click.echo(json.dumps(playbook_schema(), indent=2))
    return FINE


@playbooks.command()
@path_argument
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), default=Path("docs/playbooks"), show_default=True)
@click.option("--check", is_flag=True, help="Write nothing; fail when the pages in the folder are not up to date.")
def docs(path: Path | None, output: Path, check: bool) -> int:
    """Write a page for each playbook at PATH, and an index."""
    chosen = _existing(path)
    loaded = survey_with_shipped(chosen)
    sources = sources_in(loaded, chosen)
    faults = [fault for fault in loaded.faults if path_of(fault) in {str(source.path) for source in sources} or not sources]
    if faults:
        raise PlaybookError(faults)
    stale = write_pages(sources, output, check=check)
    for page in stale:
        click.echo(f"{page}: {'is not up to date; run `medic playbooks docs`' if check else 'written'}")
    return FINDINGS if check and stale else FINE


@playbooks.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--only", metavar="ID", help="One playbook, and not all of them.")
@playbooks_option
def explain(file: Path, only: str | None, playbooks: Path | None) -> int:
    """Say why each playbook did or did not match the incident in FILE, condition by condition."""
    known = load_with_shipped(playbooks)
    ids = [playbook.id for playbook in known]
    if only is not None and only not in ids:
        raise InputError(f"unknown playbook {only!r}; known: {', '.join(ids)}")
    for line in explain_lines(examine(IncidentFile.load(file), known), only):
        click.echo(line)
    return FINE


@playbooks.command()
@click.option("--base", required=True, metavar="REV", help="The git revision to compare with.")
@click.argument("folder", type=click.Path(path_type=Path))
@playbooks_option
def diff(base: str, folder: Path, playbooks: Path | None) -> int:
    """List the incidents in FOLDER whose first answer differs between the playbooks at REV and those on disk."""
    chosen = playbooks or shipped_folder()
    files = incident_files(_existing(folder))
    found = list(changes(files, playbooks_at(base, chosen), load([chosen])))
    for change in found:
        click.echo(f"{change.path}: {change.before} -> {change.after}")
    click.echo(f"{len(files)} incidents, {len(found)} with another answer", err=True)
    return FINDINGS if found else FINE
