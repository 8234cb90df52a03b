"""Statements of a function's resource policy: read, compared, added and taken away again."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Final

from pydantic import Field, model_validator

from bot.errors import InputError, RefusedError
from bot.models.diagnosis import Strict
from bot.models.plan import ApiCall, PlanRequest, Subject
from bot.remediations.callers import NEEDS_ACCOUNT
from bot.remediations.case import mapping, rows
from bot.remediations.exact import account_in, is_wild, refuse_wide_source
from bot.remediations.patch import Patch
from bot.remediations.reads import Reads
from bot.remediations.remediation import Draft, Remediation
from bot.remediations.state import Observed

MAX_POLICY_BYTES: Final = 20_480
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, resource-based policy"""

NEAR: Final = 0.9
"""Above this share of the limit a plan warns."""

CONDITION_KEYS: Final = {
    "aws:sourcearn": "source_arn",
    "aws:sourceaccount": "source_account",
    "lambda:functionurlauthtype": "function_url_auth_type",
    "lambda:invokedviafunctionurl": "invoked_via_function_url",
}
"""Conditions that AddPermission makes of its parameters. Source: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"""

_PARAMETERS: Final = {
    "action": "Action",
    "principal": "Principal",
    "source_arn": "SourceArn",
    "source_account": "SourceAccount",
    "function_url_auth_type": "FunctionUrlAuthType",
    "invoked_via_function_url": "InvokedViaFunctionUrl",
}


class Statement(Strict):
    """One statement, as AddPermission takes it."""

    statement_id: str = Field(default="lambda-medic-invoke", pattern=r"^[a-zA-Z0-9_-]{1,100}$")
    action: str = Field(default="lambda:InvokeFunction", pattern=r"^lambda:InvokeFunction(Url)?$")
    principal: str = Field(min_length=1, pattern=r"^[^\s<>]+$")
    source_arn: str | None = Field(default=None, pattern=r"^arn:[^\s<>]+$")
    source_account: str | None = Field(default=None, pattern=r"^\d{12}$")
    function_url_auth_type: str | None = Field(default=None, pattern="^(NONE|AWS_IAM)$")
    invoked_via_function_url: bool | None = None

    @property
    def wanted(self) -> dict[str, Any]:
        """Return the statement without its id, in the form in which statements are compared."""
        return self.model_dump(exclude={"statement_id"}, exclude_none=True)


