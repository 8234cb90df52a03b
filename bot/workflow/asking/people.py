"""What a person may do about changes, by the rules as they are now."""

from __future__ import annotations

from collections.abc import Iterator

from bot.errors import DeliveryError
from bot.models.change import Change
from bot.models.replies import HelpReply
from bot.workflow.asking.desk import AskDesk
from bot.workflow.changes.rules import ANYONE, Rule, Rules


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
    if any(given.user_id == user_id for given in change.approvals):
        return False
    rules = list(_deciding(desk.rules(), change))
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


def _deciding(rules: Rules, change: Change) -> Iterator[Rule]:
    """Yield the rules that may decide about a change: the first that fits, and those before it whose tags nobody was asked for."""
    for rule in rules.rules:
        if rule.might_fit(change.plan.function_name, change.plan.risk):
            yield rule
            if not rule.tags:
                return
