"""What leads to the bot, and where its incidents go: alarms, routes, and who hears that the bot itself fails."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.doctor.finding import Deployment, Finding, code_of, unread
from bot.errors import SettingsError
from bot.ports import AwsClients
from bot.workflow.routing import Route, parse

MAX_ALARMS: Final = 2000

OURS: Final = ("AWS/Lambda", "AWS/ApiGateway", "AWS/ApplicationELB")
"""Namespaces whose alarms the bot is made for."""


def check_alarms(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Do alarms reach the bot?"""
    what = "alarms"
    if deployment.parameters.get("AlarmEvents") == "on":
        yield Finding("ok", what, "every alarm of the account and region arrives through EventBridge")
        return
    topics = {
        deployment.outputs.get("AlarmTopicArn", ""),
        *(deployment.parameters.get(f"ExistingTopicArn{n}", "") for n in range(1, 6)),
    } - {""}
    try:
        pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        alarms = list(islice((alarm for page in pages for alarm in _alarms(page)), MAX_ALARMS))
    except (BotoCoreError, ClientError) as exc:
        yield unread(what, "cloudwatch:DescribeAlarms", exc)
        return
    wired = [alarm for alarm in alarms if topics & set(alarm.get("AlarmActions", []))]
    loose = [alarm["AlarmName"] for alarm in alarms if alarm not in wired and _is_for(deployment, alarm)]
    if not wired:
        topic = deployment.outputs.get("AlarmTopicArn")
        mend = f"add {topic} to their actions, name your topics in ExistingTopicArn1 to 5, or set AlarmEvents=on"
        yield Finding("fault", what, f"none of {len(alarms)} alarms leads here", mend)
        return
    quiet = [alarm["AlarmName"] for alarm in wired if not topics & set(alarm.get("OKActions", []))]
    yield Finding("ok", what, f"{len(wired)} of {len(alarms)} lead here")
    if quiet:
        yield Finding("note", what, f"{len(quiet)} never tell that they recovered: {_few(quiet)}", "add the topic to their OK actions too")
    if loose:
        yield Finding(
            "note", what, f"{len(loose)} about functions or APIs do not lead here: {_few(loose)}", "add the topic to their actions"
        )


def check_operator(deployment: Deployment, _aws: AwsClients) -> Iterator[Finding]:
    """Who hears that the bot itself fails?"""
    if deployment.parameters.get("OperatorTopicArn"):
        yield Finding("ok", "alarms about the bot itself", f"go to {deployment.parameters['OperatorTopicArn']}")
    else:
        yield Finding("note", "alarms about the bot itself", "tell nobody", "deploy with OperatorTopicArn, a topic that people read")


def check_routes(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Can the channel routes be used? Their channels are tried together with the default one."""
    what, name = "channel routes", deployment.variable("InvestigateFunctionName", "ROUTES_PARAMETER")
    if not name:
        yield Finding("ok", what, "none: everything goes into the default channel")
        return
    mend = f"put valid routes (docs/incidents.md) there: aws ssm put-parameter --overwrite --type String --name {name} --value file://routes.yaml"
    try:
        routes = routes_of(deployment, aws)
    except SettingsError as exc:
        yield Finding("fault", what, f"cannot be used, so everything goes into the default channel: {exc}", mend)
    except (BotoCoreError, ClientError) as exc:
        if code_of(exc) == "ParameterNotFound":
            yield Finding("fault", what, f"{name}: there is no such parameter, so everything goes into the default channel", mend)
        else:
            yield unread(what, f"ssm:GetParameter of {name}", exc)
    else:
        yield Finding("ok", what, f"{len(routes)} in {name}")


def routes_of(deployment: Deployment, aws: AwsClients) -> tuple[Route, ...]:
    """Return the routes, none where no parameter is named.

    Raises:
        SettingsError: They are not valid.
        BotoCoreError, ClientError: They could not be read.
    """
    name = deployment.variable("InvestigateFunctionName", "ROUTES_PARAMETER")
    if not name:
        return ()
    return parse(aws.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"], name)


def _is_for(deployment: Deployment, alarm: dict[str, Any]) -> bool:
    """Tell whether an alarm is one that the bot is made for; those about itself go to the operator."""
    own = {deployment.outputs[output] for output in deployment.functions}
    about = {dimension.get("Value") for dimension in alarm.get("Dimensions", [])}
    return alarm.get("Namespace") in OURS and not own & about


def _alarms(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
