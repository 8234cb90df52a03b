"""`medic doctor`: checks a deployment and says how to mend what is wrong."""

from __future__ import annotations

import json

import click

MARKS = {"ok": "ok     ", "note": "note   ", "fault": "FAULT  ", "unknown": "unknown"}

EXIT_FAULTS = 1


@click.command()
@click.option("--stack", default="lambda-medic", show_default=True, help="Name of the deployed stack.")
@click.option("--region", help="Its region. Default: that of your environment or profile.")
@click.option("--profile", help="A profile of your AWS configuration.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a finding.")
def doctor(stack: str, region: str | None, profile: str | None, as_json: bool) -> int:
    """Check the deployment: functions, queues, dead letters, secrets, scopes, channel, permissions, alarms and approval rules.

    Nothing is changed and nobody sees a message. Exit status: 0 no fault was found, 1 there are faults, 2 there is no such stack.
    """
    from dataclasses import asdict

    from bot.aws.clients import Boto3Clients, Connection
    from bot.doctor.examine import examine
    from bot.doctor.stack import read_deployment

    aws = Boto3Clients(Connection(region=region, profile=profile))
    faults = 0
    for finding in examine(read_deployment(stack, aws), aws):
        faults += finding.level == "fault"
        if as_json:
            click.echo(json.dumps(asdict(finding)))
            continue
        click.echo(f"{MARKS[finding.level]}  {finding.part}: {finding.said}")
        if finding.mend:
            click.echo(f"         → {finding.mend}")
    if not as_json:
        click.echo(f"{faults or 'no'} fault{'' if faults == 1 else 's'} found", err=True)
    return EXIT_FAULTS if faults else 0
