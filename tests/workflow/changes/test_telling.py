"""What people see of a change: the newest state, each note once, and a private answer where they look."""

from __future__ import annotations

import pytest

from bot.errors import DeliveryError, StateError
from bot.models.change import Change
from bot.workflow.changes.telling import EDITS, NOTE_LEASE_S, answer, note_once, show
from bot.workflow.thread import PASSING_CODES
from tests.slack.changes.factories import a_change
from tests.workflow.changes.fakes.watch import Watch
from tests.workflow.changes.world import ASKER, CHANNEL, EVENT, INCIDENT, THREAD, World, a_world, an_incident
from tests.workflow.fakes import Killed

MESSAGE = "1779800000.000001"

NEVER = ["message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_archived", "msg_too_long"]
"""What Slack will never take, however often it is sent."""

IN_TROUBLE = ["ratelimited", "no_connection", "http_503"]
"""What it may take later."""


@pytest.fixture
def world() -> World:
    """A world in which one change waits, and its message is posted."""
    world = a_world()
    change = a_change(incident_id=INCIDENT, channel=CHANNEL, thread_ts=THREAD, message_ts=MESSAGE)
    world.messenger.messages[MESSAGE] = [world.changes.add_change(change)]
    return world


def states_shown(world: World) -> list[str]:
    """Return the states that the change's message showed, in order."""
    return [version.state for version in world.messenger.messages[MESSAGE][1:]]


class TestShow:
    def test_brings_both_messages_up_to_date(self, world: World) -> None:
        """The change's own, and the incident's first one with its answer and all its changes."""
        show(world.desk, world.change)

        assert states_shown(world) == ["pending"]
        (root,) = world.messenger.roots
        assert (root.incident.id, root.event, root.changes, root.lead) == (INCIDENT, EVENT, (world.change,), None)
        assert root.findings == world.incidents.load(INCIDENT, EVENT)

    def test_is_made_again_when_the_change_went_on_meanwhile(self, world: World) -> None:
        """Two workers edit one message: the older state must not be the last one that stands there."""
        before = world.change
        world.changes.swap(before.model_copy(update={"state": "approved"}))

        show(world.desk, before)

        assert states_shown(world) == ["pending", "approved"]
        assert world.messenger.roots[-1].changes[0].state == "approved"

    def test_does_not_run_after_a_change_for_ever(self, world: World) -> None:
        """Whoever went on edits the message, too."""
        show(world.watched(goes_on(world)), world.change)

        assert len(states_shown(world)) == EDITS

    def test_leaves_a_message_alone_that_is_not_posted(self, world: World) -> None:
        """Its poster shows it; the incident's first message lists the change all the same."""
        show(world.desk, world.change.model_copy(update={"message_ts": ""}))

        assert states_shown(world) == []
        assert len(world.messenger.roots) == 1

    @pytest.mark.parametrize("code", NEVER)
    def test_lets_be_what_slack_will_never_take(self, world: World, code: str) -> None:
        """Someone deleted the message: the other one is edited all the same, and nothing is tried again."""
        world.messenger.refuse = {"edit_change": [code], "edit": [code]}
        show(world.desk, world.change)
        assert world.messenger.refuse == {"edit_change": [], "edit": []}

        world.messenger.refuse = {"edit_change": [code]}
        show(world.desk, world.change)
        assert len(world.messenger.roots) == 1

    @pytest.mark.parametrize("code", IN_TROUBLE)
    @pytest.mark.parametrize("method", ["edit_change", "edit"])
    def test_comes_again_when_slack_is_in_trouble(self, world: World, method: str, code: str) -> None:
        """The queue waits for free."""
        world.messenger.refuse = {method: [code]}

        with pytest.raises(DeliveryError, match=code):
            show(world.desk, world.change)

    @pytest.mark.parametrize("thread_ts", [None, ""])
    def test_of_an_incident_without_a_thread_is_the_changes_message_alone(self, world: World, thread_ts: str | None) -> None:
        """It has aged out of the table, or was never posted."""
        if thread_ts is None:
            world.incidents.incidents.clear()
        else:
            world.incidents.change(INCIDENT, thread_ts=thread_ts)

        show(world.desk, world.change)

        assert (states_shown(world), world.messenger.roots) == (["pending"], [])

    def test_of_a_folded_incident_names_the_one_that_tells_of_it(self, world: World) -> None:
        """Through every folding between them."""
        world.incidents.create(an_incident(world.clock, id="inc-middle", folded_into="inc-lead"))
        lead = world.incidents.create(an_incident(world.clock, id="inc-lead"))
        world.incidents.change(INCIDENT, folded_into="inc-middle")

        show(world.desk, world.change)

        assert world.messenger.roots[-1].lead == lead

    def test_of_incidents_folded_in_a_circle_ends(self, world: World) -> None:
        """No such thing should be; a worker must not hang on it."""
        world.incidents.change(INCIDENT, folded_into=INCIDENT)

        show(world.desk, world.change)

        assert len(world.messenger.roots) == 1


