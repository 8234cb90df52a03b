"""`medic feedback`: what people said of a diagnosis, made into a case that the playbooks are tested with."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.options import table_options
from bot.errors import InputError


@click.group()
def feedback() -> None:
    """What people said of diagnoses in Slack."""


@feedback.command()
@click.argument("incident_id")
@table_options
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Folder of playbooks; cases go below it. Default: here."
)
def export(incident_id: str, table: str, region: str | None, profile: str | None, out: Path) -> int:
    """Write the graded incident INCIDENT_ID as cases: its true cause's playbook must match, one that was wrong must stay silent.

    The evidence was redacted when it was gathered. Read the case before you commit it: it holds your log lines.
    """
    from bot.aws.clients import Boto3Clients, Connection
    from bot.bootstrap import feedback_store, incident_store
    from bot.playbooks.harvest import cases_from

    aws = Boto3Clients(Connection(region=region, profile=profile))
    findings = incident_store(table, aws).latest(incident_id)
    if findings is None:
        raise InputError(f"{incident_id}: no evidence of it is kept in {table} (any more; it is kept for 30 days)")
    said = findings.answer.diagnoses[0].cause if findings.answer.diagnoses else ""
    for case in cases_from(incident_id, findings.evidence, said, feedback_store(table, aws).votes(incident_id)):
        path = out / case.place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(case.text, encoding="utf-8")
        click.echo(str(path))
    return 0
