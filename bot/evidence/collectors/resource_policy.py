"""Who may invoke: the resource policies of the function and its aliases, and its function URL."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar, Final

from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context

LATEST: Final = "$LATEST"
MAX_QUALIFIERS: Final = 5
"""GetPolicy allows 15 requests a second for the whole account.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""


def read_policy(context: Context, function_name: str, qualifier: str | None) -> dict[str, Any] | None:
    """Return a resource policy, parsed; None where AWS says that there is none."""
    extra = {"Qualifier": qualifier} if qualifier and qualifier != LATEST else {}
    answer = context.call_or_none("lambda", "GetPolicy", FunctionName=function_name, **extra)
    if answer is None:
        return None
    policy: dict[str, Any] = json.loads(answer["Policy"])
    return policy


@COLLECTORS.register("resource-policy")
class ResourcePolicy(Collector):
    """The policy of the very function or alias that the investigation is about; null when it has none."""

    sections = ("resource_policy",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:GetPolicy"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html"

    def collect(self, context: Context) -> dict[str, Any] | None:
        """Read the policy."""
        policy = read_policy(context, str(context.target.function_name), context.target.qualifier)
        context.answer("resource_policy", policy)
        return policy


@COLLECTORS.register("resource-policies")
class OtherResourcePolicies(Collector):
    """The policies of the other qualifiers: a permission on `$LATEST` lets nobody call an alias, and the other way round."""

    sections = ("resource_policies",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:GetPolicy"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html"

    def collect(self, context: Context) -> dict[str, Any]:
        """Read the policy of each alias, and of the unqualified function where the target is an alias."""
        own = context.target.qualifier
        names = [str(alias["Name"]) for alias in context.need("function-aliases")][:MAX_QUALIFIERS]
        others = [name for name in ([LATEST, *names] if own else names) if name != own]
        found: dict[str, Any] = {}

        def read(qualifier: str, context: Context) -> None:
            found[qualifier] = read_policy(context, str(context.target.function_name), qualifier)

        context.together("resource_policies", *(partial(read, name) for name in others))
        if found:
            context.answer("resource_policies", dict(sorted(found.items())))
        return found


@COLLECTORS.register("function-url")
class FunctionUrl(Collector):
    """The function's own URL; null when it has none."""

    sections = ("function_url",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:GetFunctionUrlConfig"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html"

    def collect(self, context: Context) -> dict[str, Any] | None:
        """Read the URL's configuration."""
        extra = {"Qualifier": context.target.qualifier} if context.target.qualifier else {}
        answer = context.call_or_none("lambda", "GetFunctionUrlConfig", FunctionName=str(context.target.function_name), **extra)
        context.answer("function_url", answer)
        return answer
