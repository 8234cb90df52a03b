"""Letting it change things: the approval rules, what the role may change, and the trail of what was done."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.doctor.finding import Deployment, Finding, code_of, unread
from bot.errors import InputError
from bot.ports import AwsClients
from bot.workflow.changes.rules import load_rules

MAX_FUNCTIONS: Final = 5000


def check_rules(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Who may ask for and approve a change?"""
    what, name = "approval rules", deployment.variable("RemediateFunctionName", "APPROVAL_RULES_PARAMETER")
    if not name:
        mend = "write rules (docs/approvals.md), put them into a parameter, and deploy with ApprovalRulesParameter"
        yield Finding("note", what, "none: nobody can make a change; buttons show the command to run by hand", mend)
        return
    put = f"aws ssm put-parameter --overwrite --type String --name {name} --value file://approvals.yaml"
    try:
        text = aws.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except (BotoCoreError, ClientError) as exc:
        if code_of(exc) == "ParameterNotFound":
            yield Finding("fault", what, f"{name}: there is no such parameter, so nobody can make a change", put)
        else:
            yield unread(what, f"ssm:GetParameter of {name}", exc)
        return
    try:
        rules = load_rules(text, name)
    except InputError as exc:
        mend = f"medic approvals check approvals.yaml, then: {put}"
        yield Finding("fault", what, f"cannot be read, so nobody can make a change: {exc}", mend)
        return
    if rules.rules:
        yield Finding("ok", what, f"{len(rules.rules)} in {name}")
    else:
        yield Finding("note", what, f"{name} holds no rule: nobody can make a change", put)
    if not deployment.parameters.get("ChangeableFunctions"):
        mend = "deploy with ChangeableFunctions, for example ChangeableFunctions='prod-*'"
        yield Finding("fault", what, "there are rules, but the role may change no function", mend)
    if deployment.variable("RemediateFunctionName", "DRY_RUN") == "on":
        yield Finding("note", what, "this deployment rehearses: no change is ever made", "deploy with DryRun=off when you trust it")


def check_changeable(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Do the patterns name anything?"""
    roles = deployment.parameters.get("ChangeableRoles", "")
    pattern = deployment.parameters.get("ChangeableFunctions", "")
    if not pattern:
        if roles:
            yield Finding("note", "ChangeableRoles", "does nothing without ChangeableFunctions", "deploy with ChangeableFunctions")
        return
    try:
        known = _functions(deployment, aws)
    except (BotoCoreError, ClientError) as exc:
        yield unread("ChangeableFunctions", "lambda:ListFunctions", exc)
        return
    matched = [one for one in known if fnmatchcase(one["FunctionName"], pattern)]
    if not matched:
        mend = "compare it with `aws lambda list-functions`; upper and lower case differ"
        yield Finding("fault", "ChangeableFunctions", f"{pattern} names none of {len(known)} functions", mend)
        return
    yield Finding("ok", "ChangeableFunctions", f"{pattern} names {len(matched)} of {len(known)} functions")
    if not roles:
        return
    having = [one for one in matched if fnmatchcase(one["Role"].partition(":role/")[2], roles)]
    if having:
        yield Finding("ok", "ChangeableRoles", f"{roles} names the roles of {len(having)} of them")
    else:
        mend = f"a role is named with its path, for example {matched[0]['Role'].partition(':role/')[2]}"
        yield Finding("fault", "ChangeableRoles", f"{roles} names the role of none of them", mend)


def first_changeable(deployment: Deployment, aws: AwsClients) -> str:
    """Return the ARN of a function that ChangeableFunctions names, empty where there is none.

    Raises:
        BotoCoreError, ClientError: The functions could not be listed.
    """
    pattern = deployment.parameters.get("ChangeableFunctions", "")
    known = _functions(deployment, aws) if pattern else []
    return next((str(one["FunctionArn"]) for one in known if fnmatchcase(one["FunctionName"], pattern)), "")


def _functions(deployment: Deployment, aws: AwsClients) -> list[dict[str, Any]]:
    """Return the account's functions in this region but for the bot's own, which it can never change."""
    own = {deployment.outputs[output] for output in deployment.functions}
    pages = aws.client("lambda").get_paginator("list_functions").paginate()
    return list(islice((one for page in pages for one in page["Functions"] if one["FunctionName"] not in own), MAX_FUNCTIONS))
