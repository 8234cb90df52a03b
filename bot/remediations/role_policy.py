"""One inline policy of a role, under a name of its own: read, compared, put and deleted again."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Final

from pydantic import Field, field_validator

from bot.errors import PlanStaleError, RefusedError
from bot.models.diagnosis import Strict
from bot.models.plan import ApiCall, PlanRequest, RemediationPlan, Subject
from bot.remediations.exact import refuse_wide_resource
from bot.remediations.patch import Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import Draft, Remediation
from bot.remediations.role_actions import WITHOUT_RESOURCE, gives_rights, is_dangerous
from bot.remediations.state import Observed

MAX_INLINE_CHARS: Final = 10_240
"""All inline policies of a role together, without white space.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

SERVICE_ROLE_PATH: Final = "/aws-service-role/"
"""Roles that only AWS may change.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html"""

FIELD: Final = "policy"


class GrantParams(Strict):
    """Exact actions on one resource."""

    role_arn: str | None = Field(default=None, pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[^\s<>]+$")
    policy_name: str | None = Field(default=None, pattern=r"^[\w+=,.@-]{1,128}$")
    actions: list[str] = Field(min_length=1, max_length=10)
    resource: str = Field(pattern=r"^(\*|arn:aws[a-z-]*:[^\s<>]+)$")

    @field_validator("actions", mode="before")
    @classmethod
    def _one_by_name(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("actions")
    @classmethod
    def _exact(cls, value: list[str]) -> list[str]:
        for action in value:
            if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action):
                raise ValueError(f"{action!r} is no exact action such as s3:GetObject; wildcards are not granted")
        return value


class RolePolicy(Remediation):
    """The policy; IAM has no revision, so the state is read again right before a write."""

    Params: ClassVar[type[Strict]] = GrantParams

    def subject(self, request: PlanRequest, params: GrantParams, config: dict[str, Any]) -> Subject:
        """Return the function's role and the policy's name."""
        role = str(config["Role"])
        if params.role_arn not in (None, role):
            raise RefusedError(f"grant-role-permission: {params.role_arn} is not the role of {request.function_name}, which is {role}")
        name = params.policy_name or f"lambda-medic-{params.actions[0].replace(':', '-')}"
        return self.subject_of(request, config, role_arn=role, role_name=role.rsplit("/", 1)[-1], policy_name=name)

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the policy under our name, None where there is none."""
        answer = reads.or_none("iam", "GetRolePolicy", **self._where(subject))
        document = None if answer is None else answer["PolicyDocument"]
        return Observed(values={FIELD: json.loads(document) if isinstance(document, str) else document})

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return the one call: a policy is put or deleted."""
        wanted, where = goal[FIELD], self._where(subject)
        if wanted == current[FIELD]:
            return []
        if wanted is None:
            return [ApiCall(service="iam", operation="DeleteRolePolicy", parameters=where)]
        return [ApiCall(service="iam", operation="PutRolePolicy", parameters={**where, "PolicyDocument": json.dumps(wanted)})]

    def draft(self, request: PlanRequest, params: GrantParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the statement, who else gets the permission, and what would still refuse it."""
        self._refuse_too_much(params)
        if params.resource == "*" and not set(params.actions) <= WITHOUT_RESOURCE:
            raise RefusedError("grant-role-permission: the resource '*' is granted only for actions that take no resource; name an ARN")
        statement = {"Sid": "LambdaMedic", "Effect": "Allow", "Action": list(params.actions), "Resource": params.resource}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        present, name = seen.values[FIELD], subject.details["policy_name"]
        if present not in (None, document):
            raise RefusedError(
                f"grant-role-permission: the role has another policy named {name}, which would be overwritten; set policy_name"
            )
        warnings = self._role_warnings(subject, reads) + self._simulated(params, subject, reads)
        self._refuse_too_long(document, subject, reads)
        others = self._sharing(subject, reads)
        needs_two = any(map(is_dangerous, params.actions))
        if others:
            warnings.append(f"the role is not this function's alone: {', '.join(others)} get the permission too")
        return Draft(
            after={FIELD: document},
            undo=f"delete the inline policy {name} of role {subject.details['role_name']}: there was none",
            patch=Patch(
                "AWS::IAM::RolePolicy",
                {"RoleName": subject.details["role_name"], "PolicyName": name, "PolicyDocument": document},
                "aws_iam_role_policy",
                {"role": subject.details["role_name"], "name": name, "policy": document},
            ),
            effects=["cost: none", f"who gets it: {', '.join([subject.function_name, *others])}, everything that has this role"],
            warnings=[*warnings, "IAM takes seconds to a minute until it holds everywhere"],
            risk="high" if needs_two else None,
            needs_second_approver=needs_two,
            survives="an inline policy added by hand stays until the role is replaced, and no source then knows of it",
        )

    def recheck(self, plan: RemediationPlan, config: dict[str, Any], reads: Reads) -> None:
        """Refuse where the function has another role by now: this one may be somebody else's."""
        if config["Role"] != plan.details["role_arn"]:
            raise PlanStaleError("role", plan.details["role_arn"], config["Role"])

    def _refuse_too_much(self, params: GrantParams) -> None:
        never = [action for action in params.actions if gives_rights(action)]
        if never:
            raise RefusedError(
                f"grant-role-permission: {', '.join(never)} would let the role give itself any rights; do that in AWS, by hand"
            )
        if params.resource != "*":
            refuse_wide_resource("grant-role-permission", params.resource)

    def _role_warnings(self, subject: Subject, reads: Reads) -> list[str]:
        role = reads.call("iam", "GetRole", RoleName=subject.details["role_name"])["Role"]
        if str(role.get("Path", "")).startswith(SERVICE_ROLE_PATH):
            raise RefusedError(f"grant-role-permission: {role['Arn']} belongs to an AWS service, and only that may change it")
        boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return [f"the role is bounded by {boundary}: what that does not allow stays refused"] if boundary else []

    def _simulated(self, params: GrantParams, subject: Subject, reads: Reads) -> list[str]:
        where = {} if params.resource == "*" else {"ResourceArns": [params.resource]}
        answer = reads.optional(
            "iam", "SimulatePrincipalPolicy", PolicySourceArn=subject.details["role_arn"], ActionNames=params.actions, **where
        )
        decisions = {r.get("EvalActionName"): r.get("EvalDecision") for r in answer.get("EvaluationResults", [])}
        denied = [str(action) for action, decision in decisions.items() if decision == "explicitDeny"]
        if denied:
            raise RefusedError(f"grant-role-permission: a policy denies {', '.join(denied)} explicitly, which no grant overrules")
        allowed = [str(action) for action, decision in decisions.items() if decision == "allowed"]
        if allowed:
            return [f"the role's policies allow {', '.join(allowed)} already: another kind of policy may be what refuses"]
        return []

    def _refuse_too_long(self, document: dict[str, Any], subject: Subject, reads: Reads) -> None:
        role = subject.details["role_name"]
        names = reads.optional("iam", "ListRolePolicies", RoleName=role).get("PolicyNames", [])
        others = [n for n in names if n != subject.details["policy_name"]]
        held = [reads.optional("iam", "GetRolePolicy", RoleName=role, PolicyName=n).get("PolicyDocument", {}) for n in others]
        size = sum(len(re.sub(r"\s", "", json.dumps(d))) for d in [document, *held])
        if size > MAX_INLINE_CHARS:
            raise RefusedError(
                f"grant-role-permission: the role's inline policies would have {size:,} characters, IAM allows {MAX_INLINE_CHARS:,}"
            )

    def _sharing(self, subject: Subject, reads: Reads) -> list[str]:
        functions = reads.optional_rows("lambda", "ListFunctions", "Functions")
        role, own = subject.details["role_arn"], subject.function_name
        return sorted(f["FunctionName"] for f in functions if f.get("Role") == role and f["FunctionName"] != own)

    def _where(self, subject: Subject) -> dict[str, Any]:
        return {"RoleName": subject.details["role_name"], "PolicyName": subject.details["policy_name"]}
