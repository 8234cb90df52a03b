"""Concurrency: what the function has reserved, what the account allows, what is provisioned."""

from __future__ import annotations

from typing import Any, ClassVar

from bot.errors import CollectionError
from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import NOT_FOUND_CODES, Context


@COLLECTORS.register("concurrency-reserved")
class ReservedConcurrency(Collector):
    """The function's own limit; null when none is reserved."""

    sections = ("concurrency",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:GetFunctionConcurrency"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html"

    def collect(self, context: Context) -> None:
        """Read the limit; an answer without the field says that none is reserved."""
        answer = context.call_or_none("lambda", "GetFunctionConcurrency", FunctionName=str(context.target.function_name))
        if answer is not None:
            context.answer("concurrency", {"ReservedConcurrentExecutions": answer.get("ReservedConcurrentExecutions")})


@COLLECTORS.register("concurrency-account")
class AccountConcurrency(Collector):
    """The account's limit in the region, and what of it is not reserved."""

    sections = ("concurrency",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:GetAccountSettings"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html"

    def collect(self, context: Context) -> None:
        """Read the limits."""
        limit = context.call("lambda", "GetAccountSettings").get("AccountLimit", {})
        names = ("ConcurrentExecutions", "UnreservedConcurrentExecutions")
        context.answer("concurrency", {"AccountLimit": {name: limit[name] for name in names if name in limit}})


@COLLECTORS.register("concurrency-provisioned")
class ProvisionedConcurrency(Collector):
    """Provisioned concurrency of the function's aliases and versions."""

    sections = ("concurrency",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:ListProvisionedConcurrencyConfigs"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_ListProvisionedConcurrencyConfigs.html"

    def collect(self, context: Context) -> None:
        """Read what is provisioned; an empty list says that nothing is."""
        name, tokens = str(context.target.function_name), ("NextMarker", "Marker")
        configs: list[dict[str, Any]] = []
        try:
            for page in context.pages("lambda", "ListProvisionedConcurrencyConfigs", tokens, FunctionName=name):
                configs += page.get("ProvisionedConcurrencyConfigs", [])
        except CollectionError as exc:
            # Some answer a list that would be empty with an error of its own.
            if exc.code not in NOT_FOUND_CODES:
                raise
        context.answer("concurrency", {"ProvisionedConcurrencyConfigs": configs})