class InvokeParams(Strict):
    """One statement by its fields, or several as a list."""

    function_name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,140}$")
    qualifier: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,128}$")
    statements: list[Statement] = Field(min_length=1, max_length=4)

    @model_validator(mode="before")
    @classmethod
    def _one_by_fields(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "statements" in value:
            return value
        own = {key: v for key, v in value.items() if key in Statement.model_fields}
        return {**{key: v for key, v in value.items() if key not in own}, "statements": [own]}


class InvokeStatements(Remediation):
    """Statements under ids of their own; those of others are never touched."""

    Params: ClassVar[type[Strict]] = InvokeParams

    def function_name(self, request: PlanRequest, params: InvokeParams) -> str:
        """Return the function that is to be called, which for an authorizer is not the one that fails."""
        return params.function_name or request.function_name

    def subject(self, request: PlanRequest, params: InvokeParams, config: dict[str, Any]) -> Subject:
        """Return the function under the qualifier that callers use; each qualifier has a policy of its own."""
        qualifier = params.qualifier or request.qualifier
        qualifier = None if qualifier == "$LATEST" else qualifier
        ids = [s.statement_id for s in params.statements]
        if len(set(ids)) != len(ids):
            raise InputError(f"add-invoke-permission: statement_id: {', '.join(ids)} are not different")
        return self.subject_of(request.model_copy(update={"qualifier": qualifier}), config, statement_ids=ids)

    def observe(self, subject: Subject, reads: Reads) -> Observed:
        """Return the statements under our ids; a function without a policy has none."""
        answer = reads.or_none("lambda", "GetPolicy", **self._where(subject)) or {}
        text = answer.get("Policy") or "{}"
        statements = rows(mapping(json.loads(text)).get("Statement"))
        found = {str(s.get("Sid")): comparable(s) for s in statements}
        values = {_field(sid): found.get(sid) for sid in subject.details["statement_ids"]}
        return Observed(values=values, revision_id=answer.get("RevisionId") or None, raw={"text": text, "statements": statements})

    def steps(self, subject: Subject, current: dict[str, Any], goal: dict[str, Any]) -> list[ApiCall]:
        """Return one call for each statement that is to come or to go."""
        calls = []
        for sid in subject.details["statement_ids"]:
            now, wanted = current[_field(sid)], goal[_field(sid)]
            if now == wanted:
                continue
            if now is not None:
                calls.append(self._call("RemovePermission", subject, sid))
            if wanted is not None:
                calls.append(self._call("AddPermission", subject, sid, **{_PARAMETERS[key]: value for key, value in wanted.items()}))
        return calls

    def draft(self, request: PlanRequest, params: InvokeParams, subject: Subject, seen: Observed, reads: Reads) -> Draft:
        """Return the statements, none wider than it must be."""
        after = {}
        foreign = sorted({account for s in params.statements for account in accounts_of(s)} - {subject.account_id})
        for statement in params.statements:
            self._refuse_too_wide(statement)
            after[_field(statement.statement_id)] = statement.wanted
            self._refuse_taken(statement, seen)
        warnings = self._size(seen, params.statements)
        is_public = any(s.principal == "*" for s in params.statements)
        if is_public:
            warnings.append("anyone may call the function URL from then on")
        warnings += [f"account {account} is not the function's own: whoever acts there may call" for account in foreign]
        if any("*" in (s.source_arn or "") for s in params.statements):
            warnings.append("the SourceArn holds a wildcard: everything that it covers may call")
        first = params.statements[0]
        where = f"{subject.function_name}:{subject.qualifier}" if subject.qualifier else subject.function_name
        return Draft(
            after=after,
            undo=f"remove {', '.join(subject.details['statement_ids'])} from the policy of {where}; no other statement is touched",
            patch=self._patch(first, subject),
            effects=["cost: none", *(f"{s.principal} may call {where} as {s.source_arn or 'any source'}" for s in params.statements)],
            warnings=warnings,
            risk="medium" if is_public or foreign else None,
            needs_second_approver=is_public or bool(foreign),
            survives="a statement added by hand stays until the function is replaced, and no source then knows of it",
        )

    def _refuse_too_wide(self, statement: Statement) -> None:
        is_service = statement.principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))
        held_to_url = statement.function_url_auth_type or statement.invoked_via_function_url
        if is_service and not statement.source_arn:
            raise RefusedError(
                f"add-invoke-permission: {statement.principal} without a source_arn would let every account's resources call the function"
            )
        if statement.principal != "*" and is_wild(statement.principal):
            raise RefusedError(f"add-invoke-permission: principal {statement.principal} holds a wildcard; name one")
        if statement.source_arn:
            refuse_wide_source("add-invoke-permission", statement.source_arn)
        if statement.principal in NEEDS_ACCOUNT and not statement.source_account:
            raise RefusedError(f"add-invoke-permission: {statement.principal} needs source_account too: its ARN does not say whose it is")
        if statement.principal == "*" and not held_to_url:
            raise RefusedError("add-invoke-permission: everybody may only be let in through the function URL (function_url_auth_type)")

    def _refuse_taken(self, statement: Statement, seen: Observed) -> None:
        present = seen.values[_field(statement.statement_id)]
        if present not in (None, statement.wanted):
            raise RefusedError(f"add-invoke-permission: statement {statement.statement_id} stands with other content: {present}")
        same = [str(s.get("Sid")) for s in seen.raw["statements"] if comparable(s) == statement.wanted]
        if same and present is None:
            raise RefusedError(f"add-invoke-permission: statement {same[0]} says the same already, so one more changes nothing")

    def _size(self, seen: Observed, statements: list[Statement]) -> list[str]:
        # A statement's own Effect, Resource and condition operators come on top of its parameters.
        size = len(seen.raw["text"].encode()) + sum(len(s.model_dump_json(exclude_none=True).encode()) + 250 for s in statements)
        if size > MAX_POLICY_BYTES:
            raise RefusedError(f"add-invoke-permission: the policy would have about {size:,} bytes, AWS allows {MAX_POLICY_BYTES:,}")
        if size > MAX_POLICY_BYTES * NEAR:
            return [f"the policy would have about {size:,} of {MAX_POLICY_BYTES:,} bytes: remove statements that nobody needs"]
        return []

    def _patch(self, statement: Statement, subject: Subject) -> Patch:
        name = f"{subject.function_name}:{subject.qualifier}" if subject.qualifier else subject.function_name
        properties = {_PARAMETERS[key]: value for key, value in statement.wanted.items()}
        attributes = {"statement_id": statement.statement_id, "function_name": subject.function_name, **statement.wanted}
        if subject.qualifier:
            attributes["qualifier"] = subject.qualifier
        return Patch("AWS::Lambda::Permission", {"FunctionName": name, **properties}, "aws_lambda_permission", attributes)

    def _call(self, operation: str, subject: Subject, statement_id: str, **parameters: Any) -> ApiCall:
        own = {**self._where(subject), "StatementId": statement_id, **parameters}
        return ApiCall(service="lambda", operation=operation, parameters=own)

    def _where(self, subject: Subject) -> dict[str, Any]:
        return {"FunctionName": subject.function_name, **({"Qualifier": subject.qualifier} if subject.qualifier else {})}


def comparable(statement: dict[str, Any]) -> dict[str, Any] | None:
    """Return a policy's statement as AddPermission's parameters; a Deny, or one with other conditions, as it stands."""
    principal = statement.get("Principal")
    named = next(iter(principal.values()), None) if isinstance(principal, dict) and len(principal) == 1 else principal
    plain: dict[str, Any] = {"action": statement.get("Action"), "principal": named}
    for tests in mapping(statement.get("Condition")).values():
        for key, value in mapping(tests).items():
            name = CONDITION_KEYS.get(key.lower())
            if name is None:
                return {"statement": statement}
            plain[name] = (str(value).lower() == "true") if name == "invoked_via_function_url" else value
    if statement.get("Effect") != "Allow":
        return {"statement": statement}
    root = re.fullmatch(r"arn:aws[a-z-]*:iam::(\d{12}):root", str(named))
    return {**plain, "principal": root[1]} if root else plain


def accounts_of(statement: Statement) -> set[str]:
    """Return the accounts that a statement lets in, as far as it names them."""
    named = {account_in(statement.principal), account_in(statement.source_arn or ""), statement.source_account or ""}
    return {account for account in named if account.isdigit()}


def _field(statement_id: str) -> str:
    return f"statement {statement_id}"
