"""Who may ask for a change and who may approve it: rules that the platform team writes, one YAML document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from bot.errors import DeliveryError, InputError
from bot.models.diagnosis import Risk, Strict
from bot.models.plan import RemediationPlan
from bot.playbooks.marked_yaml import Fault, Marked, Place, read
from bot.ports import Groups

ALL_RISKS: Final[tuple[Risk, ...]] = ("low", "medium", "high")

ANYONE: Final = "anyone"
"""In `may_ask` only."""

EMPTY: Final = "the file is empty"
"""What the YAML reader says of a document without a value; here that is a way to say "nobody"."""

MAX_CHARS: Final = 64_000
"""A document of rules comes from a parameter of at most 8 KB, or from a file while it is checked.
Source: https://docs.aws.amazon.com/general/latest/gr/ssm.html (advanced parameters)"""

_USER: Final = re.compile(r"[UW][A-Z0-9]{1,30}")
_GROUP: Final = re.compile(r"S[A-Z0-9]{1,30}")
"""Source: https://docs.slack.dev/reference/objects/user-object and /usergroup-object: ids begin with U or W, and with S."""

_PATTERN: Final = re.compile(r"[A-Za-z0-9_*?-]{1,140}")

_EXPECTED: Final = {"tuple_type": "expected a list", "model_type": "expected keys with values", "dict_type": "expected keys with values"}

_SECOND: Final = 2


class Rule(Strict):
    """One rule; all of `functions`, `tags` and `risks` must fit. People are Slack user ids (U…, W…) and user group ids (S…)."""

    functions: tuple[str, ...] = ("*",)
    """Names with the wildcards * and ?."""
    tags: dict[str, str] = Field(default_factory=dict)
    risks: tuple[Risk, ...] = ALL_RISKS
    may_ask: tuple[str, ...] = ()
    may_approve: tuple[str, ...] = ()
    approvals: int = Field(default=1, ge=1, le=5)
    self_approval: bool = False
    lifetime_minutes: int = Field(default=15, ge=1, le=1440)

    def fits(self, function_name: str, tags: Mapping[str, str], risk: Risk) -> bool:
        """Tell whether the rule is about such a change."""
        return self._fits_name(function_name, risk) and all(tags.get(key) == value for key, value in self.tags.items())

    def might_fit(self, function_name: str, risk: Risk) -> bool:
        """Tell whether the rule could be about such a change of a function whose tags are not known."""
        return self._fits_name(function_name, risk)

    def _fits_name(self, function_name: str, risk: Risk) -> bool:
        # A bracket is a wildcard to fnmatch and none here.
        patterns = (pattern.replace("[", "[[]") for pattern in self.functions)
        return risk in self.risks and any(fnmatchcase(function_name, pattern) for pattern in patterns)

    def needed_for(self, plan: RemediationPlan) -> int:
        """Return how many people must approve a plan; one that could starve a neighbour takes two at least."""
        return max(self.approvals, _SECOND if plan.needs_second_approver else 1)


