"""What a person types after `why`."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import CommandError
from bot.question import Question, parse


class TestFunction:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("checkout", Question("checkout")),
            ("`checkout`", Question("checkout")),
            ("checkout:live", Question("checkout", "live")),
            ("checkout:$LATEST", Question("checkout", "$LATEST")),
            ("checkout:17", Question("checkout", "17")),
            ("123456789012:function:checkout", Question("checkout", account_id="123456789012")),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:checkout:live",
                Question("checkout", "live", region="eu-west-1", account_id="123456789012"),
            ),
            (
                "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:checkout",
                Question("checkout", region="us-gov-west-1", account_id="123456789012"),
            ),
        ],
    )
    def test_is_read_from_name_alias_and_arn(self, text: str, expected: Question) -> None:
        """All that Lambda itself takes as a FunctionName, also in the code span that people paste."""
        assert parse(text) == expected

    @pytest.mark.parametrize("text", ["", "``", "<!channel>", "a/b", "arn:aws:s3:::bucket", "check out!", "x" * 141])
    def test_is_refused_when_lambda_would_refuse_it(self, text: str) -> None:
        """The message says which word it was."""
        with pytest.raises(CommandError):
            parse(text)


class TestOptions:
    @pytest.mark.parametrize(
        ("text", "status", "minutes"),
        [
            ("f 502", 502, 30),
            ("f 504 2h", 504, 120),
            ("f 1.5h 500", 500, 90),
            ("f --since 90s", None, 1.5),
            ("f --since=1d 403", 403, 1440),
            ("f —since 45m", None, 45),
        ],
    )
    def test_are_read_in_any_order(self, text: str, status: int | None, minutes: float) -> None:
        """Phones turn two dashes into one long one; that still means the option."""
        question = parse(text)

        assert (question.status, question.since_minutes) == (status, minutes)

    def test_region_of_the_option_goes_before_the_arn(self) -> None:
        """What was said last and on purpose counts."""
        assert parse("us-east-1:function:f --region eu-west-1").region == "eu-west-1"

    @pytest.mark.parametrize(
        "text", ["f 700", "f soon", "f --since", "f --since 0m", "f --since 99999d", "f --region here", "f 502 please"]
    )
    def test_refuses_what_it_does_not_understand(self, text: str) -> None:
        """Guessing would answer another question than the one asked."""
        with pytest.raises(CommandError):
            parse(text)

    @given(st.text(max_size=200))
    def test_never_fails_otherwise(self, text: str) -> None:
        """Whatever is typed is a question or a CommandError."""
        with contextlib.suppress(CommandError):
            parse(text)
