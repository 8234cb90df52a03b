"""A worker that is killed after any of its steps: the retry goes on from there, and nothing is said twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.workflow.desk import Desk
from bot.workflow.once import Outcome
from tests.workflow.conftest import World
from tests.workflow.delivery import ALL_PARTS, FINISHED, QUIET_S, alarm, deliver_alarm, deliver_question
from tests.workflow.fakes import Killed, an_alarm


class TestCrash:
    @pytest.mark.parametrize("deliver", [deliver_alarm, deliver_question])
    def test_after_any_step_leaves_one_thread_and_loses_nothing(
        self, new_world: Callable[[], World], deliver: Callable[[Desk, str], Outcome]
    ) -> None:
        """The worker is killed after every single call in turn; the retry goes on from there."""
        calls = 0
        while True:
            calls += 1
            world = new_world()
            try:
                deliver(world.killed_after(calls), "w1")
                break
            except Killed:
                pass
            world.clock.move(126)

            assert deliver(world.desk, "w2") in FINISHED

            (root,) = world.messenger.roots
            replies = world.messenger.replies(root)
            assert len(replies) == len(set(replies)), calls
            assert set(ALL_PARTS) <= set(replies), calls
            assert root.shown.incident.phase == "answered", calls
            assert deliver(world.desk, "w3") == "duplicate"
        assert calls > 20

    def test_of_a_recovery_after_any_step_is_said_once(self, new_world: Callable[[], World]) -> None:
        """The same for the message that it is over."""
        calls = 0
        while True:
            calls += 1
            world = new_world()
            alarm(world.desk, an_alarm())
            try:
                alarm(world.killed_after(calls), an_alarm("OK", minutes=5), "w2")
                break
            except Killed:
                pass
            world.clock.move(126)

            assert alarm(world.desk, an_alarm("OK", minutes=5), "w3") in FINISHED

            (root,) = world.messenger.roots
            assert world.messenger.replies(root).count("recovered") == 1, calls
            assert root.shown.incident.recovered_at is not None, calls
        assert calls > 5

    def test_of_a_repeat_after_any_step_is_said_once(self, new_world: Callable[[], World]) -> None:
        """And for an alarm that fires again."""
        calls = 0
        while True:
            calls += 1
            world = new_world()
            alarm(world.desk, an_alarm())
            world.clock.move(QUIET_S)
            try:
                alarm(world.killed_after(calls), an_alarm(minutes=5), "w2")
                break
            except Killed:
                pass
            world.clock.move(126)

            assert alarm(world.desk, an_alarm(minutes=5), "w3") in FINISHED

            (root,) = world.messenger.roots
            replies = world.messenger.replies(root)
            assert (replies.count("repeated"), replies.count("evidence")) == (1, 1), calls
            assert root.shown.incident.fired == 2, calls
        assert calls > 10