class Rules(Strict):
    """The rules in order; the first that fits decides. Where none fits, nobody may do anything."""

    version: Literal[1] = 1
    rules: tuple[Rule, ...] = ()

    @property
    def use_tags(self) -> bool:
        """Tell whether a function's tags matter."""
        return any(rule.tags for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a person is among those named; `unread` are the groups that could not be asked, in which nobody counts as a member."""

    is_given: bool
    unread: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.is_given


def rule_for(rules: Rules, *, function_name: str, tags: Mapping[str, str] | None, risk: Risk) -> Rule | None:
    """Return the first rule that fits, or None.

    With tags that could not be read (None) no rule is passed over because of its tags: such a rule may be the stricter one, so
    from there on nothing fits.
    """
    for rule in rules.rules:
        if tags is None and rule.tags and rule.might_fit(function_name, risk):
            return None
        if rule.fits(function_name, tags or {}, risk):
            return rule
    return None


def may(ids: Iterable[str], user_id: str, groups: Groups) -> Permit:
    """Tell whether a person is named, by id, as a member of a group, or by `anyone`."""
    if not _USER.fullmatch(user_id):
        return Permit(False)
    named = tuple(ids)
    if ANYONE in named or user_id in named:
        return Permit(True)
    unread: list[str] = []
    for group_id in (one for one in named if _GROUP.fullmatch(one)):
        try:
            if user_id in groups.members(group_id):
                return Permit(True)
        except DeliveryError:
            unread.append(group_id)
    return Permit(False, tuple(unread))


def people_of(ids: Iterable[str], groups: Groups) -> frozenset[str]:
    """Return the user ids that are named, by themselves or as members of a group.

    Raises:
        DeliveryError: A group cannot be read.
    """
    named = frozenset(ids)
    members = (groups.members(one) for one in sorted(named) if _GROUP.fullmatch(one))
    return frozenset(one for one in named if _USER.fullmatch(one)).union(*members)


def load_rules(text: str, path: str) -> Rules:
    """Return the rules of a document. An empty one lets nobody do anything.

    Raises:
        InputError: The document is not valid; every fault is in the message, as `path:line: where: message`.
    """
    if len(text) > MAX_CHARS:
        raise InputError(f"{path}:1: has {len(text)} characters; approval rules have at most {MAX_CHARS}")
    marked = read(text)
    if marked.value is None and [fault.message for fault in marked.faults] in ([], [EMPTY]):
        return Rules()
    faults, rules = list(marked.faults), Rules()
    if marked.value is not None or not faults:
        try:
            rules = Rules.model_validate(marked.value)
        except ValidationError as exc:
            faults += [_fault_of(error, marked) for error in exc.errors(include_url=False)]
        faults += _faults_inside(marked)
    if faults:
        words = [fault.words(path) for fault in sorted(faults, key=lambda fault: fault.line)]
        raise InputError("\n".join(dict.fromkeys(words)))
    return rules


def _fault_of(error: Any, marked: Marked) -> Fault:
    place: Place = error["loc"]
    message = _EXPECTED.get(error["type"], str(error["msg"]))
    if error["type"] == "extra_forbidden":
        known = Rule.model_fields if place[:1] == ("rules",) else Rules.model_fields
        message = f"unknown key {str(place[-1])!r}; known: {', '.join(known)}"
    return Fault(marked.line(place), marked.nearest(place), message)


def _faults_inside(marked: Marked) -> Iterator[Fault]:
    """Yield what the shapes of the values allow and a rule must not be, as far as the document has rules at all."""
    rows = marked.value.get("rules") if isinstance(marked.value, dict) else None
    if isinstance(marked.value, dict) and "rules" not in marked.value:
        yield Fault(1, (), "'rules' is missing")
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict):
            for place, message in _faults_of_rule(row):
                where = ("rules", number, *place)
                yield Fault(marked.line(where), where, message)


def _faults_of_rule(row: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    if "may_ask" not in row:
        yield (), "'may_ask' is missing; [] lets nobody ask"
    for key, more in (("may_ask", f", or {ANYONE!r}"), ("may_approve", "")):
        for index, one in enumerate(_texts(row.get(key))):
            if not (_USER.fullmatch(one) or _GROUP.fullmatch(one) or (more and one == ANYONE)):
                yield (key, index), f"expected the id of a Slack user (U…, W…) or user group (S…){more}, found {one[:60]!r}"
    for key in ("functions", "risks"):
        if key in row and row[key] == []:
            yield (key,), "fits nothing; leave it out to mean all"
    for index, pattern in enumerate(_texts(row.get("functions"))):
        if not _PATTERN.fullmatch(pattern):
            yield ("functions", index), f"expected a function's name with the wildcards * and ?, found {pattern[:60]!r}"
    yield from _faults_of_approvers(row)


def _faults_of_approvers(row: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    approvers, needed = set(_texts(row.get("may_approve"))), row.get("approvals", 1)
    if not approvers and row.get("may_approve", []) == []:
        yield ("may_approve",), "nobody may approve; a change that this rule fits could never be made"
    elif approvers and isinstance(needed, int) and needed > len(approvers) and not any(_GROUP.fullmatch(one) for one in approvers):
        yield ("approvals",), f"{needed} people must approve and only {len(approvers)} may"


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
