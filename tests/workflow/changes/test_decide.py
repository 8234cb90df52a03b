"""Decisions about a change: whose, where, and when they count."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import TickCommand
from bot.errors import ChangeRacedError, DeliveryError
from bot.models.change import Decision
from bot.workflow.changes.ask import request
from bot.workflow.changes.decide import decide, still_allowed
from bot.workflow.changes.rules import Rule, Rules
from tests.workflow.changes.world import APPROVER, ASKER, RULE, SECOND, STRANGER, TEAM, World, a_world
from tests.workflow.fakes import Killed


def asked(*rules: Rule) -> World:
    """Return a world with a change that waits."""
    world = a_world(*rules)
    request(world.desk, world.form())
    return world


def click(world: World, verb: str, user_id: str, **fields: Any) -> None:
    """Click on a button of the change's message."""
    decide(world.desk, world.button(verb, user_id, **fields))


def untouched(world: World) -> str:
    """Return why a click was refused, after which all is as it was."""
    assert (world.change.state, world.change.approvals, world.queue.sent) == ("pending", (), [])
    return world.audit.reasons[-1]


def test_an_approval_by_another_person_sends_the_change_on_its_way() -> None:
    """Once, by its own message on the queue."""
    world = asked()
    click(world, "approve", APPROVER)
    assert world.change.state == "approved"
    (command,) = world.queue.sent
    assert isinstance(command, TickCommand)
    assert (command.step, command.change_id) == ("apply", world.change.id)
    assert world.audit.events == [("requested", ASKER), ("approved", APPROVER)]
    assert world.messenger.messages[world.change.message_ts][-1].state == "approved"
    assert still_allowed(world.desk, world.change) == ""
    assert world.aws.writes == []


def test_a_member_of_a_group_may_approve() -> None:
    """The group is read at the click."""
    world = asked()
    click(world, "approve", SECOND)
    assert world.change.state == "approved"


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_click_by_the_wrong_person_is_recorded_and_answered_in_private(verb: str) -> None:
    """Nobody else sees it."""
    world = asked()
    click(world, verb, STRANGER)
    assert "do not let you decide" in untouched(world)
    assert world.audit.events[-1] == ("refused", STRANGER)
    assert len(world.said_to(STRANGER)) == 1


def test_who_asked_does_not_approve_where_that_is_forbidden() -> None:
    """It is by default."""
    world = asked(Rule(may_ask=(ASKER,), may_approve=(ASKER, APPROVER)))
    click(world, "approve", ASKER)
    assert "another person must approve" in untouched(world)


def test_who_asked_may_approve_where_the_rule_says_so() -> None:
    """On purpose only."""
    world = asked(Rule(may_ask=(ASKER,), may_approve=(ASKER,), self_approval=True))
    click(world, "approve", ASKER)
    assert world.change.state == "approved"


@pytest.mark.parametrize(
    "fields",
    [
        {"channel_id": "C0OTHER"},
        {"message_ts": "1779800000.999999"},
        {"message_ts": ""},
        {"subject": "chg-0000000000000000.0000000000000000"},
        {"subject": "nonsense"},
        {"subject": "\u00e4.\u00e4"},
        {"subject": ""},
    ],
)
def test_a_forged_button_another_channel_and_another_message_are_refused(fields: dict[str, str]) -> None:
    """The button is good for one change, on one message, in one channel."""
    world = asked()
    given = world.button("approve", APPROVER)
    subject = fields.pop("subject", given.subject)
    decide(world.desk, world.click("approve", subject, APPROVER, **{"message_ts": world.change.message_ts, **fields}))
    assert "nothing was done" in untouched(world)


def test_the_binding_of_another_plan_is_refused() -> None:
    """An approval for one plan is good for no other."""
    world = asked()
    other = world.change.model_copy(update={"fingerprint": "0" * 64})
    decide(world.desk, world.button("approve", APPROVER, other))
    assert "nothing was done" in untouched(world)


def test_a_plan_that_is_not_the_one_asked_for_is_never_approved() -> None:
    """Even where somebody reached into the table."""
    world = asked()
    plan = world.change.plan.model_copy(update={"after": {"timeout_s": 900}})
    world.changes.rows[world.change.id] = world.change.model_copy(update={"plan": plan}).model_dump_json()
    click(world, "approve", APPROVER)
    assert "not the one that was asked for" in untouched(world)
    assert "not the one that was asked for" in still_allowed(world.desk, world.change)


