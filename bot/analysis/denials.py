"""Refused actions, parsed from AWS's wording wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bot.analysis.facts import Denial
from bot.analysis.reading import Text
from bot.models.incident_file import IncidentFile

PolicyType = Literal[
    "identity", "resource", "permissions-boundary", "session", "service-control", "resource-control", "vpc-endpoint", "role-trust",
    "unspecified",
]  # fmt: skip
PrincipalKind = Literal["execution-role", "service", "caller", "anonymous", "poller", "deployer", "unknown"]

WORDING_SOURCE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"

_HINTS: Final = (
    "not authorized to perform", "AccessDenied", "Access Denied", "UnauthorizedOperation", "AuthorizationError", "KMS access was denied",
    "does not have permission", "access has been denied", "not have permissions to call", "Access denied", "access denied",
    "(403)", "Forbidden: ", "Access to the resource",
)  # fmt: skip
_FULL = re.compile(
    r"(?:User|Principal|Role)?:? ?`?(?P<principal>[^\s`]+?(?: id\]\S*)?)[`']?"
    r"\s+is not authorized to perform:?[\s|]+`?(?P<action>[\w-]+:[\w*]+)[`']?"
    r"(?:\s+on\s+(?:the )?resource:?[\s|]+`?(?P<resource>\"?[^\s\",`]+\"?))?"
    r"(?P<tail>[^\n]{0,400}(?:\n[^\n]{0,80}explicit deny[^\n]{0,200})?)"
)
"""SES quotes its parts as `this'; terminals and consoles break the lines of long ARNs."""
_ANONYMOUS = re.compile(r"ann?on[iy]mous", re.IGNORECASE)
_NO_PRINCIPAL = re.compile(
    r"\bnot authorized to perform:?\s+`?(?P<action>[\w-]+:[\w*]+)[`']?(?:\s+on\s+(?:the )?resource:?\s+`?(?P<resource>\"?[^\s\",`]+\"?))?"
    r"(?P<tail>[^\n]{0,400})"
)
"""Where whoever reports it left out who was refused."""
_CALLING = re.compile(
    r"An error occurred \((?P<code>\w+)\) when calling the (?P<operation>\w+) operation[^:\n]*(?:: (?P<said>[^\n]{0,400}))?"
)
_EC2_REFUSES = re.compile(r"access has been denied by EC2.*?permission to (?P<operation>\w+)|permission:? (?P<named>ec2:\w+)")
"""Lambda sets up a function's network interfaces with its execution role."""
_OF_PHP = re.compile(r"Error executing \"(?P<operation>\w+)\" on \"")
"""SDK for PHP. Source: github.com/aws/aws-sdk-php, WrappedHttpHandler::parseError."""
_NOT_IAM: Final = ("have access to the model with the specified model ID",)
"""An AccessDeniedException that no policy lifts: Bedrock's model access is switched on per account."""
_MARKETPLACE = re.compile(r"AWS Marketplace actions \((?P<action>aws-marketplace:\w+)")
_FORBIDDEN_HEAD = re.compile(r"\bForbidden: (?:null|Forbidden)\b[^\n]*(?:\n[^\n]*){0,3}(?:extractError|status code: 403)")
"""A HEAD request has no body, so SDKs know only the status. Source: https://github.com/aws/aws-sdk-js/issues/3346."""
_POLLER_ROLE = re.compile(r"does not have permissions? to call (?P<operation>\w+) on (?P<service>\w+)")
_BARE = re.compile(
    r"\b(?P<code>AccessDeniedException|AccessDenied|UnauthorizedOperation|AuthorizationErrorException|AuthorizationError)\b"
    r"|(?P<words>Access Denied|Access to the resource \S+ is denied)"
)
_LAMBDA_READS_S3 = re.compile(
    r"Your access has been denied by S3.*?permission to (?P<operation>\w+) for (?P<resource>[^\s.]+(?:\.[^\s.]+)*)"
)
_OF_SDK = re.compile(r"\(Service: (?:Amazon |AWS)?(?P<service>\w+)[;,] Status Code: 403")
"""SDK for Java. Source: github.com/aws/aws-sdk-java-v2, AwsServiceException.getMessage."""
_OF_GO = re.compile(r"operation error (?P<service>\w+): (?P<operation>\w+),")
"""SDK for Go v2. Source: github.com/aws/smithy-go, OperationError.Error."""
_KMS_WORDS: Final = ("Access to KMS is not allowed", "ciphertext refers to a customer master key", "KMS key is not accessible")
_KMS_ENV = re.compile(r"(?:unable to decrypt the environment variables because )?KMS access was denied")
_AUTHORIZER_TEXT = "User is not authorized to access this resource"
_ENCODED = re.compile(r"You are not authorized to perform this operation")

_TAILS: Final[tuple[tuple[str, PolicyType], ...]] = (
    ("identity-based policy", "identity"),
    ("resource-based policy", "resource"),
    ("permissions boundary", "permissions-boundary"),
    ("session policy", "session"),
    ("service control policy", "service-control"),
    ("resource control policy", "resource-control"),
    ("VPC endpoint policy", "vpc-endpoint"),
    ("role trust policy", "role-trust"),
)
"""Source: WORDING_SOURCE."""

_SERVICE_OF_OPERATION: Final = {
    "GetObject": "s3", "PutObject": "s3", "HeadObject": "s3", "ListObjectsV2": "s3", "ListObjects": "s3",
    "DeleteObject": "s3",     "CopyObject": "s3",
    "GetItem": "dynamodb", "PutItem": "dynamodb", "Query": "dynamodb", "Scan": "dynamodb", "UpdateItem": "dynamodb",
    "DeleteItem": "dynamodb",
    "BatchGetItem": "dynamodb", "BatchWriteItem": "dynamodb", "TransactWriteItems": "dynamodb",
    "GetSecretValue": "secretsmanager", "GetParameter": "ssm", "GetParameters": "ssm", "GetParametersByPath": "ssm",
    "SendMessage": "sqs", "ReceiveMessage": "sqs", "DeleteMessage": "sqs", "GetQueueAttributes": "sqs", "Publish": "sns",
    "AssumeRole": "sts",
    "Decrypt": "kms", "GenerateDataKey": "kms", "Encrypt": "kms", "PutEvents": "events", "StartExecution": "states", "SendEmail": "ses",
    "InvokeModel": "bedrock", "PutRecord": "kinesis", "PutRecords": "kinesis", "DescribeStream": "kinesis", "Invoke": "lambda",
}  # fmt: skip
"""Operations whose name belongs to one service only. Source: the service models of botocore."""

_OPERATION_ACTIONS: Final = {
    "HeadObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket", "ListObjects": "s3:ListBucket", "Invoke": "lambda:InvokeFunction",
    "TransactWriteItems": "dynamodb:PutItem", "CopyObject": "s3:PutObject", "SendEmail": "ses:SendEmail",
}  # fmt: skip
"""Where the IAM action is not called as the operation is. Source: Service Authorization Reference, S3, Lambda and DynamoDB."""

_INVOKES: Final = ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "execute-api:Invoke")
_DEPLOYS = re.compile(
    r"lambda:(?:Create|Update|Delete|Publish|Add|Remove|Put|Tag|Untag)|iam:(?:PassRole|CreateRole|AttachRolePolicy|PutRolePolicy)"
    r"|lambda:GetLayerVersion|cloudformation:|ecr:(?:(?:Get|Set)RepositoryPolicy|BatchGetImage|GetDownloadUrlForLayer)|apigateway:"
)
"""Actions of whoever deploys a function, which few functions call themselves; a function's own session was told before."""
_NO_SESSION = re.compile(r":iam::\d*:(?:user/|root)|:federated-user/")

