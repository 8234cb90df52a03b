"""`medic manifest`: the Slack app manifest for this deployment."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import click

from bot.slack.manifest import app_manifest


def _https_url(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname:
        raise click.BadParameter(f"{value!r}: expected the https:// address of the AckFunction (stack output AckFunctionUrl)")
    return value


@click.command()
@click.option("--url", required=True, callback=_https_url, help="Address of the deployed AckFunction: the stack's output AckFunctionUrl.")
def manifest(url: str) -> int:
    """Print the Slack app manifest: paste it at api.slack.com/apps, "From a manifest"."""
    click.echo(json.dumps(app_manifest(url), indent=2))
    return 0
