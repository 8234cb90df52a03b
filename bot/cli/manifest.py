"""`medic manifest`: the Slack app manifest for this deployment."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import click

from bot.slack.manifest import app_manifest


def _https_url(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname:
        raise click.BadParameter(f"{value!r}: expected the https:// address of the AckFunction (stack output FunctionUrl)")
    return value


@click.command()
@click.option("--stack", metavar="NAME", help="The deployed stack, whose output FunctionUrl is read.")
@click.option("--url", callback=_https_url, help="That address itself, for who may not read the stack.")
@click.option("--socket-mode", is_flag=True, help="For `medic serve`: Slack sends nothing to a URL.")
@click.option("--region", help="The stack's region. Default: that of your environment or profile.")
@click.option("--profile", help="A profile of your AWS configuration.")
def manifest(stack: str | None, url: str | None, socket_mode: bool, region: str | None, profile: str | None) -> int:
    """Print the Slack app manifest: paste it at api.slack.com/apps, "From a manifest".

    \b
    medic manifest --stack lambda-medic
    """
    if [bool(stack), bool(url), socket_mode].count(True) != 1:
        raise click.UsageError("say one of --stack, --url and --socket-mode")
    if stack:
        url = _url_of(stack, region, profile)
    click.echo(json.dumps(app_manifest(url, socket_mode=socket_mode), indent=2))
    return 0


def _url_of(stack: str, region: str | None, profile: str | None) -> str:
    from bot.aws.clients import Boto3Clients, Connection
    from bot.doctor.stack import read_outputs

    return read_outputs(stack, Boto3Clients(Connection(region=region, profile=profile)))["FunctionUrl"]