def test_two_approvals_are_of_two_people() -> None:
    """The same person's second one counts nothing, and the first one alone makes nothing."""
    world = asked(RULE.model_copy(update={"approvals": 2}))
    click(world, "approve", APPROVER)
    click(world, "approve", APPROVER)
    assert (world.change.state, len(world.change.approvals), world.queue.sent) == ("pending", 1, [])
    assert "another person must approve it too" in world.audit.reasons[-1]
    click(world, "approve", SECOND)
    assert world.change.state == "approved"


def test_an_approver_who_was_removed_meanwhile_is_refused() -> None:
    """From the rules, or from the group."""
    world = asked()
    world.groups.groups[TEAM].clear()
    click(world, "approve", SECOND)
    world.rules[0] = Rules(rules=(Rule(may_ask=("anyone",), may_approve=(TEAM,)),))
    click(world, "approve", APPROVER)
    assert "do not let you decide" in untouched(world)


def test_an_earlier_approval_of_somebody_removed_meanwhile_does_not_count() -> None:
    """Whoever comes last is told so, and another one is needed."""
    world = asked(RULE.model_copy(update={"approvals": 2}))
    click(world, "approve", SECOND)
    world.groups.groups[TEAM] = {"U0THIRD"}
    click(world, "approve", APPROVER)
    assert [given.user_id for given in world.change.approvals] == [APPROVER]
    assert world.queue.sent == []
    assert SECOND in world.said_to(APPROVER)[0]
    click(world, "approve", "U0THIRD")
    assert world.change.state == "approved"


def test_an_approver_removed_after_the_last_approval_stops_the_change() -> None:
    """It is asked again right before anything is made."""
    world = asked()
    click(world, "approve", SECOND)
    world.groups.groups[TEAM].clear()
    assert still_allowed(world.desk, world.change) == f"0 of 1 approvals stand; no longer counted, by the rules of now: {SECOND}"
    world.rules[0] = Rules()
    assert "Nobody is configured" in still_allowed(world.desk, world.change)


def test_a_rule_that_became_stricter_counts_and_one_that_became_laxer_does_not() -> None:
    """Never fewer approvals than people were told."""
    world = asked(RULE.model_copy(update={"approvals": 2}))
    world.rules[0] = Rules(rules=(RULE,))
    click(world, "approve", APPROVER)
    assert world.change.state == "pending"
    world.rules[0] = Rules(rules=(RULE.model_copy(update={"approvals": 3}),))
    click(world, "approve", SECOND)
    assert (world.change.state, world.change.needed) == ("pending", 3)


def test_a_group_that_cannot_be_read_approves_nothing() -> None:
    """Neither a new approval nor the earlier ones; before the change is made it is asked again."""
    world = asked(RULE.model_copy(update={"approvals": 2}))
    click(world, "approve", SECOND)
    world.groups.unread.add(TEAM)
    click(world, "approve", APPROVER)
    assert "cannot be checked at this moment" in world.audit.reasons[-1]
    assert (world.change.state, len(world.change.approvals)) == ("pending", 1)
    world.groups.unread.clear()
    click(world, "approve", APPROVER)
    assert world.change.state == "approved"
    world.groups.unread.add(TEAM)
    with pytest.raises(DeliveryError):
        still_allowed(world.desk, world.change)


def test_a_late_click_ends_the_change() -> None:
    """Its lifetime is over; the message shows it."""
    world = asked()
    world.clock.move(15 * 60)
    click(world, "approve", APPROVER)
    assert (world.change.state, world.queue.sent, world.changes.open_changes()) == ("expired", [], ())
    assert world.audit.events[1:] == [("expired", "lambda-medic"), ("refused", APPROVER)]
    assert world.messenger.messages[world.change.message_ts][-1].state == "expired"


def test_an_approval_is_worth_nothing_after_the_lifetime() -> None:
    """When the message on the queue comes late."""
    world = asked()
    click(world, "approve", APPROVER)
    world.clock.move(15 * 60)
    assert "lifetime ended" in still_allowed(world.desk, world.change)


@pytest.mark.parametrize(("verb", "user_id", "state"), [("reject", APPROVER, "rejected"), ("withdraw", ASKER, "withdrawn")])
def test_a_change_can_be_rejected_and_withdrawn(verb: str, user_id: str, state: str) -> None:
    """After which no approval counts any more."""
    world = asked()
    click(world, verb, user_id)
    click(world, "approve", SECOND)
    assert (world.change.state, world.queue.sent, world.changes.open_changes()) == (state, [], ())
    assert world.audit.events[1:] == [(state, user_id), ("refused", SECOND)]
    assert world.messenger.messages[world.change.message_ts][-1].state == state


