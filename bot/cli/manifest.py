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
@click.option("--url", callback=_https_url, help="Address of the deployed AckFunction: the stack's output FunctionUrl.")
@click.option("--socket-mode", is_flag=True, help="For `medic serve`: Slack sends nothing to a URL.")
def manifest(url: str | None, socket_mode: bool) -> int:
    """Print the Slack app manifest: paste it at api.slack.com/apps, "From a manifest"."""
    if bool(url) == socket_mode:
        raise click.UsageError("say one of --url and --socket-mode")
    click.echo(json.dumps(app_manifest(url, socket_mode=socket_mode), indent=2))
    return 0
