"""What the three roles may do: IAM's own simulation, so that nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.alarms import target
from bot.doctor.finding import Deployment, Finding, unread
from bot.evidence.collectors import required_actions
from bot.ports import AwsClients

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


def check_reading(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """May the investigating worker read everything that it asks for?"""
    what, role = "reads of the investigating worker", deployment.role_arn("InvestigateFunctionName")
    declared = sorted(required_actions() | target.IAM_ACTIONS)
    try:
        refused = [action for action, decision in _decisions(aws, role, declared) if decision != "allowed"]
    except (BotoCoreError, ClientError) as exc:
        yield unread(what, f"iam:SimulatePrincipalPolicy of {role}", exc)
        return
    if refused:
        mend = "add them to the role's policy `evidence`, or look for a boundary or organisation policy; without them its answers have gaps"
        yield Finding("fault", what, f"{len(refused)} of {len(declared)} actions are refused: {', '.join(refused)}", mend)
    else:
        yield Finding("ok", what, f"all {len(declared)} actions are allowed")


def check_forbidden(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Has anybody widened a role?"""
    for output, actions in FORBIDDEN.items():
        role = deployment.role_arn(output)
        what = f"role {role.rpartition('/')[2] or output}"
        try:
            allowed = [action for action, decision in _decisions(aws, role, actions) if decision == "allowed"]
        except (BotoCoreError, ClientError) as exc:
            yield unread(what, f"iam:SimulatePrincipalPolicy of {role}", exc)
            continue
        if allowed:
            yield Finding("fault", what, f"may do what it must not: {', '.join(allowed)}", "remove the policy that somebody attached to it")
        else:
            yield Finding("ok", what, "may do nothing that it must not")


def _decisions(aws: AwsClients, role_arn: str, actions: Sequence[str]) -> Iterator[tuple[str, str]]:
    iam = aws.client("iam")
    for at in range(0, len(actions), BATCH):
        answer = iam.simulate_principal_policy(PolicySourceArn=role_arn, ActionNames=list(actions[at : at + BATCH]))
        yield from ((result["EvalActionName"], result["EvalDecision"]) for result in answer["EvaluationResults"])
