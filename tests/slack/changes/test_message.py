"""A change's message: all that an approver must see, the buttons of each state, and nothing live that the bot did not mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commands import verb_of
from bot.models.change import Change, ChangeState, Decision
from bot.models.diagnosis import Action
from bot.models.plan import Ownership, RemediationPlan
from bot.models.wording import steps_of
from bot.slack.blocks import Message
from bot.slack.changes.message import change_message
from bot.slack.changes.words import can_be_undone
from tests.remediations.changes import ACTIONS
from tests.slack.changes.conftest import Plans
from tests.slack.changes.factories import APPROVER, ASKED_BY, GROUP, MEANT, NOW, STATES, a_change, a_plan, in_state
from tests.slack.validation import HOSTILE_SAMPLES, assert_valid_message, objects, shown

hostile = st.one_of(st.sampled_from(HOSTILE_SAMPLES), st.text(max_size=60))


def buttons(message: Message) -> list[dict[str, Any]]:
    """Return the buttons of a message."""
    return [member for member in objects(list(message.blocks)) if member.get("type") == "button"]


def verbs(message: Message) -> list[str]:
    """Return what the buttons of a message do."""
    return [verb_of(button["action_id"]) for button in buttons(message)]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ACTIONS)
def test_slack_takes_every_action_in_every_state(action: Action, state: ChangeState, plans: Plans, owned_plans: Plans) -> None:
    """With and without a tool that owns the function."""
    for plan in (plans[action], owned_plans[action]):
        assert_valid_message(change_message(in_state(state, plan)), meant=MEANT)


@pytest.mark.parametrize("action", ACTIONS)
class TestEveryPlan:
    def test_shows_all_that_an_approver_must_know(self, action: Action, owned_plans: Plans) -> None:
        """Old value, new value, cost or capacity, whose it is, how to undo."""
        plan = owned_plans[action]

        said = shown(change_message(in_state("pending", plan)).blocks).replace("&gt;", ">").replace("&lt;", "<")

        for name, old, new in steps_of(plan):
            assert name in said
            assert {old, new} <= set(said.split("`")) or all(
                word in "".join(said.split()) for word in ("".join(old.split()), "".join(new.split()))
            )
        for told in [*plan.effects, *plan.warnings, plan.undo, plan.ownership.warning or "no warning"]:
            assert told in said
        assert "cost" in said
        assert plan.ownership.patch is None or plan.ownership.patch[:200] in said
        assert f"`{plan.account_id}`" in said

    def test_shows_that_nobody_owns_it(self, action: Action, plans: Plans) -> None:
        """Silence could mean that nobody looked."""
        assert "No tool that owns the function was found" in shown(change_message(in_state("pending", plans[action])).blocks)

    def test_offers_undo_where_there_is_a_way_back(self, action: Action, plans: Plans) -> None:
        """A request for a quota cannot be taken back."""
        message = change_message(in_state("ineffective", plans[action]))

        assert ("undo" in verbs(message)) == can_be_undone(plans[action])
        assert can_be_undone(plans[action]) or "No way back" in shown(message.blocks)


class TestButtons:
    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            ("pending", ["approve", "reject", "withdraw"]),
            ("approved", []),
            ("applying", []),
            ("applied", ["undo", "keep"]),
            ("verified", ["undo"]),
            ("ineffective", ["undo"]),
            ("failed", ["plan"]),
            ("undoing", []),
            ("undone", []),
            ("rejected", []),
            ("expired", ["plan"]),
            ("withdrawn", []),
            ("rehearsed", []),
        ],
    )
    def test_follow_from_the_state_alone(self, state: ChangeState, expected: list[str]) -> None:
        """What cannot be done is not offered."""
        assert verbs(change_message(in_state(state))) == expected

    @pytest.mark.parametrize("state", ["failed", "expired"])
    def test_a_change_without_an_offer_has_no_fresh_plan(self, state: ChangeState) -> None:
        """The button would lead nowhere."""
        assert verbs(change_message(in_state(state, offer_id=""))) == []

    def test_hold_nothing_but_the_token(self) -> None:
        """State in a button could be forged."""
        change = in_state("pending")

        assert {button["value"] for button in buttons(change_message(change))} == {change.token}

    def test_approving_asks_again_with_function_and_values(self) -> None:
        """A thumb at 3 a.m. hits the wrong thread."""
        approve = buttons(change_message(in_state("pending")))[0]

        assert approve["style"] == "primary"
        for word in ("orders", "123456789012", "eu-west-1", "3 s → 30 s"):
            assert word in approve["confirm"]["text"]["text"]

    def test_reminders_can_be_ended_once_they_began(self) -> None:
        """And not again."""
        assert verbs(change_message(in_state("verified", reminders=1))) == ["undo", "stop"]
        assert verbs(change_message(in_state("verified", reminders=1, quiet_by=ASKED_BY))) == ["undo"]

    def test_undo_stands_out_where_the_change_did_not_help(self) -> None:
        """It is the next thing to do."""
        assert buttons(change_message(in_state("ineffective")))[0]["style"] == "danger"
        assert "style" not in buttons(change_message(in_state("verified")))[0]


class TestPending:
    def test_names_who_asked_and_who_may_approve(self) -> None:
        """Users and groups as mentions, and until when in the reader's own time."""
        said = shown(change_message(in_state("pending", needed=2)).blocks)

        assert f"<@{ASKED_BY}> asked" in said
        assert f"<@{APPROVER}>, <!subteam^{GROUP}>" in said
        assert f"2 approvals until <!date^{int(NOW + 900)}^" in said
        assert "undone by itself 1 h after" in said

    def test_counts_what_is_missing(self) -> None:
        """One of two has approved."""
        given_one = Decision(user_id=APPROVER, at=NOW, request_id="r")

        assert "1 more approval until" in shown(change_message(in_state("pending", needed=2, approvals=(given_one,))).blocks)

    def test_mentions_five_at_most(self) -> None:
        """A message that pings everybody is muted by everybody."""
        change = in_state("pending", approvers=tuple(f"U{i}AAAA" for i in range(9)))

        said = shown(change_message(change).blocks)

        assert [f"<@U{i}AAAA>" in said for i in range(9)] == [True] * 5 + [False] * 4
        assert "and 4 more" in said

    @pytest.mark.parametrize("state", [state for state in STATES if state != "pending"])
    def test_groups_are_mentioned_in_no_other_state(self, state: ChangeState) -> None:
        """Nobody has to act then."""
        assert "subteam" not in shown(change_message(in_state(state)).blocks)

    def test_what_is_no_id_mentions_nobody(self) -> None:
        """Rules are written by hand."""
        said = change_message(in_state("pending", approvers=("<!channel>", "here", "U1|x"), requested_by="!here"))

        assert_valid_message(said)

    def test_a_plan_without_a_word_on_cost_says_so(self) -> None:
        """Silence is not "free"."""
        assert "cost: no effect known" in shown(change_message(a_change(a_plan(effects=[]))).blocks)

    def test_says_what_could_not_be_read(self) -> None:
        """Something may be missing in the plan."""
        plan = a_plan(unread=["cloudtrail:LookupEvents: AccessDenied"], ownership=Ownership(owner="unknown"), needs_second_approver=True)

        said = shown(change_message(a_change(plan)).blocks)

        assert "cloudtrail:LookupEvents: AccessDenied" in said
        assert "not known" in said
        assert "a second person must approve it" in said

    def test_a_long_patch_goes_to_the_file_and_leaves_the_buttons(self) -> None:
        """Whole, below the buttons."""
        patch = "\n".join(f"line {i}" for i in range(3000))
        plan = a_plan(ownership=Ownership(owner="terraform", warning="Terraform owns it", patch=patch))

        message = change_message(a_change(plan))

        assert verbs(message) == ["approve", "reject", "withdraw"]
        assert [excerpt.text for excerpt in message.overflow] == [patch]
        kinds = [block["type"] for block in message.blocks]
        assert kinds.index("actions") < len(kinds) - 2