MAX_KINDS: Final = 200


@dataclass(slots=True)
class DenialReader:
    """Takes texts and groups the refusals that they tell."""

    incident: IncidentFile
    _kinds: dict[tuple[object, ...], tuple[Denial, int]] = field(default_factory=dict)

    def see(self, text: Text) -> None:
        """Take one text into account."""
        message = text.message
        if text.outcome == "ok" and text.level not in ("error", "warn") and " is not authorized to perform" not in message:
            return
        if text.role == "client-header" or not any(map(message.__contains__, _HINTS)):
            return
        for found in self._parse(message[:20_000]):
            self._add(text, found)

    def _parse(self, message: str) -> Iterator[dict[str, Any]]:
        calling = _CALLING.search(message)
        called = {"operation": calling.group("operation")} if calling else {}
        full = [self._full(match) | called for match in _FULL.finditer(message)]
        if full:
            yield from full
        elif match := _NO_PRINCIPAL.search(message):
            action, resource = match.group("action"), (match.group("resource") or "").strip('".;)') or None
            kind = "deployer" if _DEPLOYS.match(action) else "caller" if action in _INVOKES else "unknown"
            yield (
                _made(
                    match,
                    action=action,
                    service=action.partition(":")[0],
                    resource=resource,
                    principal_kind=kind,
                    **_tail(match.group("tail")),
                )
                | called
            )
        elif any(words in message for words in _NOT_IAM):
            return
        elif match := _MARKETPLACE.search(message):
            yield _made(match, action=match.group("action"), service="aws-marketplace", principal_kind="execution-role")
        elif match := _EC2_REFUSES.search(message):
            action = match.group("named") or f"ec2:{match.group('operation')}"
            yield _made(match, action=action, service="ec2", principal_kind="execution-role")
        elif calling and (
            "ccess" in calling.group("code") or "nauthorized" in calling.group("code") or "uthorization" in calling.group("code")
            or calling.group("code") == "403"
        ):  # fmt: skip
            yield _by_operation(calling.group("operation"), calling.group()) | _tail(calling.group("said") or "")
        elif match := _LAMBDA_READS_S3.search(message):
            where = match.group("resource")
            yield _made(match, action=f"s3:{match.group('operation')}", resource=where, principal_kind="deployer", service="s3")
        elif match := _KMS_ENV.search(message):
            yield _made(match, action="kms:Decrypt", service="kms", principal_kind="execution-role", operation=None)
        elif match := _POLLER_ROLE.search(message):
            service = match.group("service").lower()
            yield _made(
                match, action=f"{service}:{match.group('operation')}", service=service, operation=match.group("operation"),
                principal_kind="execution-role",
            )  # fmt: skip
        elif _AUTHORIZER_TEXT not in message and (
            bare := _BARE.search(message) or _ENCODED.search(message) or _FORBIDDEN_HEAD.search(message)
        ):
            yield _made(bare, **_by_client(message))

    def _full(self, match: re.Match[str]) -> dict[str, Any]:
        principal = match.group("principal").strip('"')
        action = match.group("action")
        resource = (match.group("resource") or "").strip('".;)') or None
        return {
            "fragment": match.group().strip(), "principal": principal, "principal_kind": self._kind(principal, action), "action": action,
            "service": action.partition(":")[0], "resource": resource, **_tail(match.group("tail")),
        }  # fmt: skip

    def _kind(self, principal: str, action: str) -> PrincipalKind:
        """Tell who was refused; a function's own session bears the function's name, a poller's begins with awslambda_."""
        if _ANONYMOUS.fullmatch(principal):
            return "anonymous"
        if principal.endswith(".amazonaws.com"):
            return "service"
        session = principal.rsplit("/", 1)[-1]
        if session.startswith("awslambda_"):
            return "poller"
        if "assumed-role/awscognitoidentityprovider" in principal:
            return "service"  # Cognito once called with a role of its own account
        function, role = self.incident.target.function_name, self._role_name()
        if ":assumed-role/" in principal and ((function and session == function) or (role and f"/{role}/" in principal)):
            return "execution-role"
        if action in _INVOKES:
            return "caller"
        if _DEPLOYS.match(action):
            return "deployer"
        if _NO_SESSION.search(principal) or self._is_elsewhere(principal):
            return "caller"  # a function's own session is an assumed role of its account
        return "execution-role" if ":assumed-role/" in principal and not role else "unknown"

    def _is_elsewhere(self, principal: str) -> bool:
        """Tell whether a principal belongs to another account than the function."""
        account, own = principal.split(":")[4:5], self.incident.target.account_id
        return bool(own and account and re.fullmatch(r"\d{12}", account[0]) and account[0] != own)

    def _role_name(self) -> str | None:
        arn = (self.incident.function or {}).get("Role") or (self.incident.execution_role or {}).get("Arn")
        return arn.rsplit("/", 1)[-1] if isinstance(arn, str) else None

    def _add(self, text: Text, found: dict[str, Any]) -> None:
        fragment = found.pop("fragment")
        if text.role in ("denial", "change"):
            self._from_trail(text, found)
        elif text.role == "function-log" and ":assumed-role/" in str(found.get("principal") or ":assumed-role/"):
            # What stands in the function's own log was refused to the function, unless it names somebody else.
            found["principal_kind"] = found["principal_kind"] if found.get("principal_kind") == "poller" else "execution-role"
        key = (
            *(str(found.get(name)) for name in ("principal", "action", "operation", "resource", "policy_type", "explicit")),
            text.outcome,
            text.role,
        )
        known = self._kinds.get(key)
        if known is not None:
            self._kinds[key] = (known[0], known[1] + 1)
        elif len(self._kinds) < MAX_KINDS:
            self._kinds[key] = (Denial(cite=(text.cite(fragment),), outcome=text.outcome, role=text.role, **found), 1)

    def _from_trail(self, text: Text, found: dict[str, Any]) -> None:
        """A CloudTrail row names the call and who made it beside the message."""
        rows = self.incident.denials if text.role == "denial" else self.incident.changes
        row = (rows or [])[text.index]
        service = str(row.get("eventSource") or "").partition(".")[0] or None
        operation = row.get("eventName") or row.get("EventName")
        if isinstance(operation, str) and found.get("operation") is None:
            found["operation"] = operation
        if found.get("service") is None:
            found["service"] = service
        if found.get("action") is None and service and isinstance(operation, str):
            found["action"] = _OPERATION_ACTIONS.get(operation) or f"{service}:{re.sub(r'20[0-9]{6}.*$', '', operation)}"
        arn = (row.get("userIdentity") or {}).get("arn") if isinstance(row.get("userIdentity"), dict) else None
        if found.get("principal") is None and isinstance(arn, str):
            found["principal"] = arn
            found["principal_kind"] = self._kind(arn, str(found.get("action")))

    def denials(self) -> tuple[Denial, ...]:
        """Return the refusals in the order in which they were first seen."""
        return tuple(
            denial.model_copy(update={"count": count, "cite": tuple(c.model_copy(update={"count": count}) for c in denial.cite)})
            for denial, count in self._kinds.values()
        )


