"""`medic serve`: Socket Mode, for who can expose no URL."""

from __future__ import annotations

import os
import signal
import time

import click

from bot.errors import InputError

TOKEN_VARIABLE = "SLACK_APP_TOKEN"  # noqa: S105 - a name


@click.command()
@click.option("--stack", default="lambda-medic", show_default=True, help="Name of the deployed stack, whose queues take the work.")
@click.option("--region", help="Its region. Default: that of your environment or profile.")
@click.option("--profile", help="A profile of your AWS configuration.")
@click.option(
    "--app-token-parameter",
    metavar="NAME",
    help=f"SSM SecureString with the app-level token (xapp-...). Default: variable {TOKEN_VARIABLE}.",
)
def serve(stack: str, region: str | None, profile: str | None, app_token_parameter: str | None) -> int:
    """Take Slack's requests over a connection that goes out from here, instead of through the function URL.

    The app needs Socket Mode and an app-level token with connections:write; `medic manifest --socket-mode` prints its manifest.
    Runs until Ctrl-C. Several may run at once: Slack gives each request to one of them.
    """
    from slack_sdk.errors import SlackApiError

    from bot import log
    from bot.ack.answers import Answers
    from bot.ack.slack import Slack
    from bot.aws.clients import Boto3Clients, Connection
    from bot.aws.queues import SqsCommandQueue
    from bot.aws.secrets import Secret
    from bot.bootstrap import function_directory
    from bot.doctor.stack import read_deployment
    from bot.entrypoints.socket_mode import ServedQueue, connected, quiet_names

    aws = Boto3Clients(Connection(region=region, profile=profile))
    deployment = read_deployment(stack, aws)
    token = Secret(aws, app_token_parameter).value() if app_token_parameter else os.environ.get(TOKEN_VARIABLE, "")
    if not token.startswith("xapp-"):
        raise InputError(f"{app_token_parameter or TOKEN_VARIABLE}: holds no app-level token (xapp-...)")
    outputs = deployment.outputs
    api_url = deployment.variable("InvestigateFunctionName", "SLACK_API_URL") or "https://slack.com/api/"
    bot_token = Secret(aws, deployment.variable("InvestigateFunctionName", "SLACK_BOT_TOKEN_PARAMETER"))
    queue = SqsCommandQueue(aws, {"work": outputs["WorkQueueUrl"], "change": outputs["ChangeQueueUrl"]})
    log.configure()
    answers = Answers(
        queue=ServedQueue(queue),
        slack=Slack(bot_token.value, api_url),
        names=quiet_names(function_directory(outputs["TableName"], aws).names),
        clock=time.time,
    )
    try:
        client = connected(answers, token, api_url)
    except SlackApiError as exc:
        raise InputError(f"Slack refuses the app-level token: {exc.response.get('error')}") from exc
    click.echo(f"connected; requests go to the queues of {stack}. Ctrl-C ends it.", err=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        client.close()
    return 0
