"""Approval rules: what may stand in them, which one fits, and who is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InputError
from bot.workflow.changes.rules import Permit, Rule, Rules, load_rules, may, rule_for
from tests.workflow.changes.fakes.chat import FakeGroups

GOOD = """
version: 1
rules:
  - functions: [payments-*]
    tags: {tier: gold}
    risks: [medium, high]
    may_ask: [S0ONCALL]
    may_approve: [U0LEAD, S0PAYMENTS]
    approvals: 2
    lifetime_minutes: 30
  - may_ask: [anyone]
    may_approve: [S0ONCALL]
    self_approval: true
"""


def faults(text: str) -> list[str]:
    """Return the faults of a document."""
    with pytest.raises(InputError) as caught:
        load_rules(text, "rules.yaml")
    return str(caught.value).splitlines()


def test_a_document_becomes_rules_in_its_order() -> None:
    """What is left out has its default."""
    first, second = load_rules(GOOD, "rules.yaml").rules
    assert (first.functions, first.tags, first.approvals, first.lifetime_minutes) == (("payments-*",), {"tier": "gold"}, 2, 30)
    assert (second.functions, second.risks, second.self_approval, second.lifetime_minutes) == (("*",), ("low", "medium", "high"), True, 15)


@pytest.mark.parametrize("text", ["", "   \n", "# nobody yet\n", "null", "rules: []"])
def test_an_empty_document_lets_nobody_do_anything(text: str) -> None:
    """Nobody configured means nobody can."""
    rules = load_rules(text, "rules.yaml")
    assert rule_for(rules, function_name="orders", tags={}, risk="low") is None


def test_every_fault_is_told_at_once_with_its_line() -> None:
    """Whoever mends the file mends it in one go."""
    found = faults(
        "version: 1\nrules:\n"
        "  - functions: ['a[b]']\n    risks: [huge]\n    may_ask: [anyone, '@bob']\n    may_approve: [anyone]\n    lifetme: 3\n"
        "  - {may_approve: []}\n"
        "  - {may_ask: [U1], may_approve: [U1, U2], approvals: 3}\n"
    )
    assert [fault.split(": ")[0:2] for fault in found] == [
        ["rules.yaml:3", "rules.0.functions.0"],
        ["rules.yaml:4", "rules.0.risks.0"],
        ["rules.yaml:5", "rules.0.may_ask.1"],
        ["rules.yaml:6", "rules.0.may_approve.0"],
        ["rules.yaml:7", "rules.0.lifetme"],
        ["rules.yaml:8", "rules.1"],
        ["rules.yaml:8", "rules.1.may_approve"],
        ["rules.yaml:9", "rules.2.approvals"],
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: 3", "rules: expected a list"),
        ("rules: [3]", "rules.0: expected keys with values"),
        ("[]", "expected keys with values"),
        ("{}", "'rules' is missing"),
        ("version: 2\nrules: []", "version: Input should be 1"),
        ("rules: [{may_ask: U1, may_approve: [U1]}]", "rules.0.may_ask: expected a list"),
        ("rules: [{may_ask: [U1], may_approve: [U1], tags: {gold: yes}}]", "rules.0.tags.gold: Input should be a valid string"),
        ("rules: [{may_ask: [U1], may_approve: [U1], functions: []}]", "rules.0.functions: fits nothing; leave it out to mean all"),
        ("rules: [", "not valid YAML"),
        ("rules: []\nrules: []", "duplicate key 'rules'"),
        ("a: &a [*a, *a]", "an alias contains itself"),
        ("x" * 70_000, "has 70000 characters"),
    ],
)
def test_what_is_no_document_of_rules_is_refused_in_words(text: str, said: str) -> None:
    """A broken file lets nobody do anything, and says why."""
    assert any(said in fault for fault in faults(text))


@given(st.text(max_size=200))
def test_no_text_breaks_the_loader(text: str) -> None:
    """It returns rules or the error of the contract."""
    said = ""
    try:
        assert isinstance(load_rules(text, "rules.yaml"), Rules)
    except InputError as exc:
        said = str(exc)
    assert not said or said.startswith("rules.yaml:")


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        ("payments-api", "payments-*", True),
        ("Payments-api", "payments-*", False),
        ("a1", "a?", True),
        ("a12", "a?", False),
        ("ab", "a[b]", False),
        ("a[b]", "a[b]", True),
    ],
)
def test_only_star_and_question_mark_are_wildcards(name: str, pattern: str, *, fits: bool) -> None:
    """A pattern means what it looks like."""
    rules = Rules(rules=(Rule(functions=(pattern,)),))
    assert (rule_for(rules, function_name=name, tags={}, risk="low") is not None) is fits


def test_the_first_rule_that_fits_decides() -> None:
    """Name, tags and risk must all fit."""
    rules = load_rules(GOOD, "rules.yaml")
    strict, lax = rules.rules

    def found(name: str, tags: dict[str, str] | None, risk: Any) -> Rule | None:
        return rule_for(rules, function_name=name, tags=tags, risk=risk)

    assert found("payments-api", {"tier": "gold", "x": "y"}, "high") is strict
    assert found("payments-api", {"tier": "gold"}, "low") is lax
    assert found("payments-api", {"tier": "silver"}, "high") is lax
    assert found("orders", None, "high") is lax


def test_unknown_tags_do_not_lead_past_a_stricter_rule() -> None:
    """A function whose tags cannot be read may be one of those that the stricter rule means."""
    assert rule_for(load_rules(GOOD, "rules.yaml"), function_name="payments-api", tags=None, risk="high") is None


def test_people_are_named_by_id_by_group_or_as_anyone() -> None:
    """Nobody else is, and a text that is no user's id never is."""
    groups = FakeGroups({"S0ONCALL": {"U0ANN"}})
    assert may(("U0BOB",), "U0BOB", groups)
    assert may(("S0ONCALL",), "U0ANN", groups)
    assert may(("anyone",), "W0EVE", groups)
    assert not may(("U0BOB", "S0ONCALL"), "U0EVE", groups)
    assert not may(("anyone", "S0ONCALL"), "S0ONCALL", groups)
    assert not may(("anyone",), "", groups)
    assert not may((), "U0BOB", groups)


def test_nobody_belongs_to_a_group_that_cannot_be_read() -> None:
    """The person can be told that it was this, and another way of being named still counts."""
    groups = FakeGroups({"S0ONCALL": {"U0ANN"}}, unread={"S0ONCALL"})
    assert may(("S0ONCALL",), "U0ANN", groups) == Permit(False, ("S0ONCALL",))
    assert may(("S0ONCALL", "U0ANN"), "U0ANN", groups)
