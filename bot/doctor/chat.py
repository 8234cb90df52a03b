"""The way to Slack: its token, the scopes, and the channels that incidents go to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.doctor.finding import Deployment, Finding
from bot.doctor.secret import secret
from bot.doctor.wiring import routes_of
from bot.errors import InputError
from bot.ports import AwsClients
from bot.slack.manifest import bot_scopes

TIMEOUT_S: Final = 10

MAX_CHANNELS: Final = 20
"""Each is tried with a call of its own."""

CHANNEL_MENDS: Final = {
    "channel_not_found": "take the channel's id (C...), and invite the bot with /invite: a private channel is not found without that",
    "not_in_channel": "invite the bot to the channel: /invite @Lambda Medic",
    "is_archived": "unarchive the channel, or deploy with another DefaultChannel (for a route: name another channel)",
    "missing_scope": "install the app again with the manifest that `medic manifest` prints",
}


def check_slack(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Is the bot token good, is it as wide as needed and no wider, and can the channels be posted to?"""
    token, problem = secret(aws, deployment.variable("InvestigateFunctionName", "SLACK_BOT_TOKEN_PARAMETER"))
    if token is None:
        yield problem
        return
    api_url = deployment.variable("InvestigateFunctionName", "SLACK_API_URL") or "https://slack.com/api/"
    client = WebClient(token=token, base_url=api_url, timeout=TIMEOUT_S)
    try:
        answer = client.auth_test()
    except SlackApiError as exc:
        mend = "put the token that api.slack.com/apps shows under OAuth & Permissions into the parameter"
        yield Finding("fault", "Slack's bot token", f"Slack refuses it: {_said(exc)}", mend)
        return
    except OSError as exc:
        yield Finding("unknown", "Slack", f"could not be reached from here: {exc}", "try from a network that reaches Slack")
        return
    yield Finding("ok", "Slack's bot token", f"is good: {answer.get('user')} in {answer.get('team')}")
    yield from _scopes(answer.headers)
    for channel in _channels(deployment, aws):
        yield from _channel(client, channel, str(answer.get("user_id")))


def _scopes(headers: Mapping[str, Any]) -> Iterator[Finding]:
    listed = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if not listed:
        yield Finding("unknown", "Slack's scopes", "Slack did not say which scopes the token has")
        return
    given, wanted = {scope.strip() for scope in str(listed).split(",")}, set(bot_scopes())
    if wanted - given:
        mend = "install the app again with the manifest that `medic manifest` prints"
        yield Finding("fault", "Slack's scopes", f"missing: {', '.join(sorted(wanted - given))}", mend)
    elif given - wanted:
        yield Finding("note", "Slack's scopes", f"wider than needed: {', '.join(sorted(given - wanted))}", "remove them from the app")
    else:
        yield Finding("ok", "Slack's scopes", "are those that the bot uses")


def _channels(deployment: Deployment, aws: AwsClients) -> list[str]:
    """Return the default channel and those of the routes; what is wrong with the routes is a finding of its own."""
    try:
        routed = [route.channel for route in routes_of(deployment, aws)]
    except (BotoCoreError, ClientError, InputError):
        routed = []
    return list(dict.fromkeys([deployment.parameters.get("DefaultChannel", ""), *routed]))[:MAX_CHANNELS]


def _channel(client: WebClient, channel: str, bot_user: str) -> Iterator[Finding]:
    """Try a channel with a message that nobody sees: one for the bot itself alone.

    Source: https://docs.slack.dev/reference/methods/chat.postEphemeral
    """
    try:
        client.chat_postEphemeral(channel=channel, user=bot_user, text="medic doctor")
    except SlackApiError as exc:
        code = str(exc.response.get("error", ""))
        if code in {"user_not_in_channel", "cannot_dm_bot"}:
            yield Finding("note", f"channel {channel}", "is there, but the bot is no member", CHANNEL_MENDS["not_in_channel"])
        else:
            mend = CHANNEL_MENDS.get(code, "see https://docs.slack.dev/reference/methods/chat.postMessage#errors")
            yield Finding("fault", f"channel {channel}", f"Slack says {_said(exc)}", mend)
    except OSError as exc:
        yield Finding("unknown", f"channel {channel}", f"Slack could not be reached: {exc}", "try again")
    else:
        yield Finding("ok", f"channel {channel}", "can be posted to")


def _said(exc: SlackApiError) -> str:
    needed = exc.response.get("needed")
    return f"{exc.response.get('error', exc)}{f' (needed: {needed})' if needed else ''}"
