"""Several alarms, one incident: who joins, who is told, who is kept quiet, and where."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.alarms.target import ResolvedTarget
from bot.aws.incident_index import DynamoIncidentIndex
from bot.errors import DeliveryError, NotYetError
from bot.models.alarm import Alarm
from bot.models.change import Change, Offered
from bot.models.incident_file import Target
from bot.workflow.desk import Desk
from bot.workflow.investigate import investigate_alarm
from bot.workflow.routing import Route
from tests.workflow.conftest import World
from tests.workflow.fakes import Killed, an_alarm
from tests.workflow.storm import IMPORT_LOG, LAYER

HOUR = 3600.0


@pytest.fixture
def world(new_world: Any) -> World:
    """Return a world in memory."""
    made: World = new_world()
    return made


def fire(desk: Desk, state: Any = "ALARM", minutes: float = 0, name: str = "checkout-errors", **fields: Any) -> str:
    """Hand a change of an alarm to a worker."""
    arn = f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}"
    alarm = an_alarm(state, minutes, name=name, arn=arn, **fields)
    return investigate_alarm(desk, alarm, owner=f"{name}|{state}|{minutes}", time_left_s=lambda: 120.0)


class TestSameFunction:
    def test_is_one_thread_with_all_alarms(self, world: World) -> None:
        """Errors, duration and throttles of one function fire together."""
        for name in ("errors", "duration", "throttles"):
            fire(world.desk, name=name)

        (root,) = world.messenger.roots
        assert {alarm.name for alarm in root.shown.incident.alarms} == {"errors", "duration", "throttles"}
        assert len(world.account.collected) == 1

    def test_has_recovered_when_the_last_alarm_has(self, world: World) -> None:
        """One OK of two is an edit."""
        fire(world.desk, name="errors")
        fire(world.desk, name="duration")

        fire(world.desk, "OK", 5, name="errors")
        (root,) = world.messenger.roots
        half = root.shown.incident.recovered_at
        assert "recovered" not in world.messenger.replies(root)
        fire(world.desk, "OK", 6, name="duration")

        assert half is None
        assert root.shown.incident.recovered_at is not None
        assert world.messenger.replies(root).count("recovered") == 1

    def test_another_alarm_after_the_window_is_one_reply(self, world: World) -> None:
        """It says that it joined, and what."""
        fire(world.desk, name="errors")
        world.clock.move(4 * HOUR + 1)

        fire(world.desk, name="duration", minutes=2)
        fire(world.desk, name="throttles", minutes=3)

        assert world.messenger.replies(world.messenger.roots[0])[-1] == "joined"
        assert len([m for m in world.messenger.messages if m.part == "joined"]) == 1


class TestMute:
    def test_records_and_says_nothing(self, world: World) -> None:
        """The incident is there for who looks; nobody is woken."""
        world.desk.index.mute("checkout", until=world.clock.now().timestamp() + HOUR, by="U1")

        fire(world.desk)

        assert world.messenger.messages == []
        assert world.account.collected == []

    def test_ends_by_itself(self, world: World) -> None:
        """What is still open then is posted at its next event."""
        world.desk.index.mute("checkout", until=world.clock.now().timestamp() + HOUR, by="U1")
        fire(world.desk)
        world.clock.move(HOUR + 1)

        fire(world.desk, name="duration", minutes=30)

        (root,) = world.messenger.roots
        assert root.shown.incident.phase == "answered"
        assert {alarm.name for alarm in root.shown.incident.alarms} == {"checkout-errors", "duration"}

    def test_in_an_open_thread_edits_without_a_reply(self, world: World) -> None:
        """The first message counts on."""
        fire(world.desk)
        count = len(world.messenger.messages)
        world.desk.index.mute("checkout", until=world.clock.now().timestamp() + HOUR, by="U1")

        fire(world.desk, "OK", 2)
        fire(world.desk, minutes=3)

        assert world.messenger.roots[0].shown.incident.fired == 2
        assert len(world.messenger.messages) == count


class TestChannel:
    def test_is_the_routes_choice(self, world: World) -> None:
        """By the function's name."""
        desk = replace(world.desk, routes=lambda: (Route(channel="C0PAYMENTS", functions=("check*",)),))

        fire(desk)

        assert world.messenger.roots[0].report.incident.channel == "C0PAYMENTS"

    @pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel", "is_archived"])
    def test_that_refuses_is_replaced_by_the_default(self, world: World, code: str) -> None:
        """With a note that says why."""
        desk = replace(world.desk, routes=lambda: (Route(channel="C0GONE"),))
        world.messenger.refuse["post"] = [code]

        assert fire(desk) == "done"

        shown = world.messenger.roots[0].shown.incident
        assert shown.channel == "C0ALARMS"
        assert "C0GONE" in shown.channel_note
        assert code in shown.channel_note

    def test_archived_later_moves_the_thread(self, world: World) -> None:
        """Replies go on in the default channel."""
        desk = replace(world.desk, routes=lambda: (Route(channel="C0GONE"),))
        world.messenger.refuse["reply"] = ["is_archived"]

        assert fire(desk) == "done"

        old, new = world.messenger.roots
        assert (old.report.incident.channel, new.report.incident.channel) == ("C0GONE", "C0ALARMS")
        assert "receipt" in world.messenger.replies(new)

    def test_default_that_refuses_fails_aloud(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        """The delivery comes again and ends among the dead letters."""
        world.messenger.refuse["post"] = ["not_in_channel"]

        with pytest.raises(DeliveryError, match="not_in_channel"):
            fire(world.desk)

        assert "default channel does not take messages" in caplog.text


class TestPace:
    def test_gives_its_place_to_another_delivery(self, world: World) -> None:
        """The channel is held by Slack for longer than a worker lives; nothing is posted and nothing is lost."""
        world.desk.pace.hold("C0ALARMS", 300)

        with pytest.raises(NotYetError):
            fire(world.desk)
        assert world.messenger.messages == []
        world.clock.move(301)

        assert fire(world.desk) == "done"
        assert len(world.messenger.roots) == 1

    def test_is_held_when_slack_asks_for_it(self, world: World) -> None:
        """For all workers, not just for the one that was refused."""
        world.messenger.refuse["post"] = ["ratelimited"]

        with pytest.raises(DeliveryError):
            fire(world.desk)

        assert world.desk.pace.reserve("C0ALARMS", patience_s=5) is None


class TestIndex:
    def test_finds_the_incident_by_thread_function_and_state(self, world: World) -> None:
        """As people ask for it."""
        index: DynamoIncidentIndex = world.desk.index  # type: ignore[assignment]
        fire(world.desk)
        (root,) = world.messenger.roots

        assert index.incident_in_thread("C0ALARMS", root.ts) == root.incident_id
        assert [incident.id for incident in index.open_incidents()] == [root.incident_id]
        assert [incident.id for incident in index.incidents_of("checkout", 5)] == [root.incident_id]
        fire(world.desk, "OK", 2)

        assert index.open_incidents() == ()
        assert [incident.id for incident in index.recent_incidents(5)] == [root.incident_id]


class KeptOffers:
    """Fills what an investigation needs of the port ChangeStore."""

    def __init__(self) -> None:
        self.kept: list[Offered] = []

    def keep_offer(self, offered: Offered) -> None:
        """Keep it."""
        self.kept.append(offered)

    def changes_of(self, incident_id: str) -> tuple[Change, ...]:
        """Return none."""
        return ()


def test_offers_are_kept_before_their_buttons_are_shown(world: World) -> None:
    """A button whose offer is not known yet would lead nowhere."""
    changes: Any = KeptOffers()
    kept_at_edit: list[int] = []
    world.messenger.before_edit = lambda: kept_at_edit.append(len(changes.kept))

    fire(replace(world.desk, changes=changes))

    shown = world.messenger.roots[0].shown
    assert shown.findings is not None
    assert len(changes.kept) == len(shown.findings.answer.diagnoses[0].remediations)
    assert kept_at_edit[0] == len(changes.kept)
    assert {offered.incident_id for offered in changes.kept} <= {shown.incident.id}


class TestFolding:
    def test_waits_for_the_incident_that_opened_first(self, world: World) -> None:
        """Its worker was killed in the middle: the others wait two minutes for it, then one of them tells of the cause."""
        desk = replace(world.desk, resolve=FunctionByAlarm(), collect=world.account.collect)
        with_layer(world)
        world.account.error = Killed()
        with pytest.raises(Killed):
            fire(desk, name="first")
        world.account.error = None

        with pytest.raises(NotYetError, match="may have the same cause"):
            fire(desk, name="second", minutes=1)
        waiting = len(world.messenger.roots)
        world.clock.move(126)
        fire(desk, name="second", minutes=1)
        fire(desk, name="third", minutes=2)

        assert waiting == 1
        assert [root.shown.incident.function for root in world.messenger.roots] == ["first", "second"]
        assert [victim.function for victim in world.messenger.roots[1].shown.incident.victims] == ["second", "third"]

    def test_of_one_whose_thread_is_open_leaves_a_pointer(self, world: World) -> None:
        """The killed one comes again: its thread says where it goes on, and nobody is told twice."""
        desk = replace(world.desk, resolve=FunctionByAlarm(), collect=world.account.collect)
        with_layer(world)
        world.account.error = Killed()
        with pytest.raises(Killed):
            fire(desk, name="first")
        world.account.error = None
        world.clock.move(126)
        fire(desk, name="second", minutes=1)

        fire(desk, name="first")

        first, second = world.messenger.roots
        assert first.shown.lead is not None
        assert first.shown.lead.id == second.incident_id
        assert world.messenger.replies(first) == []
        assert {victim.function for victim in second.shown.incident.victims} == {"first", "second"}

    def test_grows_aloud_once(self, world: World) -> None:
        """The channel hears when four functions fail, and of the recovery when the last of them is back."""
        desk = replace(world.desk, resolve=FunctionByAlarm(), collect=world.account.collect)
        with_layer(world)
        names = ["a", "b", "c", "d", "e"]
        for name in names:
            fire(desk, name=name)

        (root,) = world.messenger.roots
        assert world.messenger.replies(root).count("worse") == 1
        for minutes, name in enumerate(names, start=2):
            fire(desk, "OK", minutes, name=name)

        assert world.messenger.replies(root).count("recovered") == 1
        assert all(victim.recovered_at for victim in root.shown.incident.victims)
        assert world.desk.index.open_incidents() == ()

    def test_is_done_whole_wherever_the_worker_is_killed(self, new_world: Any) -> None:
        """A victim is in the list once. If its worker dies before it knows of the storm, its thread points to the other."""
        calls, opened = 0, list[int]()
        while True:
            calls += 1
            world: World = new_world()
            with_layer(world)
            desk = replace(world.desk, resolve=FunctionByAlarm(), collect=world.account.collect)
            fire(desk, name="first")
            dying = world.killed_after(calls)
            try:
                fire(replace(dying, resolve=FunctionByAlarm(), collect=world.account.collect), name="second", minutes=1)
                break
            except Killed:
                pass
            world.clock.move(126)

            fire(desk, name="second", minutes=1)

            root, *others = world.messenger.roots
            assert [victim.function for victim in root.shown.incident.victims] == ["first", "second"], calls
            assert [other.shown.lead.id for other in others if other.shown.lead] == [root.incident_id] * len(others), calls
            assert not any(world.messenger.replies(other) for other in others), calls
            opened.append(len(others))
        assert sum(opened) < len(opened) / 2
        assert calls > 20


class FunctionByAlarm:
    """Finds a function by the alarm's name."""

    def __call__(self, alarm: Alarm, aws: object, *, now: datetime) -> ResolvedTarget:
        """Find it."""
        target = Target(function_name=alarm.name, region="eu-west-1", account_id="123456789012", front_door=None)
        return ResolvedTarget(alarm, (target,), alarm.window(now))


def with_layer(world: World) -> None:
    """Let every function fail for a module that its layer lacks."""
    world.account.log = IMPORT_LOG
    world.account.layers = [LAYER]