def _by_operation(operation: str, fragment: str) -> dict[str, Any]:
    """Name the action behind an operation; where KMS speaks through another service, the action is KMS's."""
    service = _SERVICE_OF_OPERATION.get(operation)
    action = _OPERATION_ACTIONS.get(operation) or (f"{service}:{operation}" if service else None)
    if any(words in fragment for words in _KMS_WORDS):
        service, action = "kms", "kms:Decrypt"
    return {"fragment": fragment, "operation": operation, "service": service, "action": action, "principal_kind": "execution-role"}


def _by_client(message: str) -> dict[str, Any]:
    """Read service and operation from the words that an SDK puts around a bare refusal."""
    if match := _OF_GO.search(message):
        found = _by_operation(match.group("operation"), "")
        service = found["service"] or match.group("service").lower()
        return {"service": service, "operation": found["operation"], "action": found["action"] or f"{service}:{found['operation']}"}
    if match := _OF_PHP.search(message):
        return {name: value for name, value in _by_operation(match.group("operation"), "").items() if name != "fragment"}
    if match := _OF_SDK.search(message):
        return {"service": match.group("service").lower()}
    return {}


def _made(match: re.Match[str], **known: Any) -> dict[str, Any]:
    return {"fragment": match.group()} | known


def _tail(tail: str) -> dict[str, Any]:
    """Read which kind of policy refused, and whether by a deny or by the lack of an allow."""
    explicit = True if "explicit deny" in tail else False if re.search(r"\bbecause no\b", tail) else None
    for words, kind in _TAILS:
        if words in tail:
            return {"policy_type": kind, "explicit": explicit}
    return {"policy_type": "unspecified", "explicit": explicit}
