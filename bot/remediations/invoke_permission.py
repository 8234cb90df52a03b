"""add-invoke-permission: one statement in the function's resource policy, as narrow as the front door allows."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.remediations.callers import (
    BY_ROLE,
    POLLED,
    PRINCIPAL_OF_SERVICE,
    Caller,
    api_caller,
    known_arn,
    refused_principal,
    service_caller,
    service_of_arn,
)
from bot.remediations.case import Case, lambda_arns, mapping, rows, word
from bot.remediations.invoke_statements import InvokeStatements
from bot.remediations.remediation import PLAN_READS, REMEDIATIONS

URL_ACTIONS: Final = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
"""A function URL needs both since October 2025. Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html."""

API_KINDS: Final = frozenset({"rest-api", "http-api", "websocket-api"})
AUTHORIZER_FAILS: Final = frozenset({"no-policy", "no-statement", "source-mismatch", "account-mismatch", "qualifier-mismatch"})


@REMEDIATIONS.register("add-invoke-permission")
class AddInvokePermission(InvokeStatements):
    """Let the front door invoke the function."""

    action: ClassVar[Action] = "add-invoke-permission"
    risk: ClassVar[Risk] = "low"
    iam_actions: ClassVar[frozenset[str]] = PLAN_READS | {"lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission"}
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the statements, or what must be known first."""
        permission = case.facts.invoke_permission
        if permission.verdict == "explicit-deny":
            return self.declined("a statement of the function's policy denies the call; one more that allows it changes nothing")
        if self._is_for_authorizer(case):
            return self._for_authorizer(case)
        principal = refused_principal(case)
        if case.kind == "function-url" or (case.kind == "cloudfront" and case.incident.function_url is not None):
            return self._for_url(case, principal)
        if case.kind in API_KINDS or (case.kind is None and principal == "apigateway.amazonaws.com"):
            return self._for_caller(case, api_caller(case))
        return self._for_service(case, principal)

    def _for_service(self, case: Case, principal: str | None) -> RemediationOffer | DeclinedRemediation:
        arn = known_arn(case)
        service = service_of_arn(arn)
        if principal is None and service in POLLED:
            return self.declined("Lambda polls this source with the execution role; the function's policy plays no part")
        if case.kind == "appsync" or service in BY_ROLE:
            return self.declined("this caller invokes with a role of its own: that role needs lambda:InvokeFunction")
        principal = principal or PRINCIPAL_OF_SERVICE.get(service or "")
        if principal is None and case.kind == "alb":
            principal = "elasticloadbalancing.amazonaws.com"
        if principal is None and case.kind == "cloudfront":
            principal = "cloudfront.amazonaws.com"
        if principal is None and case.kind in (None, "direct-invoke"):
            return self._for_foreign_caller(case)
        if principal is None:
            return self.declined("what calls the function must be known first (service and ARN)")
        return self._for_caller(case, service_caller(case, principal))

    def _for_foreign_caller(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Only a caller of another account needs the function's own policy; one of the same account needs its own."""
        who = (case.incident.caller or {}).get("arn")
        account = who.split(":")[4] if isinstance(who, str) and who.count(":") >= 5 else None
        if not isinstance(who, str) or account is None or case.account_id is None:
            return self.declined("what calls the function must be known first (service and ARN)")
        if account == case.account_id:
            return self.declined("the caller is of the same account: its own policy must allow lambda:InvokeFunction")
        return self._for_caller(case, Caller(_role_of_session(who), None, "caller"))

    def _for_caller(self, case: Case, caller: Caller) -> RemediationOffer:
        needed = case.facts.invoke_permission.needed_source_arn
        if needed and service_of_arn(needed) == service_of_arn(caller.source_arn):
            caller = Caller(caller.principal, needed, caller.label)
        statement = self._statement(case, caller, "lambda:InvokeFunction")
        return self._offer(case, [statement], caller.missing, self._why(case, caller), self._qualifier(case))

    def _for_url(self, case: Case, principal: str | None) -> RemediationOffer | DeclinedRemediation:
        auth = (case.incident.function_url or {}).get("AuthType")
        actions = case.facts.invoke_permission.missing_actions or _missing_url_actions(case)
        if case.kind == "cloudfront" or principal == "cloudfront.amazonaws.com":
            caller = service_caller(case, "cloudfront.amazonaws.com")
            statements = [self._statement(case, caller, action) for action in actions]
            why = f"CloudFront's origin access control needs {' and '.join(actions)} on a function URL"
            return self._offer(case, statements, caller.missing, why, self._qualifier(case))
        if auth == "NONE":
            return self._offer(
                case, [_public(action) for action in actions], [], self._public_why(actions), self._qualifier(case), "medium"
            )
        who = (case.incident.caller or {}).get("arn")
        if not isinstance(who, str):
            return self.declined("the URL takes signed calls only: the caller's ARN must be known first")
        who = _role_of_session(who)
        caller = Caller(who, None, "caller")
        statements = [{**self._statement(case, caller, action), **_url_condition(action, "AWS_IAM")} for action in actions]
        return self._offer(case, statements, [], f"{who} needs {' and '.join(actions)}", self._qualifier(case))

    def _public_why(self, actions: tuple[str, ...]) -> str:
        return f"a URL with AuthType NONE still needs a statement for everybody with {' and '.join(actions)}: anyone may then call it"

    def _for_authorizer(self, case: Case) -> RemediationOffer:
        authorizers = rows(case.gateway.get("authorizers"))
        first = authorizers[0] if len(authorizers) == 1 else {}
        uri = first.get("authorizerUri") or first.get("AuthorizerUri")
        function = next(lambda_arns(uri), None)
        caller = api_caller(case, authorizer=word(first.get("id")) or word(first.get("AuthorizerId")), is_authorizer=True)
        needed = case.facts.authorizer_permission.needed_source_arn
        caller = Caller(caller.principal, needed or caller.source_arn, caller.label)
        params_function = function.function_name if function else None
        missing = caller.missing + ([] if params_function else ["authorizer-function"])
        statement = self._statement(case, caller, "lambda:InvokeFunction")
        why = "API Gateway calls the authorizer function under <api>/authorizers/<id>; its policy must allow that, not only the backend's"
        qualifier = function.qualifier if function else None
        return self._offer(case, [statement], missing, why, qualifier, function_name=params_function or "<authorizer-function>")

    def _is_for_authorizer(self, case: Case) -> bool:
        if case.facts.authorizer_permission.verdict in AUTHORIZER_FAILS:
            return case.facts.invoke_permission.verdict in ("unknown", "allowed")
        uris = [word(a.get("authorizerUri")) or word(a.get("AuthorizerUri")) for a in rows(case.gateway.get("authorizers"))]
        if not case.integrations() and any(arn.function_name == case.function_name for uri in uris for arn in lambda_arns(uri)):
            return True
        return any(o.reason == "authorizer-permission" for o in case.facts.gateway_outcomes)

    def _statement(self, case: Case, caller: Caller, action: str) -> dict[str, Any]:
        label = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{caller.label}-{action.partition(':')[2]}").strip("-").removeprefix("the-")
        statement: dict[str, Any] = {"statement_id": f"lambda-medic-{label}"[:100], "action": action, "principal": caller.principal}
        if caller.source_arn:
            statement["source_arn_pattern" if caller.missing else "source_arn"] = caller.source_arn
        if caller.needs_account and case.account_id:
            statement["source_account"] = case.account_id
        return statement

    def _qualifier(self, case: Case) -> str | None:
        """Return the qualifier whose policy counts; the service takes no statement for $LATEST."""
        for qualifier in (case.facts.invoke_permission.qualifier, *case.qualifiers()):
            if qualifier:
                return None if qualifier == "$LATEST" else qualifier
        return None

    def _why(self, case: Case, caller: Caller) -> str:
        verdict, found = case.facts.invoke_permission.verdict, case.facts.invoke_permission.statement_source
        if verdict == "source-mismatch" and found:
            return f"the present statement lets in {found}, which {caller.label} never presents"
        if verdict == "qualifier-mismatch":
            return f"the statement stands on another qualifier than {caller.label} calls"
        if verdict == "account-mismatch":
            return f"the present statement lets in another account than {caller.label}'s"
        return f"no statement of the function's policy lets {caller.principal} in"

    def _offer(
        self,
        case: Case,
        statements: list[dict[str, Any]],
        missing: list[str],
        why: str,
        qualifier: str | None,
        risk: Risk | None = None,
        function_name: str | None = None,
    ) -> RemediationOffer:
        if any(s["principal"] in ("s3.amazonaws.com",) and "source_account" not in s for s in statements):
            missing = [*missing, "source-account"]
        params = {
            "function_name": function_name or case.function_name,
            "qualifier": qualifier,
            "statements": statements,
            "missing": list(dict.fromkeys(missing)) or None,
        }
        return self.offered(params, why, risk=risk)


def _missing_url_actions(case: Case) -> tuple[str, ...]:
    """Return which of the two actions no Allow statement of the policy names; both where the policy was not read."""
    named: set[str] = set()
    for statement in rows(mapping(case.incident.resource_policy).get("Statement")):
        if statement.get("Effect") == "Allow":
            action = statement.get("Action")
            named |= {str(a) for a in action} if isinstance(action, list) else {str(action)}
    return tuple(a for a in URL_ACTIONS if a not in named) or URL_ACTIONS


def _public(action: str) -> dict[str, Any]:
    """Return the statement for everybody, held to the URL."""
    statement = {"statement_id": f"lambda-medic-url-{action.partition(':')[2]}", "action": action, "principal": "*"}
    return {**statement, **_url_condition(action, "NONE")}


def _url_condition(action: str, auth_type: str) -> dict[str, Any]:
    """Return the condition that holds a statement to the URL; without it InvokeFunction would open Invoke itself."""
    return {"function_url_auth_type": auth_type} if action == "lambda:InvokeFunctionUrl" else {"invoked_via_function_url": True}


def _role_of_session(arn: str) -> str:
    """Return the role of an assumed-role session, which is what a policy names."""
    match = re.fullmatch(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+", arn)
    return f"arn:{match[1]}:iam::{match[2]}:role/{match[3]}" if match else arn
