"""An alarm that recovered or lost its data is said so in its thread."""

from __future__ import annotations

from tests.workflow.conftest import World
from tests.workflow.delivery import alarm
from tests.workflow.fakes import T0, an_alarm


def test_recovery_is_said_in_the_thread(world: World) -> None:
    """The first message turns, and a reply says when."""
    alarm(world.desk, an_alarm())

    alarm(world.desk, an_alarm("OK", minutes=5))

    (root,) = world.messenger.roots
    assert root.shown.incident.recovered_at == T0.timestamp() + 300
    assert root.shown.findings is not None
    assert world.messenger.replies(root)[-1] == "recovered"


def test_recovery_says_nothing_for_an_alarm_without_a_thread(world: World) -> None:
    """An OK after the creation of an alarm is no news."""
    assert alarm(world.desk, an_alarm("OK")) == "done"
    assert world.messenger.messages == []


def test_recovery_that_comes_before_its_alarm_is_not_forgotten(world: World) -> None:
    """SQS keeps no order."""
    alarm(world.desk, an_alarm("OK", minutes=5))
    alarm(world.desk, an_alarm())

    assert world.messenger.roots[0].shown.incident.recovered_at == T0.timestamp() + 300


def test_recovery_that_is_older_than_the_alarm_changes_nothing(world: World) -> None:
    """A late OK of the time before."""
    alarm(world.desk, an_alarm())
    count = len(world.messenger.messages)

    alarm(world.desk, an_alarm("OK", minutes=-5))

    assert world.messenger.roots[0].shown.incident.recovered_at is None
    assert len(world.messenger.messages) == count


def test_recovery_during_the_investigation_is_in_the_answer(world: World) -> None:
    """Another worker notes it between the reading and the edit; the edit is made again."""
    noted: list[str] = []

    def recover() -> None:
        if not noted:
            noted.append("")
            alarm(world.desk, an_alarm("OK", minutes=2), "w2")

    world.messenger.before_edit = recover

    alarm(world.desk, an_alarm())

    (root,) = world.messenger.roots
    assert root.shown.incident.recovered_at is not None
    assert root.shown.findings is not None


def test_no_data_is_not_taken_for_a_recovery(world: World) -> None:
    """The thread says so; the incident stays open."""
    alarm(world.desk, an_alarm())
    alarm(world.desk, an_alarm("INSUFFICIENT_DATA", minutes=5))

    (root,) = world.messenger.roots
    assert world.messenger.replies(root)[-1] == "no-data"
    assert root.shown.incident.recovered_at is None
