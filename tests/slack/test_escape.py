"""Text from outside, made safe."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import escape

HOSTILE = "<!channel> <@U1> <https://evil.example|AWS> & `x` *b* \x1b[31mred\x1b[0m \x00\u202eabc\u200b"


class TestClean:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("\x1b[31;1mERROR\x1b[0m x", "ERROR x"),
            ("\x1b]0;title\x07x", "x"),
            ("a\x00b\x07c", "abc"),
            ("\u202egnp.exe", "gnp.exe"),
            ("a\u200bb\ufeff", "ab"),
            ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"),
            ("\ud800x", "\ufffdx"),
            ("Grüße 🔥 日本", "Grüße 🔥 日本"),
        ],
    )
    def test_takes_out_what_cannot_be_seen(self, text: str, expected: str) -> None:
        """Colours, bells and direction marks go; letters, line ends and tabs stay."""
        assert escape.clean(text) == expected


class TestMrkdwn:
    def test_escapes_the_three_characters_once(self) -> None:
        """`&` comes first, or the others would be escaped twice."""
        assert escape.mrkdwn("a<b>&lt;") == "a&lt;b&gt;&amp;lt;"

    @given(st.text())
    def test_leaves_no_special_character(self, text: str) -> None:
        """Whatever comes in, nothing is a mention or a link."""
        out = escape.mrkdwn(text)

        assert not re.search("[<>]", out)
        assert not re.search("&(?!amp;|lt;|gt;)", out)

    @given(st.text())
    def test_code_ends_where_it_should(self, text: str) -> None:
        """A backtick inside would end the span and let the rest be read as markup."""
        out = escape.code(text)

        assert out == "" or (out.count("`") == 2 and out[0] == out[-1] == "`")
        assert "\n" not in out


class TestUser:
    @pytest.mark.parametrize("user_id", ["!channel", "S123|x", "U1>", "", "u12345", "C12345"])
    def test_mentions_no_one_else(self, user_id: str) -> None:
        """The id comes from a queue message; only a user's id becomes a mention."""
        assert "<" not in escape.user(user_id)

    def test_mentions_the_person_who_asked(self) -> None:
        """That person wants to know."""
        assert escape.user("U2147483697") == "<@U2147483697>"


class TestShortened:
    @given(st.text(alphabet="a<&é\x1b[31m", max_size=300), st.integers(5, 200))
    def test_keeps_to_the_limit_as_it_is_written(self, text: str, limit: int) -> None:
        """One character may be written with five."""
        out, is_cut = escape.shortened(text, limit, escaped=True)

        assert len(escape.mrkdwn(out)) <= limit
        assert is_cut == (len(escape.mrkdwn(text)) > limit)
        assert out.endswith("…") or not is_cut
