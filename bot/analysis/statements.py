"""One statement of a resource policy against one caller, in three values: it matches, it does not, or that cannot be told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.analysis.arn_match import Match, arn_matches
from bot.analysis.callers import Caller

Miss = Literal["principal", "action", "source", "account", "other"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a statement relates to a caller; `miss` says what keeps it from matching, `source` what it has there."""

    match: Match
    miss: Miss | None = None
    source: str | None = None


_SOURCE_KEYS: Final = ("aws:sourcearn",)
_ACCOUNT_KEYS: Final = ("aws:sourceaccount",)
_URL_AUTH_KEY: Final = "lambda:functionurlauthtype"
_VIA_URL_KEY: Final = "lambda:invokedviafunctionurl"
_LIKE: Final = ("arnlike", "arnequals", "stringlike", "stringequals", "stringequalsignorecase")
_WILD: Final = ("arnlike", "arnequals", "stringlike")
"""Operators in which `*` and `?` are wildcards; ArnEquals behaves as ArnLike. Source: IAM user guide, "Condition operators"."""


def statements_of(policy: object) -> list[dict[str, Any]]:
    """Return a policy's statements; one alone may stand without a list."""
    found = policy.get("Statement") if isinstance(policy, dict) else None
    if isinstance(found, dict):
        return [found]
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def judge(statement: dict[str, Any], caller: Caller, action: str, *, url_auth: str | None = None) -> Verdict:
    """Return whether a statement speaks of this caller and action.

    Args:
        statement: One statement of the policy.
        caller: The caller.
        action: The action that is needed.
        url_auth: AuthType of the function URL when the call comes through one.
    """
    for part, miss in ((principal_matches(statement, caller.service), "principal"), (action_matches(statement, action), "action")):
        if part == "no":
            return Verdict("no", "principal" if miss == "principal" else "action")
    parts: list[Match] = [principal_matches(statement, caller.service), action_matches(statement, action)]
    for operator, key, values in conditions_of(statement):
        verdict = _condition(operator, key, values, caller, url_auth)
        if verdict.match == "no":
            return verdict
        parts.append(verdict.match)
    return Verdict("maybe" if "maybe" in parts else "yes", source=source_of(statement))


def source_of(statement: dict[str, Any]) -> str | None:
    """Return the SourceArn, else the SourceAccount, that a statement asks for."""
    found = {key: values for _, key, values in conditions_of(statement)}
    for key in (*_SOURCE_KEYS, *_ACCOUNT_KEYS):
        if found.get(key):
            return ", ".join(found[key])
    return None


def principal_matches(statement: dict[str, Any], service: str) -> Match:
    """Match the Principal element, in each of its forms."""
    if "NotPrincipal" in statement:
        return "maybe"
    principal = statement.get("Principal")
    if principal == "*":
        return "yes"
    if isinstance(principal, str):
        return "yes" if principal == service else "no"
    if not isinstance(principal, dict):
        return "maybe"
    if "*" in as_list(principal.get("AWS")) or "*" in as_list(principal.get("Service")):
        return "yes"
    return "yes" if service in as_list(principal.get("Service")) else "no"


def action_matches(statement: dict[str, Any], action: str) -> Match:
    """Match the Action element; NotAction is left undecided."""
    if "NotAction" in statement:
        return "maybe"
    for pattern in as_list(statement.get("Action")):
        if re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), action, re.IGNORECASE):
            return "yes"
    return "no"


def conditions_of(statement: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield operator, key and values, operator and key in lower case as IAM compares them."""
    conditions = statement.get("Condition")
    for operator, keys in conditions.items() if isinstance(conditions, dict) else ():
        for key, value in keys.items() if isinstance(keys, dict) else ():
            yield operator.lower().removesuffix("ifexists"), key.lower(), as_list(value)


def _condition(operator: str, key: str, values: list[str], caller: Caller, url_auth: str | None) -> Verdict:
    if key == _VIA_URL_KEY:
        return Verdict("yes" if (values[:1] == ["true"]) == (url_auth is not None) else "no", "other")
    if key == _URL_AUTH_KEY:
        return Verdict("maybe" if url_auth in (None, "?") else "yes" if url_auth in values else "no", "other")
    if operator not in _LIKE:
        return Verdict("maybe")
    if key in _ACCOUNT_KEYS:
        if caller.account_id is None:
            return Verdict("maybe")
        return Verdict("yes" if caller.account_id in values else "no", "account", ", ".join(values))
    if key in _SOURCE_KEYS:
        if caller.arn is None:
            return Verdict("maybe")
        return Verdict(_any_matches(operator, values, caller.arn), "source", ", ".join(values))
    return Verdict("maybe")


def _any_matches(operator: str, values: list[str], arn: str) -> Match:
    patterns = values if operator in _WILD else [re.sub(r"([*?])", "\x03", value) for value in values]
    found = {arn_matches(pattern, arn) for pattern in patterns}
    return "yes" if "yes" in found else "maybe" if "maybe" in found else "no"


def as_list(value: object) -> list[str]:
    """Return what IAM lets stand alone or in a list as a list of texts."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items]