class TestNote:
    def test_is_posted_once_for_each_cause(self, world: World) -> None:
        """A retry adds nothing; the second failed undoing is news."""
        for cause in ("click-1", "click-1", "click-2"):
            note_once(world.desk, world.change, "undo-refused", cause=cause)

        assert world.messenger.notes == [(world.change.id, "undo-refused")] * 2

    def test_is_one_of_its_kind(self, world: World) -> None:
        """One cause may have several notes."""
        for note in ("failed", "undone"):
            note_once(world.desk, world.change, note, cause="tick-1")

        assert [note for _, note in world.messenger.notes] == ["failed", "undone"]

    def test_waits_for_a_worker_that_is_posting_it(self, world: World) -> None:
        """Two at once would be two notes."""
        met: list[str] = []

        def meanwhile(name: str) -> None:
            if name == "messenger.note" and not met:
                met.append(name)
                with pytest.raises(StateError, match="being posted by another worker"):
                    note_once(world.desk, world.change, "verified", cause="once")

        note_once(world.watched(meanwhile), world.change, "verified", cause="once")

        assert met
        assert world.messenger.notes == [(world.change.id, "verified")]

    def test_of_a_worker_that_died_is_posted_after_its_lease(self, world: World) -> None:
        """Twice rather than never: it may have died on either side of the posting."""
        with pytest.raises(Killed):
            note_once(world.watched(dies_at("messenger.note")), world.change, "verified", cause="once")
        with pytest.raises(StateError):
            note_once(world.desk, world.change, "verified", cause="once")

        world.clock.move(NOTE_LEASE_S)
        note_once(world.desk, world.change, "verified", cause="once")

        assert world.messenger.notes == [(world.change.id, "verified")]

    @pytest.mark.parametrize("code", IN_TROUBLE)
    def test_that_slack_could_not_take_is_tried_again_at_once(self, world: World, code: str) -> None:
        """Its claim is given back."""
        world.messenger.refuse = {"note": [code]}
        with pytest.raises(DeliveryError, match=code):
            note_once(world.desk, world.change, "verified", cause="once")

        note_once(world.desk, world.change, "verified", cause="once")

        assert world.messenger.notes == [(world.change.id, "verified")]

    @pytest.mark.parametrize("code", NEVER)
    def test_that_slack_will_never_take_is_done_with(self, world: World, code: str) -> None:
        """The work that it tells of is not held up."""
        world.messenger.refuse = {"note": [code]}
        for _ in range(2):
            note_once(world.desk, world.change, "verified", cause="once")

        assert world.messenger.notes == []


class TestAnswer:
    def test_stands_in_the_thread_where_the_button_is(self, world: World) -> None:
        """One through the response URL would stand in the channel."""
        answer(world.desk, world.button("approve", ASKER), "you may not")

        assert world.messenger.told == [(ASKER, "you may not")]

    @pytest.mark.parametrize("code", [*NEVER, *sorted(PASSING_CODES)])
    def test_falls_back_to_the_response_url(self, world: World, code: str) -> None:
        """The bot may have been removed from the channel; a response URL needs no membership."""
        world.messenger.refuse = {"tell_person": [code]}
        answer(world.desk, world.button("approve", ASKER), "you may not")

        assert world.messenger.told == [(f"https://hooks.example/{ASKER}", "you may not")]

    @pytest.mark.parametrize("place", [("", CHANNEL), (THREAD, "")])
    def test_without_a_thread_goes_to_the_response_url(self, world: World, place: tuple[str, str]) -> None:
        """A button outside threads."""
        thread_ts, channel_id = place
        answer(world.desk, world.button("approve", ASKER, thread_ts=thread_ts, channel_id=channel_id), "you may not")

        assert world.messenger.told == [(f"https://hooks.example/{ASKER}", "you may not")]

    @pytest.mark.parametrize("refused", ["used_url", "http_503", "ratelimited"])
    def test_that_reaches_nobody_stops_nothing(self, world: World, refused: str) -> None:
        """What was decided stands, whether its answer arrives or not."""
        world.messenger.refuse = {"tell_person": [refused], "tell": [refused]}
        answer(world.desk, world.button("approve", ASKER), "you may not")
        answer(world.desk, world.form(), "you may not")

        assert world.messenger.refuse == {"tell_person": [], "tell": []}
        assert world.messenger.told == []


def goes_on(world: World) -> Watch:
    """Return a watcher that lets the change go on at every edit."""

    def watch(name: str) -> None:
        if name == "messenger.edit_change":
            change: Change = world.change
            world.changes.swap(change.model_copy(update={"reminders": change.reminders + 1}))

    return watch


def dies_at(call: str) -> Watch:
    """Return a watcher that kills the worker before a call."""

    def watch(name: str) -> None:
        if name == call:
            raise Killed

    return watch
