"""Notes in the thread: one phone screen, and the notification alone tells the story."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.models.change import Change, ChangeState, Decision
from bot.models.diagnosis import Action
from bot.slack.blocks import text_chars
from bot.slack.changes.notes import NOTES, note_message
from tests.remediations.changes import ACTIONS
from tests.slack.changes.conftest import Plans
from tests.slack.changes.factories import ASKED_BY, MEANT, NOW, in_state
from tests.slack.changes.test_message import a_hostile_change, hostile, verbs
from tests.slack.validation import HOSTILE_SAMPLES, assert_valid_message, shown

STATE_OF: dict[str, ChangeState] = {
    "verified": "verified",
    "ineffective": "ineffective",
    "failed": "failed",
    "undone": "undone",
    "undo-refused": "applied",
    "ending": "applied",
    "drift": "verified",
}


def about(note: str) -> Change:
    """Return a change of which the note could tell."""
    change = in_state(STATE_OF[note])
    problem = "changed since: timeout_s is 7, planned from 30"
    return change.model_copy(update={"problem": problem}) if note == "undo-refused" else change


@pytest.mark.parametrize("note", NOTES)
class TestEveryNote:
    def test_is_one_phone_screen(self, note: str) -> None:
        """Without the text of dialogs, that nobody sees until a click."""
        message = note_message(about(note), note)

        assert_valid_message(message, meant=MEANT)
        seen = [block for block in message.blocks if block["type"] != "actions"]
        assert len(message.blocks) <= 6
        assert text_chars(seen) <= 700

    def test_tells_the_story_in_the_notification(self, note: str) -> None:
        """Function, change, old and new value."""
        text = note_message(about(note), note).text

        for words in ("orders", "raise timeout", "3 s"):
            assert words in text

    @pytest.mark.parametrize("action", ACTIONS)
    def test_is_taken_for_every_action(self, note: str, action: Action, owned_plans: Plans) -> None:
        """Policies and statements are longer than numbers."""
        message = note_message(about(note).model_copy(update={"plan": owned_plans[action]}), note)

        assert_valid_message(message, meant=MEANT)
        assert action != "request-quota-increase" or "undo" not in verbs(message)


class TestWords:
    def test_says_after_how_long_it_recovered(self) -> None:
        """In the notification too."""
        message = note_message(about("verified"), "verified")

        assert message.text.startswith("orders recovered 1 min 40 s after the change: raise timeout, timeout 3 s → 30 s.")
        assert "Errors: 41 → 0 a minute." in shown(message.blocks)

    def test_offers_undo_where_it_did_not_help(self) -> None:
        """And says how long was waited."""
        message = note_message(about("ineffective"), "ineffective")

        assert verbs(message) == ["undo"]
        assert "did not recover within 2 min 50 s" in message.text

    def test_offers_a_fresh_plan_where_it_failed(self) -> None:
        """Only where one can be made."""
        change = about("failed")

        assert verbs(note_message(change, "failed")) == ["plan"]
        assert verbs(note_message(change.model_copy(update={"offer_id": ""}), "failed")) == []
        assert "changed since: timeout_s is 7" in note_message(change, "failed").text

    def test_says_who_undid_it_or_that_its_time_was_over(self) -> None:
        """What stands again is shown."""
        change = about("undone")
        by_itself = Decision(user_id="lambda-medic", at=NOW, request_id="r")
        temporary = change.model_copy(update={"undo_by": by_itself, "minutes": 60})

        assert f"<@{ASKED_BY}>" in shown(note_message(change, "undone").blocks)
        assert "by itself: its time was over" in note_message(temporary, "undone").text
        assert "timeout 3 s" in note_message(change, "undone").text

    def test_a_refused_undo_shows_the_way_by_hand(self) -> None:
        """Somebody else's change is not taken away."""
        said = shown(note_message(about("undo-refused"), "undo-refused").blocks)

        assert "timeout_s is 7" in said
        assert "set Timeout back to 3 s" in said

    def test_can_be_kept_before_it_ends(self) -> None:
        """Or undone at once."""
        assert verbs(note_message(about("ending"), "ending")) == ["keep", "undo"]

    def test_a_reminder_holds_the_patch_and_can_be_the_last(self) -> None:
        """Until somebody says stop."""
        message = note_message(about("drift"), "drift")

        assert verbs(message) == ["stop"]
        assert "x = 1" in shown(message.blocks)

    def test_a_change_that_was_taken_back_is_not_reminded_of(self) -> None:
        """It says what stands, and has nothing to stop."""
        change = about("drift").model_copy(update={"quiet_by": "taken-back", "problem": "a deployment set timeout_s to 5"})

        message = note_message(change, "drift")

        assert verbs(message) == []
        assert "does not stand any more. a deployment set timeout_s to 5" in message.text

    def test_does_not_say_that_a_change_stands_which_is_gone(self) -> None:
        """Somebody else was faster."""
        change = about("ineffective")
        gone = change.checks[0].model_copy(update={"stands": False})

        assert "stands no longer" in shown(note_message(change.model_copy(update={"checks": (gone,)}), "ineffective").blocks)

    def test_an_unknown_note_is_named(self) -> None:
        """With those that there are."""
        with pytest.raises(InputError, match=r"'nonsense'.*verified"):
            note_message(about("verified"), "nonsense")


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("text", HOSTILE_SAMPLES)
def test_text_that_broke_bots_before_stays_text(note: str, text: str) -> None:
    """In every field."""
    assert_valid_message(note_message(a_hostile_change(STATE_OF[note], text), note), meant=MEANT)


@given(note=st.sampled_from(sorted(NOTES)), text=hostile)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_text_stays_text(note: str, text: str) -> None:
    """Whatever it is."""
    assert_valid_message(note_message(a_hostile_change(STATE_OF[note], text), note), meant=MEANT)
