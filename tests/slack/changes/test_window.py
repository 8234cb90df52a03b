"""The window of a plan: complete, within Slack's limits, and a form only for those who may ask."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models.change import Offered
from bot.models.diagnosis import Action
from bot.models.plan import Ownership
from bot.models.wording import steps_of
from bot.slack.changes.window import plan_view, problem_view
from bot.slack.changes.words import can_be_undone
from bot.workflow.changes.desk import Editable, PlanWindow
from tests.remediations.changes import ACTIONS
from tests.slack.changes.conftest import Plans
from tests.slack.changes.factories import MEANT, a_plan, a_window
from tests.slack.changes.test_message import a_hostile_plan, hostile
from tests.slack.validation import HOSTILE_SAMPLES, assert_valid_view, shown


def inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of a form by their block ids."""
    return {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


@pytest.mark.parametrize("action", ACTIONS)
class TestEveryPlan:
    def test_shows_all_that_the_asker_must_know(self, action: Action, owned_plans: Plans) -> None:
        """The same as the message: old and new value, cost or capacity, whose it is, how to undo."""
        plan = owned_plans[action]

        view = plan_view(a_window(plan))

        assert_valid_view(view, meant=MEANT)
        said = shown(view["blocks"]).replace("&gt;", ">").replace("&lt;", "<")
        flat = "".join(said.split())
        assert all("".join(value.split()) in flat for step in steps_of(plan) for value in step)
        for told in [*plan.effects, *plan.warnings, plan.undo, plan.ownership.warning or "no warning"]:
            assert told in said
        assert "aws lambda update-function-configuration" in said

    def test_a_change_that_cannot_be_undone_cannot_end_by_itself(self, action: Action, plans: Plans) -> None:
        """There is no way back to go by itself."""
        assert ("minutes" in inputs(plan_view(a_window(plans[action])))) == can_be_undone(plans[action])


class TestForm:
    def test_carries_the_offer_and_the_fields_by_their_names(self) -> None:
        """That is all that comes back."""
        view = plan_view(a_window())

        assert (view["callback_id"], view["private_metadata"]) == ("medic.request", "off-0123456789abcdef")
        assert view["submit"]["text"] == "Ask for approval"
        fields = inputs(view)
        assert list(fields) == ["to_seconds", "minutes"]
        assert {field["action_id"] for field in fields.values()} == {"medic.value"}
        number = fields["to_seconds"]
        assert (number["initial_value"], number["min_value"], number["max_value"]) == ("30", "4", "900")
        assert [option["value"] for option in fields["minutes"]["options"]] == ["0", "30", "60", "120", "240"]
        assert fields["minutes"]["initial_option"]["value"] == "0"

    @pytest.mark.parametrize("action", ["grant-role-permission", "request-quota-increase"])
    def test_a_value_that_is_missing_is_asked_for(self, action: Action) -> None:
        """There is no plan yet; it is made when the form is sent, with a value in every field."""
        editable = (
            Editable(name="resource", label="Resource", kind="text"),
            Editable(name="desired_value", label="Desired value", kind="number", least=1),
        )
        offered = Offered(id="off-0123456789abcdef", incident_id="inc-0123456789ab", event="e1", index=0, action=action)
        missing = PlanWindow(offered=offered, refusal=f"{action}: the evidence does not hold resource", editable=editable, may_ask=True)

        view = plan_view(missing)

        assert_valid_view(view, meant=MEANT)
        assert (view["callback_id"], view["private_metadata"], view["submit"]["text"]) == ("medic.request", offered.id, "Ask for approval")
        assert "the evidence does not hold resource" in shown(view["blocks"])
        required = {block["block_id"]: not block["optional"] for block in view["blocks"] if block["type"] == "input"}
        assert required["resource"]
        assert required["desired_value"]
        assert ("minutes" in required) == (action == "grant-role-permission")

    def test_nobody_who_may_not_ask_gets_a_form_for_it(self) -> None:
        """Without rules there is nothing to fill in."""
        offered = Offered(id="off-0123456789abcdef", incident_id="inc-0123456789ab", event="e1", index=0, action="grant-role-permission")

        view = plan_view(PlanWindow(offered=offered, refusal="resource is missing", why_not="Nobody is configured"))

        assert_valid_view(view, meant=MEANT)
        assert "submit" not in view
        assert not inputs(view)
        assert "Nobody is configured" in shown(view["blocks"])

    def test_texts_can_be_changed_too(self) -> None:
        """An ARN, or a list as JSON."""
        editable = (Editable(name="resource", label="Resource", kind="text", value="arn:aws:s3:::b/*"),)
        lists = (Editable(name="actions", label="Actions", kind="text", value=["s3:GetObject"]),)

        assert inputs(plan_view(a_window(editable=editable)))["resource"]["initial_value"] == "arn:aws:s3:::b/*"
        assert inputs(plan_view(a_window(editable=lists)))["actions"]["initial_value"] == '["s3:GetObject"]'

    @pytest.mark.parametrize(("value", "least", "most"), [(3, 4, 900), (1000, 4, 900), (None, 4, 900), ("x", None, None), (5, 9, 2)])
    def test_a_value_out_of_its_bounds_is_not_filled_in(self, value: object, least: float | None, most: float | None) -> None:
        """Slack would refuse the whole window."""
        editable = (Editable(name="to_seconds", label="Timeout", kind="number", value=value, least=least, most=most),)

        view = plan_view(a_window(editable=editable))

        assert_valid_view(view, meant=MEANT)

    def test_says_who_will_be_asked(self) -> None:
        """And for how long."""
        assert "2 approvals are needed by <@U0APPROVER>, <!subteam^S0PLATFORM> within 15 minutes" in shown(
            plan_view(a_window(needed=2))["blocks"]
        )

    def test_says_that_it_is_a_rehearsal(self) -> None:
        """Nobody should wait for an effect."""
        assert "makes no changes" in shown(plan_view(a_window(is_rehearsal=True))["blocks"])


class TestWithoutForm:
    def test_who_may_not_ask_gets_command_and_patch(self) -> None:
        """To be run by hand."""
        view = plan_view(a_window(may_ask=False, why_not="no rule lets you ask"))

        assert_valid_view(view, meant=MEANT)
        assert not {"submit", "callback_id", "private_metadata"} & set(view)
        assert inputs(view) == {}
        said = shown(view["blocks"])
        assert "no rule lets you ask" in said
        assert "aws lambda update-function-configuration" in said
        assert "x = 1" in said

    def test_a_refusal_says_why(self) -> None:
        """There is no plan."""
        offered = Offered(id="off-1", incident_id="inc-1", event="e", index=0, action="raise-timeout")

        view = plan_view(PlanWindow(offered=offered, refusal="the timeout is already 30 s"))

        assert_valid_view(view)
        assert "the timeout is already 30 s" in shown(view["blocks"])
        assert "submit" not in view

    def test_what_was_too_long_is_said_to_be_elsewhere(self) -> None:
        """A window has no file."""
        plan = a_plan(ownership=Ownership(owner="sam", warning="SAM owns it", patch="x\n" * 3000))

        assert "`medic plan` prints all of it" in shown(plan_view(a_window(plan))["blocks"])


def check_hostile(text: str, *, may_ask: bool) -> None:
    """Render the text in every field of the windows."""
    fields = tuple(Editable(name=f"f{kind}", label=text, kind=kind, value=text, least=1, most=2) for kind in ("number", "text"))
    more: dict[str, Any] = {"command": text, "why_not": text, "approvers": (text,) * 30, "editable": fields, "may_ask": may_ask}
    assert_valid_view(plan_view(a_window().model_copy(update={"plan": a_hostile_plan(text), **more})))
    assert_valid_view(plan_view(a_window().model_copy(update={"plan": None, "refusal": text})))
    assert_valid_view(problem_view(text))


@pytest.mark.parametrize("may_ask", [True, False])
@pytest.mark.parametrize("text", HOSTILE_SAMPLES)
def test_text_that_broke_bots_before_stays_text(text: str, may_ask: bool) -> None:
    """In every field."""
    check_hostile(text, may_ask=may_ask)


@given(text=hostile, may_ask=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_text_stays_text(text: str, may_ask: bool) -> None:
    """Whatever it is."""
    check_hostile(text, may_ask=may_ask)
