"""The window of a plan: what it shows, and to whom it lets ask."""

from __future__ import annotations

import pytest

from bot.errors import DeliveryError, StateError
from bot.workflow.changes.rules import Rule, Rules
from bot.workflow.changes.window import open_window
from tests.workflow.changes.world import APPROVER, ASKER, INCIDENT, RULE, STRANGER, TEAM, World, a_world, an_offer


def opened(world: World, user_id: str = ASKER) -> None:
    """Click on the offer's button."""
    open_window(world.desk, world.click("plan", world.offer_id, user_id, view_id="V1"))


def test_the_window_shows_the_plan_made_now_and_the_same_as_a_command() -> None:
    """With the values that may be edited, and who decides."""
    world = a_world()
    opened(world)
    ((view_id, window),) = world.messenger.windows
    assert view_id == "V1"
    assert window.plan is not None
    assert [(f.name, f.old, f.new) for f in window.plan.fields] == [("timeout_s", 3, 10)]
    assert window.plan.incident_id == INCIDENT
    assert window.command.startswith("aws lambda update-function-configuration --region eu-west-1 --function-name orders --timeout 10")
    assert [one.name for one in window.editable] == ["to_seconds"]
    assert (window.may_ask, window.approvers, window.needed, window.lifetime_minutes) == (True, (APPROVER, TEAM), 1, 15)
    assert world.aws.sessions == [INCIDENT] * len(world.aws.sessions)
    assert world.aws.writes == []


def test_with_nobody_configured_it_has_no_button_and_says_what_can_be_done_by_hand() -> None:
    """The command line is there all the same."""
    world = a_world()
    world.rules[0] = Rules()
    opened(world)
    window = world.messenger.windows[0][1]
    assert (window.may_ask, window.approvers) == (False, ())
    assert "Nobody is configured" in window.why_not
    assert "by hand" in window.why_not
    assert window.command


def test_a_person_who_may_not_ask_sees_the_plan_and_why() -> None:
    """The plan is no secret."""
    world = a_world(Rule(may_ask=(ASKER,), may_approve=(APPROVER,)))
    opened(world, STRANGER)
    window = world.messenger.windows[0][1]
    assert window.command
    assert not window.may_ask
    assert "do not let you ask" in window.why_not


def test_rules_that_cannot_be_read_let_nobody_ask() -> None:
    """Whatever they were before."""
    world = a_world()

    def broken() -> Rules:
        raise StateError("ssm:GetParameter: AccessDenied")

    open_window(world.watched(lambda name: None, rules=broken), world.click("plan", world.offer_id, ASKER, view_id="V1"))
    window = world.messenger.windows[0][1]
    assert not window.may_ask
    assert "cannot be read" in window.why_not


def test_tags_are_read_only_where_a_rule_names_them_and_unreadable_ones_let_nobody_ask() -> None:
    """A stricter rule could be the one that fits."""
    world = a_world(Rule(tags={"tier": "gold"}, may_ask=(APPROVER,), may_approve=(APPROVER,)), RULE)
    opened(world)
    assert [window.may_ask for _, window in world.messenger.windows] == [True]
    arn = world.aws.functions["orders"]["FunctionArn"]
    world.aws.tags[arn] = {"tier": "gold"}
    opened(world)
    assert [window.may_ask for _, window in world.messenger.windows] == [True, False]
    world.aws.refuse["list_tags"] = ["AccessDeniedException"] * 2
    opened(world)
    assert "tags of orders cannot be read" in world.messenger.windows[-1][1].why_not


def test_a_change_that_was_made_meanwhile_is_refused_in_the_window() -> None:
    """The plan is made when the window opens, not when the incident was investigated."""
    world = a_world()
    world.aws.set("orders", Timeout=30)
    opened(world)
    window = world.messenger.windows[0][1]
    assert window.plan is None
    assert "not more than the present 30 s" in window.refusal
    assert not window.may_ask


def test_a_function_that_is_gone_and_aws_in_trouble_are_told() -> None:
    """Never an empty window."""
    world = a_world()
    del world.aws.functions["orders"]
    opened(world)
    assert "orders does not exist" in world.messenger.windows[-1][1].refusal
    world.aws.add("orders")
    world.aws.refuse["get_function_configuration"] = ["ThrottlingException"]
    opened(world)
    assert "ThrottlingException" in world.messenger.windows[-1][1].refusal


def test_a_value_that_the_evidence_lacks_can_be_filled_in() -> None:
    """The plan is then made when the window is sent."""
    world = a_world(offers=[an_offer("grant-role-permission", {"actions": ["s3:GetObject"], "missing": ["resource"]})])
    opened(world)
    window = world.messenger.windows[0][1]
    assert (window.plan, window.may_ask) == (None, True)
    assert [(one.name, one.value) for one in window.editable] == [("resource", None)]
    assert "does not hold resource" in window.refusal


def test_an_incident_that_is_over_is_told_in_the_plan() -> None:
    """It may still be changed: the next wave may be on its way."""
    world = a_world()
    world.incidents.change(INCIDENT, recovered_at=world.clock.now().timestamp())
    opened(world)
    plan = world.messenger.windows[0][1].plan
    assert plan is not None
    assert plan.warnings[0].startswith("the alarm has been back to OK since")


def test_an_offer_that_is_not_kept_any_more_is_told() -> None:
    """By its id or by its investigation."""
    world = a_world()
    open_window(world.desk, world.click("plan", "off-0000000000000000", ASKER, view_id="V1"))
    world.incidents.findings.clear()
    opened(world)
    assert len(world.messenger.problems) == 2
    assert all("/lambda why" in text for _, text in world.messenger.problems)


def test_a_window_that_was_closed_ends_the_work_and_slack_in_trouble_brings_it_again() -> None:
    """The first would fail for ever."""
    world = a_world()
    world.messenger.refuse["show_plan"] = ["not_found", "ratelimited"]
    opened(world)
    with pytest.raises(DeliveryError):
        opened(world)
