"""`medic audit`: who changed what, and whether the trail of it is whole."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Final

import click

from bot.aws.audit import AuditTrail
from bot.aws.audit_check import CopyList, Verdict, check
from bot.aws.clients import Boto3Clients, Connection
from bot.aws.table import Table
from bot.cli.options import json_option, table_options
from bot.models.audit import AuditEntry

EXIT_BROKEN: Final = 1


@click.group()
def audit() -> None:
    """Read the audit trail of changes."""


@audit.command()
@table_options
@click.option("--bucket", metavar="NAME", help="The stack's parameter AuditBucketName: each entry's copy there is checked too.")
@json_option
def verify(table: str, region: str | None, profile: str | None, bucket: str | None, as_json: bool) -> int:
    """Check that no entry of the trail was taken out, edited or put in.

    Only reads. Exit status: 0 the trail is whole; 1 it is broken, with the number of each entry, or could not be read.

    Without --bucket it cannot be seen when the last entries were taken away together with all that points at them.
    """
    aws = Boto3Clients(Connection(region=region, profile=profile))
    verdict = check(Table(aws, table), CopyList.read(aws, bucket) if bucket else None)
    if as_json:
        click.echo(json.dumps({"is_whole": verdict.is_whole, **dataclasses.asdict(verdict)}, indent=2))
    else:
        _print_verdict(verdict)
    return 0 if verdict.is_whole else EXIT_BROKEN


@audit.command()
@click.argument("function")
@table_options
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many entries at most.")
@json_option
def show(function: str, table: str, region: str | None, profile: str | None, limit: int, as_json: bool) -> int:
    """Show the last entries about FUNCTION, newest first."""
    entries = AuditTrail(Table(Boto3Clients(Connection(region=region, profile=profile)), table)).about(function, limit)
    if as_json:
        click.echo(json.dumps([{**entry.model_dump(mode="json"), "hash": entry.hash} for entry in entries], indent=2))
        return 0
    for entry in entries:
        click.echo(_line(entry))
    if not entries:
        click.echo(f"no entry about {function}")
    return 0


def _print_verdict(verdict: Verdict) -> None:
    copies = "" if verdict.copies is None else f", {verdict.copies} copies"
    click.echo(f"{verdict.entries} entries{copies}: {'whole' if verdict.is_whole else 'BROKEN'}")
    for fault in verdict.faults:
        click.echo(f"  {fault.number}  {fault.kind}: {fault.text}")


def _line(entry: AuditEntry) -> str:
    at = datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    details = json.dumps(entry.details, ensure_ascii=False, default=str) if entry.details else ""
    told = f"{entry.number:>6}  {at}Z  {entry.event:<15} {entry.by:<14} {entry.action or '-':<26} {entry.change_id or '-'}  {details}"
    return told.rstrip()
