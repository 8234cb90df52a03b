"""Questions to AWS while an alarm's target is looked for: one that fails becomes a gap, and the search goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from bot.errors import InputError
from bot.models.incident_file import Gap
from bot.ports import AwsClients

NOT_FOUND: Final = frozenset(
    {"ResourceNotFoundException", "NotFoundException", "TargetGroupNotFound", "LoadBalancerNotFound", "QueueDoesNotExist"}
)
"""Codes that are an answer: what was asked for does not exist (any more)."""


T = TypeVar("T")


class NotThere(Exception):  # noqa: N818 - an answer and no error
    """AWS said that what was asked for does not exist."""


class Questions:
    """Asks AWS in one region, and keeps the gaps."""

    def __init__(self, aws: AwsClients, region: str | None) -> None:
        self._aws = aws
        self.region = region
        self.gaps: list[Gap] = []

    def ask(self, section: str, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """Return the answer to one call, or None when it failed.

        Raises:
            NotThere: AWS said that it does not exist.
        """

        def call() -> dict[str, Any]:
            answer: dict[str, Any] = getattr(self._aws.client(service, self.region), operation)(**parameters)
            return answer

        return self._guarded(section, service, operation, call)

    def pages(self, section: str, service: str, operation: str, key: str, *, limit: int = 20, **parameters: Any) -> list[dict[str, Any]]:
        """Return the items of all pages, `limit` pages at most; what came before a failure is kept.

        Raises:
            NotThere: AWS said that it does not exist.
        """
        found: list[dict[str, Any]] = []

        def read() -> None:
            for number, page in enumerate(self._paginate(service, operation, parameters), start=1):
                found.extend(page.get(key) or [])
                if number >= limit:
                    self.gap(section, service, operation, "TooManyPages", f"stopped after {limit} pages")
                    return

        self._guarded(section, service, operation, read)
        return found

    def gap(self, section: str, service: str, operation: str, code: str, message: str) -> None:
        """Note that a question has no or no whole answer."""
        self.gaps.append(Gap(section=section, operation=operation_name(service, operation), code=code, message=message))

    def _paginate(self, service: str, operation: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        client = self._aws.client(service, self.region)
        if client.can_paginate(operation):
            yield from client.get_paginator(operation).paginate(**parameters)
        else:
            yield getattr(client, operation)(**parameters)

    def _guarded(self, section: str, service: str, operation: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except Exception as exc:
            code = failure_code(exc)
            if code is None:
                raise
            if code in NOT_FOUND or code.endswith("NonExistentQueue"):
                raise NotThere(str(exc)) from exc
            self.gap(section, service, operation, code, str(exc))
            return None


def failure_code(exc: Exception) -> str | None:
    """Return the code of a failure of AWS or of the way to it, or None for an error of our own.

    Errors are told by where they are defined: this package knows clients by their port alone and does not import botocore.
    """
    response = getattr(exc, "response", None)
    if isinstance(response, dict) and isinstance(response.get("Error"), dict):
        return str(response["Error"].get("Code") or type(exc).__name__)
    own = type(exc).__module__.split(".")[0] in ("botocore", "boto3", "urllib3") or isinstance(exc, InputError | OSError)
    return type(exc).__name__ if own else None


def operation_name(service: str, operation: str) -> str:
    """Return the operation as a gap names it, for example `apigateway:GetResources`."""
    prefix = {"elbv2": "elasticloadbalancing", "apigatewayv2": "apigateway"}.get(service, service)
    return f"{prefix}:{''.join(word.capitalize() for word in operation.split('_'))}"
