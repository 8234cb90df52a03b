"""The way to Slack and back: secrets, scopes, the channel, and the public endpoint itself."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.doctor.finding import Deployment, Finding, code_of
from bot.ports import AwsClients
from bot.slack.manifest import bot_scopes

TIMEOUT_S: Final = 10

CHANNEL_MENDS: Final = {
    "channel_not_found": "take the channel's id (C...), and invite the bot with /invite: a private channel is not found without that",
    "not_in_channel": "invite the bot to the channel: /invite @Lambda Medic",
    "is_archived": "unarchive the channel, or deploy with another DefaultChannel",
    "missing_scope": "install the app again with the manifest that `medic manifest` prints",
}


def check_slack(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Is the bot token good, is it as wide as needed and no wider, and can the channel be posted to?"""
    token, problem = _secret(aws, deployment.variable("InvestigateFunctionName", "SLACK_BOT_TOKEN_PARAMETER"))
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
    yield from _channel(client, deployment.parameters.get("DefaultChannel", ""), str(answer.get("user_id")))


def check_endpoint(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Does the public endpoint let Slack in, and nobody else?"""
    what, url = "the public endpoint", deployment.outputs["FunctionUrl"]
    secret, problem = _secret(aws, deployment.variable("AckFunctionName", "SLACK_SIGNING_SECRET_PARAMETER"))
    if secret is None:
        yield problem
        return
    body = json.dumps({"type": "url_verification", "challenge": "medic-doctor"})
    try:
        refused, _ = _post(url, body, {})
        taken, said = _post(url, body, _signed(body, secret))
    except (OSError, http.client.HTTPException) as exc:
        yield Finding("unknown", what, f"{url} could not be reached from here: {exc}", "try from a network that reaches it, as Slack must")
        return
    if refused != 401:
        yield Finding("fault", what, f"answers {refused} to a request without a signature; expected 401", "deploy the stack again")
    if taken == 200 and "medic-doctor" in said:
        yield Finding("ok", what, "lets signed requests in and refuses others")
    else:
        mend = (
            "compare the signing secret in the parameter with the app's at api.slack.com/apps; a changed one is in use after five minutes"
        )
        yield Finding("fault", what, f"answers {taken} to a request signed with the secret in the parameter", mend)


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


def _channel(client: WebClient, channel: str, bot_user: str) -> Iterator[Finding]:
    """Try the channel with a message that nobody sees: one for the bot itself alone.

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
    else:
        yield Finding("ok", f"channel {channel}", "can be posted to")


def _secret(aws: AwsClients, name: str) -> tuple[str | None, Finding]:
    """Return a secret, or why there is none; its value goes nowhere else."""
    what = f"secret {name or '(no name)'}"
    if not name:
        return None, Finding("fault", what, "the function's environment does not name its parameter", "deploy the stack again")
    try:
        found: str = aws.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except (BotoCoreError, ClientError) as exc:
        if code_of(exc) == "ParameterNotFound":
            mend = f"aws ssm put-parameter --type SecureString --name {name} --value ..."
            return None, Finding("fault", what, "there is no such parameter", mend)
        return None, Finding("unknown", what, f"could not be read: {code_of(exc)}", "run it with credentials that may read it")
    if found != found.strip() or not found:
        return None, Finding("fault", what, "is empty, or has a space or line end around it", "put it again without them")
    return found, Finding("ok", what, "is there")


def _signed(body: str, secret: str) -> dict[str, str]:
    """Return the headers that Slack would send. Source: https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _post(url: str, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
    parts = urlsplit(url)
    cls = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = cls(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", parts.path or "/", body=body, headers={"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


def _said(exc: SlackApiError) -> str:
    needed = exc.response.get("needed")
    return f"{exc.response.get('error', exc)}{f' (needed: {needed})' if needed else ''}"
