"""A button is good for the change, the plan, the channel and the message that it was made for."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import RefusedError
from bot.models.change import Change
from bot.workflow.changes.clicks import NOTE_VERBS, addressed, may_take_back, refuse
from tests.slack.changes.factories import a_change, a_plan
from tests.workflow.changes.world import APPROVER, ASKER, CHANNEL, INCIDENT, SECOND, STRANGER, THREAD, World, a_world

MESSAGE = "1779790001.000002"
NOTE = "1779790002.000003"

DECISIONS = ("approve", "reject", "withdraw")


def stored(world: World, **fields: Any) -> Change:
    """Return a change of the world's incident, which stands in the table."""
    given = {"incident_id": INCIDENT, "channel": CHANNEL, "thread_ts": THREAD, "message_ts": MESSAGE, "requested_by": ASKER}
    return world.changes.add_change(a_change(**{**given, **fields}))


@pytest.fixture
def world() -> World:
    """A world with one change and its buttons."""
    world = a_world()
    stored(world)
    return world


@pytest.mark.parametrize("verb", [*DECISIONS, *sorted(NOTE_VERBS)])
def test_every_button_of_a_changes_own_message_belongs_to_it(world: World, verb: str) -> None:
    """Found by the token alone."""
    assert addressed(world.desk, world.button(verb, APPROVER)) == world.change


def test_a_token_that_no_change_has_is_known_as_such(world: World) -> None:
    """Another change's, another plan's, half of one, or none."""
    other = stored(world, id="chg-fedcba9876543210")
    change = world.changes.stored("chg-0123456789abcdef")
    binding = change.token.partition(".")[2]
    of_another_plan = a_change(a_plan(after={"timeout_s": 900}), channel=CHANNEL).token

    assert of_another_plan.partition(".")[0] == change.id
    for token in (
        f"{change.id}.{other.token.partition('.')[2]}",
        of_another_plan,
        a_change(channel="C0OTHER").token,
        change.id,
        f"{change.id}.",
        f"{change.id}.{binding[:-1]}",
        f"{change.token}.{binding}",
        f"chg-gone.{binding}",
        f"{change.id}.ä",
        "",
    ):
        with pytest.raises(RefusedError, match="belongs to no change that I know; nothing was done"):
            addressed(world.desk, world.click("approve", token, APPROVER, message_ts=MESSAGE))


@pytest.mark.parametrize("channel", ["C0OTHER", ""])
@pytest.mark.parametrize("verb", ["approve", "undo"])
def test_a_token_carried_into_another_channel_is_refused(world: World, verb: str, channel: str) -> None:
    """Also where message and thread are said to be the right ones."""
    with pytest.raises(RefusedError, match="another channel"):
        addressed(world.desk, world.button(verb, APPROVER, channel_id=channel))


@pytest.mark.parametrize("message_ts", [NOTE, ""])
@pytest.mark.parametrize("verb", DECISIONS)
def test_what_is_decided_is_decided_at_the_message_that_shows_the_plan(world: World, verb: str, message_ts: str) -> None:
    """Not from a note in the thread, and not from nowhere."""
    with pytest.raises(RefusedError, match="another message"):
        addressed(world.desk, world.button(verb, APPROVER, message_ts=message_ts))


@pytest.mark.parametrize("verb", sorted(NOTE_VERBS))
def test_what_notes_offer_works_from_notes_of_its_own_thread_only(world: World, verb: str) -> None:
    """A note is another message in the same thread."""
    assert addressed(world.desk, world.button(verb, APPROVER, message_ts=NOTE)) == world.change
    with pytest.raises(RefusedError, match="another message"):
        addressed(world.desk, world.button(verb, APPROVER, message_ts=NOTE, thread_ts="1779790009.000009"))


def test_a_change_whose_message_is_not_posted_has_no_button(world: World) -> None:
    """Two empty ids are not the same message."""
    change = stored(world, id="chg-unposted", message_ts="")

    with pytest.raises(RefusedError, match="another message"):
        addressed(world.desk, world.button("approve", APPROVER, change))


def test_a_refusal_is_recorded_once_and_told_to_who_clicked(world: World) -> None:
    """A retry of the same click finds its record."""
    click = world.button("approve", STRANGER)

    for _ in range(2):
        refuse(world.desk, click, world.change, "you may not")

    assert world.audit.events == [("refused", STRANGER)]
    assert world.audit.reasons == ["you may not"]
    assert set(world.said_to(STRANGER)) == {"you may not"}


def test_a_refusal_without_a_change_is_recorded_with_its_channel(world: World) -> None:
    """A forged button names no change, and who tries them is worth knowing."""
    refuse(world.desk, world.click("approve", "chg-gone.0", STRANGER), None, "no change")

    (entry,) = world.audit.entries
    assert (entry.event, entry.by, entry.function_name, entry.details["verb"]) == ("refused", STRANGER, "", "approve")
    assert world.said_to(STRANGER) == ["no change"]


@pytest.mark.parametrize(("user_id", "may"), [(ASKER, True), (APPROVER, True), (SECOND, True), (STRANGER, False)])
def test_who_asked_and_who_may_approve_take_it_back(world: World, user_id: str, may: bool) -> None:
    """SECOND by a group. Nobody else."""
    if may:
        may_take_back(world.desk, world.change, user_id)
    else:
        with pytest.raises(RefusedError):
            may_take_back(world.desk, world.change, user_id)
