"""Whose word counts about a change: the rule that fits it now, and whether a person is named in it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.errors import BotError, DeliveryError, RefusedError, RemediationError
from bot.models.change import Change, Decision
from bot.models.plan import RemediationPlan
from bot.remediations.case import partition_of
from bot.remediations.reads import Reads
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.rules import Rule, Rules, may, people_of, rule_for

READS: Final = frozenset({"lambda:ListTags"})
"""What the search for a rule asks AWS, and only where a rule names tags."""

BY_HAND: Final = "The command and the patch can be run by hand by whoever may do so in AWS."

NO_RULES: Final = f"Nobody is configured who may ask for changes or approve them. {BY_HAND}"


@dataclass(frozen=True, slots=True)
class Authority:
    """The rule for one plan, or why there is none."""

    rule: Rule | None
    why_not: str = ""

    def required(self) -> Rule:
        """Return the rule.

        Raises:
            RefusedError: There is none, so that nobody may do anything.
        """
        if self.rule is None:
            raise RefusedError(self.why_not)
        return self.rule


@dataclass(frozen=True, slots=True)
class Approvals:
    """The approvals of a change, as the rules see them now."""

    standing: tuple[Decision, ...]
    gone: tuple[str, ...]
    """People whose approval no longer counts."""
    needed: int

    @property
    def are_enough(self) -> bool:
        """Tell whether the change may be made."""
        return len(self.standing) >= self.needed


def authority_over(desk: ChangeDesk, plan: RemediationPlan, incident_id: str) -> Authority:
    """Return the rule that fits a plan now. What cannot be read fits nobody."""
    rules, why_not = _rules(desk)
    if why_not:
        return Authority(None, why_not)
    try:
        tags: dict[str, str] | None = _tags(desk, plan, incident_id, rules)
        problem = ""
    except RemediationError as exc:
        tags, problem = None, str(exc)
    rule = rule_for(rules, function_name=plan.function_name, tags=tags, risk=plan.risk)
    if rule is not None:
        return Authority(rule)
    if problem:
        return Authority(None, f"Rules go by tags, and the tags of {plan.function_name} cannot be read: {problem}. {BY_HAND}")
    return Authority(None, f"No approval rule fits {plan.function_name} at risk {plan.risk}, so nobody may ask or approve. {BY_HAND}")


def why_nobody_may(desk: ChangeDesk) -> str:
    """Return why nobody may do anything, whatever it is; an empty text where rules stand."""
    return _rules(desk)[1]


def check_may_ask(desk: ChangeDesk, rule: Rule, user_id: str) -> None:
    """Let a person ask.

    Raises:
        RefusedError: They may not, or it could not be found out.
    """
    permit = may(rule.may_ask, user_id, desk.groups)
    if not permit:
        raise RefusedError(_not_named("ask for this change", permit.unread))


def check_may_approve(desk: ChangeDesk, rule: Rule, user_id: str) -> None:
    """Let a person decide.

    Raises:
        RefusedError: They may not, or it could not be found out.
    """
    permit = may(rule.may_approve, user_id, desk.groups)
    if not permit:
        raise RefusedError(_not_named("decide about this change", permit.unread))


def check_can_be_approved(desk: ChangeDesk, rule: Rule, plan: RemediationPlan, asked_by: str) -> None:
    """Let nobody ask for what too few people could approve; where a group cannot be read, that is not known.

    Raises:
        RefusedError: There are too few.
    """
    try:
        people = people_of(rule.may_approve, desk.groups)
    except DeliveryError:
        return
    others = people if rule.self_approval else people - {asked_by}
    needed = rule.needed_for(plan)
    if len(others) < needed:
        besides = " besides you" if len(others) < len(people) else ""
        raise RefusedError(f"{needed} must approve this change, and the approval rules name {len(others)}{besides}")


def is_forbidden_self(rule: Rule, change: Change, user_id: str) -> bool:
    """Tell whether a person would approve what they asked for, where that does not count."""
    return user_id == change.requested_by and not rule.self_approval


def approvals_of(desk: ChangeDesk, rule: Rule, change: Change) -> Approvals:
    """Return which of a change's approvals count now.

    Raises:
        DeliveryError: A group cannot be read at this moment, so it is not known whether somebody still belongs to it.
    """
    standing: list[Decision] = []
    gone: list[str] = []
    for given in change.approvals:
        permit = may(rule.may_approve, given.user_id, desk.groups)
        if permit.unread and not permit:
            raise DeliveryError("groups_unread", f"{', '.join(permit.unread)}: cannot be read, so no approval of its members counts now")
        if permit and not is_forbidden_self(rule, change, given.user_id):
            standing.append(given)
        else:
            gone.append(given.user_id)
    # Never fewer than people were told when it was asked for.
    return Approvals(tuple(standing), tuple(gone), max(change.needed, rule.needed_for(change.plan)))


def _rules(desk: ChangeDesk) -> tuple[Rules, str]:
    try:
        rules = desk.rules()
    except BotError as exc:
        return Rules(), f"The approval rules cannot be read ({exc}), so nobody may do anything. {BY_HAND}"
    return rules, "" if rules.rules else NO_RULES


def _tags(desk: ChangeDesk, plan: RemediationPlan, incident_id: str, rules: Rules) -> dict[str, str]:
    if not rules.use_tags:
        return {}
    arn = f"arn:{partition_of(plan.region)}:lambda:{plan.region}:{plan.account_id}:function:{plan.function_name}"
    found: dict[str, str] = Reads(desk.aws.for_incident(incident_id), plan.region).call("lambda", "ListTags", Resource=arn).get("Tags", {})
    return found


def _not_named(what: str, unread: tuple[str, ...]) -> str:
    if unread:
        return (
            f"you may not {what} as far as can be told: the user group {', '.join(unread)} cannot be read at this moment; try again later"
        )
    return f"the approval rules do not let you {what}"
