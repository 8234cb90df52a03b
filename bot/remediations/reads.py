"""What a plan asks of AWS: every question has one place, and one that fails is either told or stops the plan."""

from __future__ import annotations

import re
from typing import Any, Final

from bot.errors import RemediationError, TargetNotFoundError
from bot.ports import AwsClients
from bot.remediations.calls import call_aws

NOT_FOUND_CODES: Final = frozenset(
    {
        "NoSuchEntity",
        "NoSuchResourceException",
        "NotFoundException",
        "ProvisionedConcurrencyConfigNotFoundException",
        "ResourceNotFoundException",
    }
)

_HALVES: Final = re.compile(r"[\ud800-\udfff]")

PAGES: Final = 20
"""So many pages of a list are read; what lies beyond is not worth the calls that a customer's deploys need too."""


def whole_texts(value: Any) -> Any:
    """Return an answer without halves of characters, which JSON can hold and neither a hash nor a table takes."""
    if isinstance(value, str):
        return value if value.isascii() else _HALVES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {whole_texts(key): whole_texts(inner) for key, inner in value.items()}
    return [whole_texts(inner) for inner in value] if isinstance(value, list) else value


class Reads:
    """Questions to AWS in one region; `unread` names what was asked in vain."""

    def __init__(self, aws: AwsClients, region: str | None = None) -> None:
        self.aws = aws
        self.region = region
        self.unread: list[str] = []

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return AWS's answer.

        Raises:
            RemediationError: AWS refused, or could not be reached; carries the code.
        """
        answer: dict[str, Any] = whole_texts(call_aws(self.aws, self.region, service, operation, parameters))
        return answer

    def or_none(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """Return AWS's answer, or None where AWS says that there is nothing."""
        try:
            return self.call(service, operation, **parameters)
        except RemediationError as exc:
            if exc.code in NOT_FOUND_CODES:
                return None
            raise

    def optional(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return AWS's answer, or an empty one; a failure is told in the plan and does not stop it."""
        try:
            return self.or_none(service, operation, **parameters) or {}
        except RemediationError as exc:
            self.unread.append(str(exc))
            return {}

    def optional_rows(self, service: str, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a list of Lambda's, page after page."""
        rows: list[dict[str, Any]] = []
        for _ in range(PAGES):
            page = self.optional(service, operation, **parameters)
            rows += page.get(key, [])
            if not page.get("NextMarker"):
                return rows
            parameters["Marker"] = page["NextMarker"]
        self.unread.append(f"{service}:{operation}: more than {PAGES} pages, the rest was not read")
        return rows

    def function(self, function_name: str, qualifier: str | None = None) -> dict[str, Any]:
        """Return a function's configuration; that of $LATEST unless a qualifier is given.

        Raises:
            TargetNotFoundError: There is no such function, version or alias.
        """
        where = {"Qualifier": qualifier} if qualifier else {}
        found = self.or_none("lambda", "GetFunctionConfiguration", FunctionName=function_name, **where)
        if found is None:
            named = f"{function_name}:{qualifier}" if qualifier else function_name
            raise TargetNotFoundError(f"function: {named} does not exist in {self.region or 'this region'}")
        return found
