"""An alarm that fires again: the thread says what is new in it, and no more."""

from __future__ import annotations

import pytest

from tests.workflow.conftest import World
from tests.workflow.delivery import QUIET_S, alarm
from tests.workflow.fakes import Killed, an_alarm

IMPORT_ERROR = (
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'\nTraceback (most recent call last):\n"
)


def test_repeat_edits_the_thread_and_says_nothing_within_the_window(world: World) -> None:
    """The first message counts; nobody is woken for what they know."""
    alarm(world.desk, an_alarm())
    count = len(world.messenger.messages)

    alarm(world.desk, an_alarm(minutes=10))

    (root,) = world.messenger.roots
    assert root.shown.incident.fired == 2
    assert len(world.messenger.messages) == count


def test_repeat_is_one_line_after_the_window(world: World) -> None:
    """The same cause again is one line and not a second pile of evidence."""
    alarm(world.desk, an_alarm())
    world.clock.move(QUIET_S)

    alarm(world.desk, an_alarm(minutes=10))
    alarm(world.desk, an_alarm(minutes=12))

    (root,) = world.messenger.roots
    assert root.shown.incident.fired == 3
    assert world.messenger.replies(root)[-1] == "repeated"
    assert world.messenger.replies(root).count("repeated") == 1
    assert world.messenger.replies(root).count("evidence") == 1


def test_repeat_posts_the_new_evidence_when_the_cause_is_another(world: World) -> None:
    """What changed is what a reader needs."""
    alarm(world.desk, an_alarm())
    world.account.log = [
        (0, "START RequestId: 8f5f1c1e-0000-4000-8000-000000000002 Version: $LATEST\n"),
        (1, IMPORT_ERROR),
        (2, "END RequestId: 8f5f1c1e-0000-4000-8000-000000000002\n"),
    ]

    alarm(world.desk, an_alarm(minutes=10))

    (root,) = world.messenger.roots
    assert root.shown.findings is not None
    assert root.shown.findings.answer.diagnoses[0].cause == "import-error"
    replies = world.messenger.replies(root)
    assert replies.count("repeated") == 1
    assert replies.count("evidence") == 2


def test_repeat_is_left_to_whoever_investigates_already(world: World) -> None:
    """Two workers would post the same evidence; the one that is at it counts this one, too."""
    world.account.error = Killed()
    with pytest.raises(Killed):
        alarm(world.desk, an_alarm())
    world.account.error = None

    assert alarm(world.desk, an_alarm(minutes=1), "w2") == "done"
    (root,) = world.messenger.roots
    assert root.edits == []
    world.clock.move(126)
    alarm(world.desk, an_alarm(), "w3")

    assert (root.shown.incident.phase, root.shown.incident.fired) == ("answered", 2)


def test_repeat_takes_over_from_a_worker_that_never_came_back(world: World) -> None:
    """Its delivery may stand among the dead letters; the next alarm gets an answer all the same."""
    world.account.error = Killed()
    with pytest.raises(Killed):
        alarm(world.desk, an_alarm())
    world.account.error = None
    world.clock.move(126)

    alarm(world.desk, an_alarm(minutes=3), "w2")

    (root,) = world.messenger.roots
    assert root.shown.incident.phase == "answered"


def test_repeat_soon_after_a_recovery_goes_on_in_the_same_thread(world: World) -> None:
    """Flapping: the channel hears once that it is back, and the rest is edits."""
    alarm(world.desk, an_alarm())
    for minutes in range(5, 25, 2):
        alarm(world.desk, an_alarm("OK", minutes=minutes))
        alarm(world.desk, an_alarm(minutes=minutes + 1))

    (root,) = world.messenger.roots
    replies = world.messenger.replies(root)
    assert (replies.count("recovered"), replies.count("worse")) == (2, 1)
    assert root.shown.incident.fired == 11
    assert root.shown.incident.recovered_at is None
    (worse,) = [m for m in world.messenger.messages if m.part == "worse"]
    assert worse.report.worse == ("reopened",)


def test_repeat_long_after_a_recovery_opens_a_new_thread(world: World) -> None:
    """Another incident, another thread."""
    alarm(world.desk, an_alarm())
    alarm(world.desk, an_alarm("OK", minutes=5))
    alarm(world.desk, an_alarm(minutes=40))

    assert len(world.messenger.roots) == 2
