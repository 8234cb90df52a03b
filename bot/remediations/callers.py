"""Who calls a function through each front door: the service principal and the SourceArn that it presents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from bot.remediations.case import Case, mapping, partition_of

PRINCIPAL_OF_SERVICE: Final = {
    "sns": "sns.amazonaws.com",
    "s3": "s3.amazonaws.com",
    "events": "events.amazonaws.com",
    "cognito-idp": "cognito-idp.amazonaws.com",
    "logs": "logs.amazonaws.com",
    "iot": "iot.amazonaws.com",
    "config": "config.amazonaws.com",
    "ses": "ses.amazonaws.com",
    "secretsmanager": "secretsmanager.amazonaws.com",
    "codecommit": "codecommit.amazonaws.com",
    "elasticloadbalancing": "elasticloadbalancing.amazonaws.com",
    "execute-api": "apigateway.amazonaws.com",
    "cloudfront": "cloudfront.amazonaws.com",
    "cloudwatch": "lambda.alarms.cloudwatch.amazonaws.com",
    "bedrock": "bedrock.amazonaws.com",
    "lex": "lexv2.amazonaws.com",
}
"""The principal of each service that invokes by the function's own policy; the key is the ARN's service.
Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html and the page of each service there."""

POLLED: Final = frozenset({"sqs", "kinesis", "dynamodb", "kafka", "mq", "rds"})
"""Lambda polls these with the execution role. Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html."""

BY_ROLE: Final = frozenset({"scheduler", "states", "pipes", "appsync"})
"""These invoke with a role of their own, to which the function's policy says nothing."""

NEEDS_ACCOUNT: Final = frozenset({"s3.amazonaws.com", "ses.amazonaws.com", "config.amazonaws.com"})
"""Principals whose ARN does not say, or not surely, whose it is. Source: https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html."""

PATTERN_OF_PRINCIPAL: Final = {
    "sns.amazonaws.com": "arn:{p}:sns:{r}:{a}:<topic>",
    "s3.amazonaws.com": "arn:{p}:s3:::<bucket>",
    "events.amazonaws.com": "arn:{p}:events:{r}:{a}:rule/<rule>",
    "cognito-idp.amazonaws.com": "arn:{p}:cognito-idp:{r}:{a}:userpool/<user-pool-id>",
    "logs.amazonaws.com": "arn:{p}:logs:{r}:{a}:log-group:<group>:*",
    "iot.amazonaws.com": "arn:{p}:iot:{r}:{a}:rule/<rule>",
    "cloudfront.amazonaws.com": "arn:{p}:cloudfront::{a}:distribution/<distribution-id>",
    "elasticloadbalancing.amazonaws.com": "arn:{p}:elasticloadbalancing:{r}:{a}:targetgroup/<name>/<id>",
    "lambda.alarms.cloudwatch.amazonaws.com": "arn:{p}:cloudwatch:{r}:{a}:alarm:<alarm>",
}

