"""Routes: the first that fits decides, and a broken document never loses an alarm."""

from __future__ import annotations

import logging

import pytest

from bot.errors import SettingsError
from bot.workflow.routing import Routed, channel_for, parse, reader

ROUTES = """
- channel: C0PAYMENTS
  functions: ["checkout-*", "pay"]
- channel: C0DATA
  tags: {team: data, stage: "prod*"}
- channel: C0SANDBOX
  accounts: [012345678901]
- channel: C0SLOW
  alarms: ["*-p99"]
"""


def routed(function: str = "f", alarm: str = "a", account: str = "", **tags: str) -> str:
    """Return where it goes."""
    return channel_for(parse(ROUTES, "/medic/routes"), Routed(function, alarm, account, lambda: tags), "C0DEFAULT")


def test_first_that_fits_decides() -> None:
    """By name, tag, account and alarm."""
    assert routed("checkout-prod", team="data", stage="prod") == "C0PAYMENTS"
    assert routed(team="data", stage="prod-eu") == "C0DATA"
    assert routed(team="data", stage="dev") == "C0DEFAULT"
    assert routed(account="12345678901") == "C0DEFAULT"
    assert routed(alarm="orders-p99") == "C0SLOW"
    assert routed("") == "C0DEFAULT"


def test_tags_are_not_asked_for_when_a_name_decides() -> None:
    """A read of AWS that nobody needs delays the first message."""

    def asked() -> dict[str, str]:
        raise AssertionError("nobody needs the tags here")

    assert channel_for(parse(ROUTES, "p"), Routed("pay", "a", "", asked), "C0DEFAULT") == "C0PAYMENTS"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- channel: C1\n- functions: [a]\n", "/medic/routes:2: 1.channel: Field required"),
        ("- channel: C1\n  function: [a]\n", "/medic/routes:2: 0.function: Extra inputs"),
        ("channel: C1\n", "/medic/routes:1: "),
        ("- channel: [\n", "/medic/routes:2: not valid YAML"),
    ],
)
def test_fault_is_named_with_its_line(text: str, said: str) -> None:
    """Path and line, as editors jump to."""
    with pytest.raises(SettingsError) as caught:
        parse(text, "/medic/routes")

    assert said in str(caught.value)


def test_unusable_routes_are_none_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The default channel hears of everything then."""

    def unreadable() -> str:
        raise SettingsError("SSM parameter /medic/routes: AccessDenied")

    with caplog.at_level(logging.ERROR):
        assert reader(unreadable, "/medic/routes")() == ()
        assert reader(lambda: "- nothing: here", "/medic/routes")() == ()

    assert len(caplog.records) == 2
