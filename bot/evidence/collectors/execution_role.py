"""The execution role: its policies, its boundary, and who may assume it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar, Final
from urllib.parse import unquote

from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context

MAX_POLICIES: Final = 20
"""A role has ten attached policies by default, twenty at most.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""


@COLLECTORS.register("execution-role")
class ExecutionRole(Collector):
    """What the function itself may do."""

    sections = ("execution_role",)
    iam_actions: ClassVar[frozenset[str]] = frozenset(
        {
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
        }
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"

    def collect(self, context: Context) -> None:
        """Read the role and the documents of all its policies."""
        arn = context.need("function").get("Role")
        if not arn:
            return
        role_name = str(arn).rsplit("/", 1)[-1]
        context.answer("execution_role", {"Arn": arn})
        policies: list[dict[str, Any]] = []
        context.together(
            "execution_role",
            partial(_read_role, role_name),
            partial(_read_inline, role_name, policies),
            partial(_read_attached, role_name, policies),
        )
        context.answer("execution_role", {"policies": sorted(policies, key=lambda policy: str(policy["name"]))})


def _read_role(role_name: str, context: Context) -> None:
    role = context.call_or_none("iam", "GetRole", RoleName=role_name)
    if role is None:
        # The function names a role that is gone; every call it makes fails until the role is back.
        context.answer("execution_role", {"exists": False})
        return
    found = role["Role"]
    boundary = found.get("PermissionsBoundary")
    context.answer(
        "execution_role",
        {
            "AssumeRolePolicyDocument": _document(found.get("AssumeRolePolicyDocument")),
            "RoleId": found.get("RoleId"),
            "permissions_boundary": None,
        },
    )
    if boundary:
        with context.question("execution_role"):
            context.answer("execution_role", {"permissions_boundary": _managed(context, boundary["PermissionsBoundaryArn"], "boundary")})


def _read_inline(role_name: str, policies: list[dict[str, Any]], context: Context) -> None:
    names = (context.call_or_none("iam", "ListRolePolicies", RoleName=role_name) or {}).get("PolicyNames", [])

    def read(name: str, context: Context) -> None:
        answer = context.call("iam", "GetRolePolicy", RoleName=role_name, PolicyName=name)
        policies.append({"name": name, "document": _document(answer["PolicyDocument"])})

    context.together("execution_role", *(partial(read, name) for name in names[:MAX_POLICIES]))


def _read_attached(role_name: str, policies: list[dict[str, Any]], context: Context) -> None:
    attached = (context.call_or_none("iam", "ListAttachedRolePolicies", RoleName=role_name) or {}).get("AttachedPolicies", [])

    def read(arn: str, name: str, context: Context) -> None:
        policies.append(_managed(context, arn, name))

    context.together("execution_role", *(partial(read, each["PolicyArn"], each["PolicyName"]) for each in attached[:MAX_POLICIES]))


def _managed(context: Context, arn: str, name: str) -> dict[str, Any]:
    version = context.call("iam", "GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = context.call("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return {"name": name, "arn": arn, "document": _document(answer["PolicyVersion"]["Document"])}


def _document(value: Any) -> Any:
    """Return a policy document as an object: boto3 decodes it, some other answers are percent-encoded JSON."""
    return json.loads(unquote(value)) if isinstance(value, str) else value
