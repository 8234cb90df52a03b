"""What leads to the bot, and who may let it change something: alarms, approval rules, routes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.doctor.finding import Deployment, Finding, Level, code_of, unread
from bot.errors import InputError
from bot.ports import AwsClients
from bot.workflow.changes.rules import load_rules

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
    loose = [alarm["AlarmName"] for alarm in alarms if alarm not in wired and alarm.get("Namespace") in OURS]
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


def check_rules(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Who may ask for and approve a change?"""
    what, name = "approval rules", deployment.variable("RemediateFunctionName", "APPROVAL_RULES_PARAMETER")
    if not name:
        mend = "write rules (docs/approvals.md), put them into a parameter, and deploy with ApprovalRulesParameter"
        yield Finding("note", what, "none: nobody can make a change; buttons show the command to run by hand", mend)
        return
    try:
        text = aws.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except (BotoCoreError, ClientError) as exc:
        level: Level = "fault" if code_of(exc) == "ParameterNotFound" else "unknown"
        yield Finding(
            level, what, f"{name}: {code_of(exc)}", f"aws ssm put-parameter --type String --name {name} --value file://approvals.yaml"
        )
        return
    try:
        rules = load_rules(text, name)
    except InputError as exc:
        yield Finding("fault", what, f"cannot be read, so nobody can make a change: {exc}", "medic approvals check approvals.yaml")
        return
    yield Finding("ok", what, f"{len(rules.rules)} rules")
    if not deployment.parameters.get("ChangeableFunctions"):
        mend = "deploy with ChangeableFunctions, for example ChangeableFunctions='prod-*'"
        yield Finding("fault", what, "there are rules, but the role may change no function", mend)
    if deployment.variable("RemediateFunctionName", "DRY_RUN") == "on":
        yield Finding("note", what, "this deployment rehearses: no change is ever made", "deploy with DryRun=off when you trust it")


def _alarms(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
