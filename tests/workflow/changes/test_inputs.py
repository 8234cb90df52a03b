"""What may be edited in a plan's window, and what is let in from it."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InputError
from bot.models.diagnosis import Action
from bot.remediations.offers import REMEDIATIONS
from bot.slack.changes.window import plan_view
from bot.workflow.changes.desk import Editable
from bot.workflow.changes.inputs import editable_of, parse_values
from bot.workflow.changes.rules import Rules
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import events
from tests.workflow.changes.steps import documents
from tests.workflow.changes.world import APPROVER, ASKER, a_world, an_offer

SECONDS = Editable(name="to_seconds", label="New value in seconds", kind="number", value=10, least=1, most=900)
VERSION = Editable(name="to_version", label="Version", kind="text", value="3")


def editable(action: Action, params: dict[str, Any]) -> dict[str, Editable]:
    """Return what may be edited, by name."""
    return {one.name: one for one in editable_of(REMEDIATIONS[action].Params, an_offer(action, params), {})}


def test_a_number_is_editable_within_the_bounds_of_its_action() -> None:
    """The bounds are those of the action's own model."""
    assert editable("raise-timeout", {"from_seconds": 3, "to_seconds": 10}) == {"to_seconds": SECONDS}
    memory = editable("raise-memory", {"from_mb": 128, "to_mb": 512})["to_mb"]
    assert (memory.label, memory.least, memory.most, memory.value) == ("New value in MB", 128, 10240, 512)


def test_a_number_is_held_by_what_the_account_has_left() -> None:
    """The offer says how much that is; by how much it grows is then the choice."""
    assert set(editable("raise-reserved-concurrency", {"factor": 2, "max_concurrency": 80})) == {"factor"}
    assert editable("raise-reserved-concurrency", {"to_concurrency": 50, "max_concurrency": 80})["to_concurrency"].most == 80


def test_what_is_changed_is_no_choice() -> None:
    """Role, resource, API and statement stay as diagnosed; a version is a choice; what is missing is asked for."""
    assert editable("grant-role-permission", {"actions": ["s3:GetObject"], "resource": "arn:aws:s3:::b/*"}) == {}
    assert set(editable("grant-role-permission", {"actions": ["s3:GetObject"], "missing": ["resource"]})) == {"resource"}
    assert set(editable("rollback-alias", {"alias": "live", "to_version": "3"})) == {"to_version"}
    assert editable("enable-tracing", {}) == {}
    statement = {"statement_id": "a", "principal": "apigateway.amazonaws.com"}
    assert editable("add-invoke-permission", {"statements": [statement]}) == {}
    assert set(editable("add-invoke-permission", {"statements": [statement], "missing": ["source_arn"]})) == {"source_arn"}


def test_values_are_taken_as_numbers_and_texts() -> None:
    """A form gives texts; an empty one leaves the offer's value."""
    assert parse_values('{"to_seconds": "20", "to_version": " 4 ", "minutes": "60"}', (SECONDS, VERSION)) == (
        {"to_seconds": 20, "to_version": "4"},
        60,
    )
    assert parse_values('{"to_seconds": "", "minutes": ""}', (SECONDS,)) == ({}, None)
    assert parse_values("", ()) == ({}, None)


@pytest.mark.parametrize(
    "values",
    [
        '{"to_seconds": NaN}',
        '{"to_seconds": Infinity}',
        '{"to_seconds": "nan"}',
        '{"to_seconds": "1e3"}',
        '{"to_seconds": "-5"}',
        '{"to_seconds": "0"}',
        '{"to_seconds": "901"}',
        '{"to_seconds": 9' + "9" * 5000 + "}",
        '{"to_seconds": 9' + "9" * 2000 + "}",
        '{"to_seconds": "٣"}',
        '{"to_seconds": true}',
        '{"to_seconds": ["10"]}',
        '{"function_name": "payments"}',
        '{"statements": []}',
        '{"to_version": "3\\n4"}',
        '{"to_version": "\\u202e3"}',
        '{"minutes": "4"}',
        '{"minutes": "1441"}',
        '{"minutes": "60.5"}',
        '{"minutes": true}',
        '{"minutes": "NaN"}',
        "[]",
        "{",
        "[" * 4000,
        '{"to_version": "' + "x" * 3000 + '"}',
        " " * 9000,
    ],
)
def test_a_tampered_value_is_refused(values: str) -> None:
    """Unknown fields, numbers that are none or out of bounds, and what hides in texts."""
    with pytest.raises(InputError):
        parse_values(values, (SECONDS, VERSION))


def test_every_fault_of_a_form_is_told() -> None:
    """With what was expected."""
    with pytest.raises(InputError, match="to_seconds: expected a number from 1 to 900, found '0'; minutes: expected a whole number from 5"):
        parse_values('{"to_seconds": "0", "minutes": "1"}', (SECONDS,))


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s))
)
def test_nothing_gets_in_but_what_is_editable(value: Any) -> None:
    """Whatever the form holds."""
    try:
        given, minutes = parse_values(json.dumps({"to_seconds": value, "minutes": value}), (SECONDS,))
    except InputError:
        return
    assert set(given) <= {"to_seconds"}
    assert 1 <= given.get("to_seconds", 1) <= 900
    assert minutes is None or 5 <= minutes <= 1440


class TestMissingValues:
    GRANT: ClassVar[dict[str, Any]] = {"actions": ["s3:GetObject"], "resource": None, "missing": ["resource"], "policy_name": "medic-s3"}

    def test_what_the_evidence_lacks_is_filled_in_and_asked_for(self, account: LiveAccount) -> None:
        """The window has the field; what was filled in is planned, approved and made."""
        world = on_moto(a_world(offers=[an_offer("grant-role-permission", self.GRANT)]), account)
        queue = Queue(world)
        queue.deliver(world.click("plan", world.offer_id, ASKER, view_id="V1"))
        ((_, window),) = world.messenger.windows
        assert window.plan is None
        assert window.may_ask
        view = plan_view(window)
        assert {block["block_id"] for block in view["blocks"] if block["type"] == "input" and not block["optional"]} >= {"resource"}

        queue.deliver(world.form(values={"resource": "arn:aws:s3:::orders-bucket/*"}))
        queue.deliver(world.button("approve", APPROVER))
        queue.run()

        assert documents(account)["medic-s3"]["Statement"][0]["Resource"] == "arn:aws:s3:::orders-bucket/*"

    @pytest.mark.parametrize("value", ["", "arn:aws:s3:::*", "*", "arn:aws:s3:::a\ud800/*", "arn:aws:s3:::a\u202e/*"])
    def test_what_was_filled_in_is_judged_like_any_value(self, account: LiveAccount, value: str) -> None:
        """Nothing, everything, halves of characters and those that turn the text around."""
        world = on_moto(a_world(offers=[an_offer("grant-role-permission", self.GRANT)]), account)
        queue = Queue(world)

        queue.deliver(world.form(values={"resource": value}))
        queue.run()

        assert queue.dead == []
        assert world.changes.all == ()
        assert account.writes == []
        assert events(world) == ["refused"]

    def test_without_rules_nobody_is_asked_for_values(self, account: LiveAccount) -> None:
        """A form that leads nowhere would be one more riddle at three in the morning."""
        world = on_moto(a_world(offers=[an_offer("grant-role-permission", self.GRANT)]), account)
        world.rules[0] = Rules()

        Queue(world).deliver(world.click("plan", world.offer_id, ASKER, view_id="V1"))

        ((_, window),) = world.messenger.windows
        assert not window.may_ask
        assert "Nobody is configured" in window.why_not