class TestAfterwards:
    def test_says_when_it_recovered_and_after_how_long(self) -> None:
        """From the write to the recovery."""
        assert "1 min 40 s after the change" in shown(change_message(in_state("verified")).blocks)

    def test_says_when_a_temporary_change_ends(self) -> None:
        """In the reader's own time."""
        assert f"ends <!date^{int(NOW + 3630)}^" in shown(change_message(in_state("applied")).blocks)

    def test_says_who_kept_it(self) -> None:
        """It was temporary."""
        assert f"<@{APPROVER}> made it permanent" in shown(change_message(in_state("applied", revert_at=None, kept_by=APPROVER)).blocks)

    def test_says_why_undoing_was_refused(self) -> None:
        """The change stands on."""
        said = shown(change_message(in_state("applied", problem="changed since: timeout_s is 7")).blocks)

        assert "Last attempt to undo" in said
        assert "timeout_s is 7" in said

    def test_says_how_it_is_known_that_it_stands(self) -> None:
        """AWS's answer was lost."""
        change = in_state("applied")
        assert change.applied is not None
        lost = change.applied.model_copy(update={"outcome": "read-back", "is_settled": False, "notes": ["sent twice"]})

        said = shown(change_message(change.model_copy(update={"applied": lost})).blocks)

        assert "the state was read" in said
        assert "puts it into effect" in said
        assert "sent twice" in said

    def test_says_that_something_else_stands_now(self) -> None:
        """A deployment took it back; nobody tried to undo it."""
        said = shown(change_message(in_state("verified", quiet_by="taken-back", problem="a deployment set timeout_s to 5")).blocks)

        assert "*Since then:* a deployment set timeout_s to 5" in said
        assert "attempt to undo" not in said

    def test_an_undo_by_itself_names_nobody(self) -> None:
        """The time of a temporary change was over."""
        by_itself = Decision(user_id="lambda-medic", at=NOW, request_id="r")

        assert "*Undone* by itself" in shown(change_message(in_state("undone", undo_by=by_itself)).blocks)

    def test_a_rehearsal_shows_the_exact_calls(self) -> None:
        """With all parameters."""
        said = shown(change_message(in_state("rehearsed")).blocks)

        assert "lambda UpdateFunctionConfiguration" in said
        assert '"Timeout": 30' in said

    @pytest.mark.parametrize("state", STATES)
    def test_the_notification_tells_function_values_and_state(self, state: ChangeState) -> None:
        """Phones and screen readers know nothing else."""
        text = change_message(in_state(state)).text

        assert text.startswith("orders in eu-west-1: raise timeout ")
        assert "timeout 3 s → 30 s" in text


