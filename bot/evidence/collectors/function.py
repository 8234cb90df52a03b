"""The function itself: its configuration, tags, aliases and latest versions."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from bot.errors import CollectionError, TargetNotFoundError
from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import NOT_FOUND_CODES, Context
from bot.evidence.names import near_names, partition_of

REMOVED: Final = "***"
"""Stands for the value of an environment variable; only names are kept."""

LIST_PAGES: Final = 20
"""Pages of 50 that are read of a list: a thousand functions for near names, a thousand versions."""

VERSIONS_KEPT: Final = 10


@COLLECTORS.register("function")
class FunctionConfiguration(Collector):
    """The function's configuration; environment values are removed before anything is kept."""

    sections = ("function",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:GetFunctionConfiguration", "lambda:ListFunctions", "lambda:ListAliases"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html"

    def collect(self, context: Context) -> dict[str, Any]:
        """Read the configuration of the function or of its alias."""
        target = context.target
        name = str(target.function_name)
        qualifier = {"Qualifier": target.qualifier} if target.qualifier else {}
        try:
            answer = context.call("lambda", "GetFunctionConfiguration", FunctionName=name, **qualifier)
        except CollectionError as exc:
            if exc.code not in NOT_FOUND_CODES:
                raise
            return self._without_function(context, name, exc)
        configuration = without_environment_values(answer)
        context.answer("function", configuration)
        return configuration

    def _without_function(self, context: Context, name: str, error: CollectionError) -> dict[str, Any]:
        """Say that the function is gone where an alarm or a gateway spoke of it; refuse a name that a person misspelt."""
        front_door = context.target.front_door
        if context.run.alarm is None and not (front_door and front_door.id):
            raise TargetNotFoundError(_not_found(context, name)) from error
        context.answer("function", None)
        context.gap("function", error)
        return {}


def without_environment_values(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration with the names of its environment variables and without their values."""
    environment = configuration.get("Environment")
    if not isinstance(environment, dict):
        return configuration
    names = environment.get("Variables") or {}
    return {**configuration, "Environment": {**environment, "Variables": dict.fromkeys(names, REMOVED)}}


def _not_found(context: Context, name: str) -> str:
    target = context.target
    place = target.region or "the default region"
    if target.qualifier:
        known = _aliases(context, name)
        if known is not None:
            return f"function {name} has no alias or version {target.qualifier!r} in {place}; its aliases: {', '.join(known) or 'none'}"
    near = near_names(name, _function_names(context))
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"no function is called {name!r} in {place}{hint}"


def _aliases(context: Context, name: str) -> list[str] | None:
    """Return the names of the aliases; None where not even the function exists or the list may not be read."""
    try:
        return [str(alias["Name"]) for alias in context.call("lambda", "ListAliases", FunctionName=name)["Aliases"]]
    except CollectionError:
        return None


def _function_names(context: Context) -> list[str]:
    names: list[str] = []
    try:
        for page in context.pages("lambda", "ListFunctions", ("NextMarker", "Marker"), limit=LIST_PAGES):
            names += [str(function["FunctionName"]) for function in page["Functions"]]
    except CollectionError:
        # A hint is a courtesy: without the permission, or past the last page, the message stands without it.
        return names
    return names


@COLLECTORS.register("function-tags")
class FunctionTags(Collector):
    """The tags, which tell who owns the function."""

    sections = ("tags",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:ListTags"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_ListTags.html"

    def collect(self, context: Context) -> None:
        """Read the tags; ListTags takes an unqualified ARN and nothing else."""
        arn = self._arn(context)
        if arn:
            context.answer("tags", context.call("lambda", "ListTags", Resource=arn).get("Tags", {}))

    @staticmethod
    def _arn(context: Context) -> str | None:
        target = context.target
        if target.account_id and target.region:
            return f"arn:{partition_of(target.region)}:lambda:{target.region}:{target.account_id}:function:{target.function_name}"
        arn = context.need("function").get("FunctionArn")
        return ":".join(str(arn).split(":")[:7]) if arn else None


@COLLECTORS.register("function-aliases")
class FunctionAliases(Collector):
    """Aliases with their versions and weights."""

    sections = ("function",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:ListAliases"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_ListAliases.html"

    def collect(self, context: Context) -> list[dict[str, Any]]:
        """Read the aliases."""
        answer = context.call_or_none("lambda", "ListAliases", FunctionName=str(context.target.function_name))
        if answer is None:
            return []
        aliases: list[dict[str, Any]] = answer.get("Aliases", [])
        context.answer("function", {"Aliases": aliases})
        return aliases


@COLLECTORS.register("function-versions")
class FunctionVersions(Collector):
    """The latest published versions, to which an alias could go back."""

    sections = ("function",)
    iam_actions: ClassVar[frozenset[str]] = frozenset({"lambda:ListVersionsByFunction"})
    source_url = "https://docs.aws.amazon.com/lambda/latest/api/API_ListVersionsByFunction.html"

    def collect(self, context: Context) -> None:
        """Read the versions where there is an alias that uses one."""
        if not context.need("function-aliases"):
            return
        versions: list[dict[str, Any]] = []
        for page in context.pages(
            "lambda", "ListVersionsByFunction", ("NextMarker", "Marker"), FunctionName=str(context.target.function_name)
        ):
            versions += [version for version in page["Versions"] if version.get("Version") != "$LATEST"]
        kept = ("Version", "Description", "CodeSha256", "LastModified", "RevisionId", "Runtime", "Handler", "Timeout", "MemorySize")
        context.answer("function", {"Versions": [{key: v[key] for key in kept if key in v} for v in versions[-VERSIONS_KEPT:]]})
