"""The app's home: what waits there is what this person may decide about."""

from __future__ import annotations

from typing import Any

import pytest

from bot.models.change import Change, Decision
from bot.workflow.asking.desk import AskDesk
from bot.workflow.asking.home import home_of
from bot.workflow.changes.rules import Rule, Rules
from tests.slack.changes.factories import a_change
from tests.workflow.asking.fakes import an_ask_desk
from tests.workflow.changes.fakes.store import FakeChangeStore
from tests.workflow.conftest import World, dynamodb, new_world, playbooks, world

__all__ = ["dynamodb", "new_world", "playbooks", "world"]

LEAD = "U0LEAD"


def a_desk(world: World, *rules: Rule, **fields: Any) -> tuple[AskDesk, Change]:
    """Return a desk with one change that was asked for just now."""
    desk = an_ask_desk(world.desk, world.clock, Rules(rules=rules))
    now = world.clock.now().timestamp()
    change = a_change(**{"requested_by": "U0ONCALL", "requested_at": now, "expires_at": now + 900, **fields})
    assert isinstance(desk.changes, FakeChangeStore)
    desk.changes.add_change(change)
    return desk, change


def waiting(desk: AskDesk, user_id: str) -> list[str]:
    """Return the ids of the changes that the person's home shows as waiting."""
    return [line.id for line in home_of(desk, user_id).waiting]


class TestWaiting:
    def test_is_shown_to_whoever_may_approve_and_to_nobody_else(self, world: World) -> None:
        """By id or as a member of a group."""
        desk, change = a_desk(world, Rule(may_ask=("anyone",), may_approve=("S0LEADS", "U0PAY")))

        assert waiting(desk, LEAD) == waiting(desk, "U0PAY") == [change.id]
        assert waiting(desk, "U0STRANGER") == []

    @pytest.mark.parametrize(("self_approval", "shown"), [(False, 0), (True, 1)])
    def test_ones_own_request_waits_for_others(self, world: World, shown: int, *, self_approval: bool) -> None:
        """Unless the rule lets people approve their own."""
        desk, _ = a_desk(world, Rule(may_ask=("anyone",), may_approve=(LEAD,), self_approval=self_approval), requested_by=LEAD)

        assert len(waiting(desk, LEAD)) == shown

    def test_a_rule_of_other_functions_names_nobody(self, world: World) -> None:
        """Who approves for payments decides nothing about orders."""
        desk, _ = a_desk(world, Rule(functions=("payments-*",), may_ask=("anyone",), may_approve=(LEAD,)))

        assert waiting(desk, LEAD) == []

    def test_the_first_rule_that_fits_decides(self, world: World) -> None:
        """Approvers of everything else do not approve what a rule before names; whether one with tags fits is not asked here."""
        first = Rule(functions=("orders",), may_ask=("anyone",), may_approve=("U0PAY",))
        rest = Rule(may_ask=("anyone",), may_approve=(LEAD,))
        desk, change = a_desk(world, first, rest)
        tagged, _ = a_desk(world, first.model_copy(update={"tags": {"tier": "gold"}}), rest)

        assert (waiting(desk, LEAD), waiting(desk, "U0PAY")) == ([], [change.id])
        assert waiting(tagged, LEAD) == waiting(tagged, "U0PAY") == [change.id]

    def test_whoever_has_approved_already_has_nothing_left_to_do(self, world: World) -> None:
        """The second approval is another person's."""
        given = Decision(user_id=LEAD, at=1.0, request_id="r1")
        rule = Rule(may_ask=("anyone",), may_approve=(LEAD, "U0PAY"), approvals=2)
        desk, change = a_desk(world, rule, approvals=(given,), needed=2)

        assert (waiting(desk, LEAD), waiting(desk, "U0PAY")) == ([], [change.id])

    def test_what_has_expired_waits_for_nobody(self, world: World) -> None:
        """Also before the sweep has noticed."""
        desk, _ = a_desk(world, Rule(may_ask=("anyone",), may_approve=(LEAD,)))
        world.clock.move(901)

        assert waiting(desk, LEAD) == []