def a_hostile_plan(text: str) -> RemediationPlan:
    """Return a plan with the text wherever one fits."""
    plan = a_plan()
    rows = [text] * (30 if len(text) < 10_000 else 2)
    call = plan.calls[0].model_copy(update={"operation": text, "parameters": {text: text}})
    return a_plan(
        function_name=text,
        account_id=text,
        region=text,
        qualifier=text,
        details={text: text},
        before={text: text, "policy": {text: text}, "none": None},
        after={text: [text], "policy": text, "none": text},
        calls=[call] * 3,
        effects=rows,
        warnings=rows,
        unread=rows,
        ownership=Ownership(owner="sam", evidence=rows, warning=text, patch=text),
        undo=text,
    )


def a_hostile_change(state: ChangeState, text: str) -> Change:
    """Return a change with the text wherever one fits."""
    change = in_state(state, problem=text, minutes=30, revert_at=NOW, reminders=1, requested_by=text, kept_by=text)
    notes = {"notes": [text] * (30 if len(text) < 10_000 else 2)}
    more: dict[str, Any] = {name: getattr(change, name).model_copy(update=notes) for name in ("applied", "undone") if getattr(change, name)}
    more["checks"] = tuple(check.model_copy(update={"said": text, "alarm_state": text}) for check in change.checks)
    more |= {name: Decision(user_id=text, at=NOW, request_id="r") for name in ("ended_by", "undo_by") if getattr(change, name)}
    return change.model_copy(update={**more, "plan": a_hostile_plan(text), "approvers": (text,) * 9})


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", HOSTILE_SAMPLES)
def test_text_that_broke_bots_before_stays_text(state: ChangeState, text: str) -> None:
    """In every field of every state."""
    change = a_hostile_change(state, text)
    message = change_message(change)

    assert_valid_message(message, meant=MEANT)
    assert [verb for verb in verbs(message) if verb in {"approve", "undo", "plan"}] or state not in {"pending", "applied", "failed"}


@given(state=st.sampled_from(STATES), text=hostile)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_text_stays_text(state: ChangeState, text: str) -> None:
    """Whatever it is."""
    assert_valid_message(change_message(a_hostile_change(state, text)), meant=MEANT)
