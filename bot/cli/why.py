"""`medic why`: ask a real account why a function fails."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from bot.aws.clients import Boto3Clients, Connection
from bot.cli.options import json_option, playbooks_option
from bot.cli.output import print_answer
from bot.cli.progress import CollectorProgress
from bot.errors import BotError
from bot.evidence.collect import collect
from bot.models.incident_file import Client, IncidentFile, Target
from bot.models.receipt import Receipt
from bot.models.window import Window
from bot.playbooks.engine import diagnose
from bot.playbooks.shipped import load_with_shipped
from bot.question import Question, parse

CREDENTIAL_CODES: Final = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "RequestExpired",
    }
)
"""botocore's exceptions and AWS's codes that mean: no question was answered, since the credentials are not good.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html, botocore.exceptions
"""


@click.command()
@click.argument("function")
@click.argument("status", required=False)
@click.option("--since", default="30m", show_default=True, help="How far to look back: 30m, 2h, 1d.")
@click.option("--region", help="AWS region; else the one of the profile or environment.")
@click.option("--profile", help="Profile of the AWS configuration.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the incident file here.")
@json_option
@playbooks_option
def why(
    function: str,
    status: str | None,
    since: str,
    region: str | None,
    profile: str | None,
    save: Path | None,
    as_json: bool,
    playbooks: Path | None,
) -> int:
    """Find why FUNCTION (a name, name:alias or ARN) fails; callers see STATUS, if you know it.

    Only reads. What may not be read is listed, with the operation that was refused.
    """
    question = parse(" ".join(filter(None, [function, status, f"--since={since}", f"--region={region}" if region else None])))
    rules = load_with_shipped(playbooks)
    incident, receipt = _ask(question, profile)
    _refuse_useless(incident)
    if save:
        save.write_text(incident.to_json(), encoding="utf-8")
        click.echo(f"saved {save}", err=True)
    answer = diagnose(incident, rules)
    print_answer(answer, as_json=as_json)
    logs = receipt.logs
    read = f"{logs.bytes:,} of {logs.bytes_allowed:,} log bytes"
    click.echo(f"{receipt.seconds:.1f} s, {receipt.api_calls} API calls, {read}, {len(incident.gaps)} gaps", err=True)
    return answer.exit_status


def _ask(question: Question, profile: str | None) -> tuple[IncidentFile, Receipt]:
    aws = Boto3Clients(Connection(region=question.region, profile=profile))
    # Made here so that an unknown profile or no region is an unusable argument, and not a gap in every section.
    aws.client("lambda")
    target = Target(
        function_name=question.function_name,
        qualifier=question.qualifier,
        region=question.region or aws.region,
        account_id=question.account_id,
        front_door=None,
    )
    now = datetime.now(UTC)
    with CollectorProgress(Console(stderr=True)) as progress:
        collected = collect(
            target,
            Window.last(question.since_minutes, now),
            aws,
            client=Client(status=question.status) if question.status else None,
            progress=progress.show,
            now=now,
        )
    return collected.incident, collected.receipt


def _refuse_useless(incident: IncidentFile) -> None:
    """Say so when no question was answered at all, rather than diagnose from nothing."""
    bad = [gap for gap in incident.gaps if gap.code in CREDENTIAL_CODES]
    if bad and incident.state("function") != "present":
        raise BotError(f"AWS did not accept the credentials ({bad[0].code}): {bad[0].message}")