def test_only_who_asked_withdraws() -> None:
    """Others reject."""
    world = asked()
    click(world, "withdraw", APPROVER)
    assert "only the person who asked" in untouched(world)


def test_two_approvals_that_race_both_count_or_one_is_told() -> None:
    """The one that was overtaken is judged again on what stands then."""
    world = asked(RULE.model_copy(update={"approvals": 2}))
    first, second = world.button("approve", APPROVER), world.button("approve", SECOND)
    world.changes.before_swap = lambda change: decide(world.desk, first)
    decide(world.desk, second)
    assert world.change.state == "approved"
    assert [command.request_id for command in world.queue.sent] == [f"apply|{world.change.id}|0"]


def test_an_approval_that_races_a_rejection_loses() -> None:
    """Only one of them stands."""
    world = asked()
    reject, approve = world.button("reject", APPROVER), world.button("approve", SECOND)
    world.changes.before_swap = lambda change: decide(world.desk, reject)
    decide(world.desk, approve)
    assert (world.change.state, world.queue.sent) == ("rejected", [])


def test_who_is_overtaken_every_time_comes_again() -> None:
    """Nothing is decided on an old version."""
    world = asked()

    def overtake(change: Any) -> None:
        world.changes.rows[change.id] = world.change.model_copy(update={"version": world.change.version + 1}).model_dump_json()
        world.changes.before_swap = overtake

    world.changes.before_swap = overtake
    with pytest.raises(ChangeRacedError):
        click(world, "approve", APPROVER)


def test_killed_at_any_call_the_next_delivery_decides_once() -> None:
    """Before and after each call to a port; the way is open in the end."""
    counted: list[str] = []
    calm = asked()
    decide(calm.watched(counted.append), calm.button("approve", APPROVER))
    for last in range(len(counted)):
        world, calls = asked(), [0]

        def watch(name: str, calls: list[int] = calls, last: int = last) -> None:
            calls[0] += 1
            if calls[0] == last + 1:
                raise Killed(name)

        command = world.button("approve", APPROVER)
        with pytest.raises(Killed):
            decide(world.watched(watch), command)
        decide(world.desk, command)
        assert world.change.state == "approved", counted[last]
        assert {one.request_id for one in world.queue.sent} == {f"apply|{world.change.id}|0"}, counted[last]
        assert world.audit.events == [("requested", ASKER), ("approved", APPROVER)], counted[last]


def test_a_replayed_approval_of_a_change_that_went_on_changes_nothing() -> None:
    """The same click again says what it said before."""
    world = asked()
    command = world.button("approve", APPROVER)
    decide(world.desk, command)
    world.queue.take_due()
    applying = world.change.model_copy(update={"state": "applying"})
    world.changes.swap(applying)
    decide(world.desk, command)
    assert (world.change.state, world.queue.waiting) == ("applying", [])
    assert len(world.audit.entries) == 2


def test_an_answer_or_edit_that_slack_never_takes_does_not_lose_the_decision() -> None:
    """It is in the table, in the audit trail and on its way."""
    world = asked()
    world.messenger.refuse.update(edit_change=["message_not_found"], edit=["channel_not_found"], tell=["used_url"])
    click(world, "approve", APPROVER)
    assert (world.change.state, len(world.queue.sent)) == ("approved", 1)
    click(world, "approve", STRANGER)
    assert world.audit.events[-1] == ("refused", STRANGER)


def test_slack_in_trouble_brings_the_click_again_and_the_decision_stands() -> None:
    """The edit is made by the next delivery."""
    world = asked()
    world.messenger.refuse["edit_change"] = ["ratelimited"]
    command = world.button("approve", APPROVER)
    with pytest.raises(DeliveryError):
        decide(world.desk, command)
    assert (world.change.state, len(world.queue.sent)) == ("approved", 1)
    decide(world.desk, command)
    assert world.messenger.messages[world.change.message_ts][-1].state == "approved"


def test_a_decision_is_that_of_a_request() -> None:
    """An approval that somebody wrote for a person who may not approve does not count."""
    world = asked()
    forged = Decision(user_id=STRANGER, at=0.0, request_id="x")
    world.changes.swap(world.change.model_copy(update={"approvals": (forged,), "state": "approved"}))
    assert "0 of 1 approvals stand" in still_allowed(world.desk, world.change)