_SERVICE_PRINCIPAL: Final = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_SNS_LOG: Final = re.compile(r"sns/(?P<region>[a-z0-9-]+)/(?P<account>\d{12})/(?P<topic>[^/]+?)(?:/Failure)?")
_SUBSCRIPTION: Final = re.compile(r"(arn:[^:]+:sns:[^:]+:\d{12}:[^:]+):[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who must be let in. `source_arn` may hold `<what is not known>` in angle brackets."""

    principal: str
    source_arn: str | None
    label: str

    @property
    def missing(self) -> list[str]:
        """Return the names in angle brackets."""
        return re.findall(r"<([^>]+)>", self.source_arn or "")

    @property
    def needs_account(self) -> bool:
        """Tell whether SourceAccount must stand beside the ARN."""
        return self.principal in NEEDS_ACCOUNT


def service_of_arn(arn: str | None) -> str | None:
    """Return the service in an ARN."""
    parts = (arn or "").split(":")
    return parts[2] if len(parts) >= 6 and parts[0] == "arn" else None


def topic_of(arn: str) -> str:
    """Return the topic of a subscription's ARN, which SNS never presents as its source."""
    match = _SUBSCRIPTION.fullmatch(arn)
    return match[1] if match else arn


def api_caller(case: Case, *, authorizer: str | None = None, is_authorizer: bool = False) -> Caller:
    """Return the caller for an API: one method and path of it, or one authorizer.

    REST presents stage, method and path, WebSocket stage and route key, an HTTP API's `$default` route two segments only.
    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html.
    """
    base = f"arn:{partition_of(case.region)}:execute-api:{case.region or '<region>'}:{case.account_id or '<account-id>'}"
    api = case.gateway_id or "<api-id>"
    if is_authorizer:
        return Caller("apigateway.amazonaws.com", f"{base}:{api}/authorizers/{authorizer or '*'}", "the authorizer")
    door = case.incident.target.front_door
    tail = _route_tail(case.kind, door.route if door else None)
    stage = "*" if case.stage in (None, "$default") else case.stage
    return Caller("apigateway.amazonaws.com", f"{base}:{api}/{stage}/{tail}", "the API")


def _route_tail(kind: str | None, route: str | None) -> str:
    """Return method and path as an ARN has them; an unknown part is a wildcard."""
    if kind == "websocket-api":
        return route or "*"
    if route == "$default":
        return "*" if kind != "http-api" else "$default"
    method, _, path = (route or "").partition(" ")
    if method.startswith("/"):
        method, path = "", method
    method = "*" if method in ("", "ANY") or not method.isalpha() else method.upper()
    path = re.sub(r"\{[^}]*\}", "*", path.lstrip("/")) if path else "*"
    if path == "*" and kind == "http-api" and route is None:
        # The $default route presents two segments, which three would not match.
        return "*"
    return f"{method}/{path}"


def known_arn(case: Case) -> str | None:
    """Return the ARN of what calls, from the facts, the front door, the load balancer or the name of SNS's delivery log."""
    door = case.incident.target.front_door
    candidates: list[Any] = [case.facts.invoke_permission.needed_source_arn, mapping(case.incident.load_balancer).get("target_group_arn")]
    candidates += [door.id if door else None, case.facts.invoke_permission.caller_arn]
    candidates += [m.get("EventSourceArn") for m in case.incident.event_sources or []]
    for candidate in candidates:
        if isinstance(candidate, str) and service_of_arn(candidate) and "assumed-role" not in candidate:
            return topic_of(candidate)
    for log in case.incident.logs or []:
        match = _SNS_LOG.fullmatch(log.group)
        if match:
            return f"arn:{partition_of(match['region'])}:sns:{match['region']}:{match['account']}:{match['topic']}"
    return None


def refused_principal(case: Case) -> str | None:
    """Return the service that a refusal of lambda:InvokeFunction names; Cognito is seen under a role of its own."""
    if case.facts.invoke_permission.caller_service:
        return case.facts.invoke_permission.caller_service
    for denial in case.facts.denials:
        principal = denial.principal or ""
        if "awscognitoidentityproviderservice" in principal.lower():
            return "cognito-idp.amazonaws.com"
        if denial.action in (None, "lambda:InvokeFunction", "lambda:InvokeFunctionUrl") and _SERVICE_PRINCIPAL.fullmatch(principal):
            return principal
    return None


def service_caller(case: Case, principal: str) -> Caller:
    """Return the caller for a service, with its ARN where it was seen and its shape where not."""
    arn = known_arn(case)
    if arn and PRINCIPAL_OF_SERVICE.get(service_of_arn(arn) or "") == principal:
        return Caller(principal, arn, principal.partition(".")[0])
    shape = PATTERN_OF_PRINCIPAL.get(principal, "<source-arn>")
    filled = shape.format(p=partition_of(case.region), r=case.region or "<region>", a=case.account_id or "<account-id>")
    return Caller(principal, filled, principal.partition(".")[0])
