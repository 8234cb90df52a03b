"""What a chat message names: alarms and functions, whoever wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alarms.mentions import MAX_MENTIONS, Mention, mentions

AMAZON_Q = (
    "*<https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/checkout-errors"
    "|CloudWatch Alarm | checkout-errors | us-east-1 | Account: 123456789012>*\nThreshold Crossed: 1 datapoint"
)


def test_alarm_that_amazon_q_posts_is_found_once_with_region_and_account() -> None:
    """The headline says more than the link in it."""
    assert mentions(AMAZON_Q) == (Mention("alarm", "checkout-errors", region="us-east-1", account_id="123456789012"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:Orders 5xx", Mention("alarm", "Orders 5xx", None, "eu-west-1", "123456789012")),
        ('ALARM: "my alarm" in US East (N. Virginia)', Mention("alarm", "my alarm")),
        (
            "https://console.aws.amazon.com/cloudwatch/deeplink.js?region=eu-west-1#alarmsV2:alarm/My%20Alarm",
            Mention("alarm", "My Alarm", region="eu-west-1"),
        ),
        (
            "see arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:orders:live!",
            Mention("function", "orders", "live", "us-gov-west-1", "123456789012"),
        ),
        (
            "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/foo?tab=monitoring",
            Mention("function", "foo", region="eu-west-1"),
        ),
        ("nothing in /aws/lambda/orders-prod since noon", Mention("function", "orders-prod")),
    ],
)
def test_names_are_found_as_tools_write_them(text: str, expected: Mention) -> None:
    """ARNs, console pages, mail subjects and log groups."""
    assert mentions(text) == (expected,)


def test_word_counts_only_when_it_is_a_functions_name() -> None:
    """`is` and `checkout` are words; only one of them is a function here."""
    text = "why is checkout-prod slow, and billing too?"

    assert mentions(text, ["checkout-prod", "orders"]) == (Mention("function", "checkout-prod"),)
    assert mentions(text) == ()


def test_the_surest_mention_comes_first() -> None:
    """An alarm's own address before a word that happens to be a function's name."""
    found = mentions(f"billing: {AMAZON_Q}", ["billing"])

    assert [one.kind for one in found] == ["alarm", "function"]


@given(st.text(max_size=4000))
def test_any_text_has_an_answer(text: str) -> None:
    """Chat is hostile input."""
    assert len(mentions(text, ["a" * 64])) <= MAX_MENTIONS


def test_many_names_are_cut() -> None:
    """A report that lists a thousand functions starts no thousand investigations."""
    assert len(mentions(" ".join(f"/aws/lambda/f{number}" for number in range(1000)))) == MAX_MENTIONS
