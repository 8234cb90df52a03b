"""What a person may do about changes, by the rules as they are now."""

from __future__ import annotations

from fnmatch import fnmatchcase

from bot.errors import DeliveryError
from bot.models.change import Change
from bot.models.replies import HelpReply
from bot.workflow.asking.desk import AskDesk
from bot.workflow.changes.rules import ANYONE, Rule


def help_for(desk: AskDesk, user_id: str) -> HelpReply:
    """Return what help says to a person: changes only as far as some rule lets them."""
    rules = desk.rules().rules
    return HelpReply(
        are_changes_configured=bool(rules),
        may_ask=any(ANYONE in rule.may_ask or is_among(desk, rule.may_ask, user_id) for rule in rules),
        may_approve=any(is_among(desk, rule.may_approve, user_id) for rule in rules),
    )


def may_decide(desk: AskDesk, change: Change, user_id: str) -> bool:
    """Tell whether a change may wait for this person; whether they really may approve it is decided at the click."""
    rules = [rule for rule in desk.rules().rules if _fits(rule, change)]
    if not any(is_among(desk, rule.may_approve, user_id) for rule in rules):
        return False
    return change.requested_by != user_id or any(rule.self_approval for rule in rules)


def is_among(desk: AskDesk, ids: tuple[str, ...], user_id: str) -> bool:
    """Tell whether a person is listed, alone or in a group; a group that can't be read holds nobody."""
    return user_id in ids or any(user_id in _members(desk, one) for one in ids if one.startswith("S"))


def _members(desk: AskDesk, group_id: str) -> frozenset[str]:
    try:
        return desk.groups.members(group_id)
    except DeliveryError:
        return frozenset()


def _fits(rule: Rule, change: Change) -> bool:
    """Tell whether a rule may be about a change, as far as that is known without asking AWS for tags."""
    return change.plan.risk in rule.risks and any(fnmatchcase(change.plan.function_name, pattern) for pattern in rule.functions)
