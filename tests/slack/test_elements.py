"""Buttons, menus and fields: within Slack's limits whatever is put into them."""

from __future__ import annotations

import pytest

from bot.slack.blocks import Composer
from bot.slack.elements import button, confirm, labelled, number_input, overflow, select, text_input
from bot.slack.limits import MAX_VIEW_BLOCKS
from tests.slack.validation import HOSTILE_SAMPLES, assert_valid_message, assert_valid_view


@pytest.mark.parametrize("text", HOSTILE_SAMPLES)
class TestHostileText:
    def test_every_button_and_menu_is_taken(self, text: str) -> None:
        """In texts, labels and dialogs."""
        dialog = confirm(text, text, yes=text, no=text, style="danger")
        composer = Composer()
        composer.actions(
            button(text, "medic.approve", "x", style="primary", confirm=dialog, label=text),
            select("medic.mute", text, [(text, "60"), ("b", "120")], chosen="120"),
            overflow("medic.again", [(text, "x")], confirm=dialog),
        )
        composer.divider()
        composer.image(text, url="https://example.com/chart.png", title=text)
        composer.image(text, file_id="F123")

        assert_valid_message(composer.message(text))

    def test_every_field_is_taken(self, text: str) -> None:
        """In labels, hints, placeholders and the text that stands in them."""
        composer = Composer(max_blocks=MAX_VIEW_BLOCKS)
        composer.entry(labelled("a", text, text_input("medic.value", text, is_multiline=True, placeholder=text), hint=text))
        composer.entry(labelled("b", text, number_input("medic.value", 3, least=1, most=900), is_optional=True))
        composer.entry(labelled("c", text, select("medic.value", text, [(text, "never")])))
        title = {"type": "plain_text", "text": "Change"}

        assert_valid_view({"type": "modal", "title": title, "submit": title, "blocks": composer.blocks})


class TestActions:
    def test_more_than_a_row_holds_make_a_second_row(self) -> None:
        """No button is lost."""
        composer = Composer()

        composer.actions(*(button(str(i), f"medic.plan.{i}", f"off-{i}") for i in range(26)))

        assert [len(block["elements"]) for block in composer.blocks] == [25, 1]
        assert_valid_message(composer.message("x"))


class TestSelect:
    def test_shows_what_is_chosen(self) -> None:
        """Slack wants the whole option again."""
        menu = select("medic.value", "How long", [("1 hour", "60"), ("Never", "never")], chosen="never")

        assert menu["initial_option"] == {"text": {"type": "plain_text", "text": "Never", "emoji": True}, "value": "never"}


class TestNumberInput:
    def test_writes_numbers_without_decimals(self) -> None:
        """Slack takes them as text."""
        field = number_input("medic.value", 10.0, least=1, most=900.0)

        assert (field["initial_value"], field["min_value"], field["max_value"]) == ("10", "1", "900")
