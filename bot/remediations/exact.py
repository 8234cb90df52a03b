"""Whether a name in a policy is one: a wildcard over accounts, regions or kinds gives rights on what nobody has named."""

from __future__ import annotations

import re
from typing import Final

from bot.errors import RefusedError

PARTS: Final = 6
"""`arn:partition:service:region:account:resource`. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""

_WILD: Final = re.compile(r"[*?]|\$\{")
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html (wildcards, and variables)"""

_OPEN_ENDS: Final = {
    "s3": re.compile(r"(?P<named>[^/]+/.*)\*"),
    "logs": re.compile(r"(?P<named>log-group:[^:]+):\*"),
    "secretsmanager": re.compile(r"(?P<named>secret:.+)-\?{6}"),
}
"""Names that go on with what nobody can list: an object's key, a log stream, the six characters that a secret gets.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/ (the page of each service, resource types)"""

_API: Final = re.compile(r"(?P<named>[^/]+)/.+")
"""Stage, method and path may be any. Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html"""


def refuse_wide_resource(action: str, resource: str) -> None:
    """Take the ARN of one resource, or of the keys or streams of one.

    Raises:
        RefusedError: It may be more than one, or is no ARN.
    """
    head, name = _split(action, "resource", resource)
    found = _OPEN_ENDS[head[2]].fullmatch(name) if head[2] in _OPEN_ENDS else None
    if _WILD.search(found["named"] if found else name):
        raise RefusedError(
            f"{action}: resource {resource} holds a wildcard; name one, at most with a wildcard for an object's key at its end"
        )


def refuse_wide_source(action: str, source_arn: str) -> None:
    """Take the ARN of one caller; of an API any stage, method and path.

    Raises:
        RefusedError: It may be more than one, or is no ARN.
    """
    head, name = _split(action, "source_arn", source_arn)
    found = _API.fullmatch(name) if head[2] == "execute-api" else _OPEN_ENDS["logs"].fullmatch(name) if head[2] == "logs" else None
    if _WILD.search(found["named"] if found else name):
        raise RefusedError(f"{action}: source_arn {source_arn} holds a wildcard, so that more than one could call; name one")


def is_wild(text: str) -> bool:
    """Tell whether a text holds a wildcard or a variable."""
    return _WILD.search(text) is not None


def account_in(arn: str) -> str:
    """Return the account in an ARN, or an account's number by itself; an empty text for none."""
    if re.fullmatch(r"\d{12}", arn):
        return arn
    parts = arn.split(":", PARTS - 1)
    return parts[4] if len(parts) == PARTS else ""


def _split(action: str, what: str, arn: str) -> tuple[list[str], str]:
    *head, name = arn.split(":", PARTS - 1)
    if len(head) < PARTS - 1 or head[0] != "arn" or not head[2] or not name:
        raise RefusedError(f"{action}: {what} {arn} is no ARN of one thing: arn:partition:service:region:account:name")
    if any(is_wild(part) for part in head):
        raise RefusedError(f"{action}: {what} {arn} holds a wildcard before its name; name service, region and account")
    return head, name
