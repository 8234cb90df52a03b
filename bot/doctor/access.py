"""What the three roles may do: IAM's own simulation, so that nothing is changed by asking."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.alarms import target
from bot.doctor.changing import first_changeable
from bot.doctor.finding import Deployment, Finding, unread
from bot.evidence import chart
from bot.evidence.collectors import required_actions
from bot.ports import AwsClients
from bot.remediations.offers import REMEDIATIONS

BATCH: Final = 50
"""SimulatePrincipalPolicy pages its results; small batches keep each answer on one page.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"""

FORBIDDEN: Final = {
    "AckFunctionName": (
        "lambda:UpdateFunctionConfiguration",
        "lambda:GetFunctionConfiguration",
        "iam:PutRolePolicy",
        "logs:FilterLogEvents",
    ),
    "InvestigateFunctionName": ("lambda:UpdateFunctionConfiguration", "lambda:AddPermission", "iam:PutRolePolicy", "apigateway:PATCH"),
    "RemediateFunctionName": ("lambda:DeleteFunction", "lambda:UpdateFunctionCode", "iam:AttachRolePolicy", "iam:CreateRole"),
}
"""A sample of what no role of the bot's may ever do; the template's tests try all of it."""

_READING: Final = re.compile(r":(Get|GET$|List|Describe|Lookup|Simulate)")

BY_CONDITION: Final = frozenset({"lambda:UpdateEventSourceMapping"})
"""Allowed by a condition on the mapping's function, which a simulation without that mapping cannot judge."""


def check_reading(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """May the workers read everything that they ask for?"""
    asked = {
        "InvestigateFunctionName": ("investigating", required_actions() | target.IAM_ACTIONS | chart.IAM_ACTIONS, "evidence"),
        "RemediateFunctionName": ("changing", _of_remediations(is_read=True), "reads"),
    }
    for output, (worker, actions, policy) in asked.items():
        what, role, declared = f"reads of the {worker} worker", deployment.role_arn(output), sorted(actions)
        try:
            refused = [action for action, decision in decisions(aws, role, declared) if decision != "allowed"]
        except (BotoCoreError, ClientError) as exc:
            yield unread(what, f"iam:SimulatePrincipalPolicy of {role}", exc)
            continue
        if refused:
            mend = f"add them to the role's policy `{policy}`, or look for a boundary or organisation policy; without them it has gaps"
            yield Finding("fault", what, f"{len(refused)} of {len(declared)} actions are refused: {', '.join(refused)}", mend)
        else:
            yield Finding("ok", what, f"all {len(declared)} actions are allowed")


def check_changing(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """May the changing worker write what ChangeableFunctions names, and its own functions never?"""
    what, role = "writes of the changing worker", deployment.role_arn("RemediateFunctionName")
    writes = sorted(action for action in _of_remediations(is_read=False) - BY_CONDITION if action.startswith("lambda:"))
    try:
        named = first_changeable(deployment, aws)
        own = str(deployment.functions["AckFunctionName"].get("FunctionArn", ""))
        refused = [action for action, decision in decisions(aws, role, writes, named) if decision != "allowed"] if named else []
        allowed = [action for action, decision in decisions(aws, role, writes, own) if decision == "allowed"] if own else []
    except (BotoCoreError, ClientError) as exc:
        yield unread(what, f"iam:SimulatePrincipalPolicy of {role}", exc)
        return
    if refused:
        mend = "deploy the stack again, or look for a boundary or organisation policy"
        yield Finding("fault", what, f"{len(refused)} of {len(writes)} are refused on {named}: {', '.join(refused)}", mend)
    if allowed:
        yield Finding("fault", what, f"may change the bot's own {own}: {', '.join(allowed)}", "deploy the stack again")
    if named and not refused and not allowed:
        yield Finding("ok", what, f"all {len(writes)} are allowed on {named.rpartition(':')[2]}, none on the bot's own functions")


def check_forbidden(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Has anybody widened a role?"""
    for output, actions in FORBIDDEN.items():
        role = deployment.role_arn(output)
        what = f"role {role.rpartition('/')[2] or output}"
        try:
            allowed = [action for action, decision in decisions(aws, role, actions) if decision == "allowed"]
        except (BotoCoreError, ClientError) as exc:
            yield unread(what, f"iam:SimulatePrincipalPolicy of {role}", exc)
            continue
        if allowed:
            yield Finding("fault", what, f"may do what it must not: {', '.join(allowed)}", "remove the policy that somebody attached to it")
        else:
            yield Finding("ok", what, "may do nothing that it must not")


def decisions(aws: AwsClients, role_arn: str, actions: Sequence[str], resource: str = "*") -> Iterator[tuple[str, str]]:
    """Yield each action with IAM's decision about it.

    Raises:
        BotoCoreError, ClientError: IAM could not be asked.
    """
    iam = aws.client("iam")
    for at in range(0, len(actions), BATCH):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=role_arn, ActionNames=list(actions[at : at + BATCH]), ResourceArns=[resource]
        )
        yield from ((result["EvalActionName"], result["EvalDecision"]) for result in answer["EvaluationResults"])


def _of_remediations(*, is_read: bool) -> frozenset[str]:
    declared = frozenset[str]().union(*(remediation.iam_actions for _, remediation in REMEDIATIONS.items()))
    return frozenset(action for action in declared if bool(_READING.search(action)) == is_read)
