"""Work that is done once: doubles, rivals and what broke off; and a worker killed after any step, whose retry says nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from bot.errors import DeliveryError, LeaseLostError, NotYetError, StateError
from bot.models.incident import Claim
from bot.ports import IncidentStore
from bot.workflow.desk import Desk
from bot.workflow.once import LEASE_MARGIN_S, Outcome, once
from tests.clock import SetClock
from tests.workflow.changes.fakes.store import FakeIncidents
from tests.workflow.conftest import World
from tests.workflow.delivery import ALL_PARTS, FINISHED, QUIET_S, alarm, deliver_alarm, deliver_question
from tests.workflow.fakes import Killed, an_alarm

LEFT_S = 60.0


class Store(FakeIncidents):
    """A store that cannot always give a claim back."""

    is_broken = False

    def release(self, claim: Claim) -> None:
        """Give the claim back, or fail."""
        if self.is_broken:
            raise StateError("the table did not take it")
        super().release(claim)


@pytest.fixture
def store() -> Store:
    """A store without claims."""
    return Store(SetClock())


def work_on(store: Store, owner: str, work: Callable[[Claim], None] = lambda claim: None) -> Outcome:
    """Let a worker that has a minute left work on the one event."""
    return once(cast(IncidentStore, store), "event", owner=owner, time_left_s=lambda: LEFT_S, work=work)


def raising(error: BaseException) -> Callable[[Claim], None]:
    """Return work that breaks off."""

    def work(claim: Claim) -> None:
        raise error

    return work


class TestOnce:
    def test_a_delivery_that_comes_again_is_a_duplicate(self, store: Store) -> None:
        """However much later; its work is not begun."""
        done: list[str] = []
        assert work_on(store, "w1", lambda claim: done.append(claim.owner)) == "done"
        store.clock.move(86_400)

        assert work_on(store, "w2", lambda claim: done.append(claim.owner)) == "duplicate"
        assert done == ["w1"]

    def test_a_delivery_that_another_worker_is_at_is_busy(self, store: Store) -> None:
        """It must come again, for that worker may die."""
        met: list[Outcome] = []
        assert work_on(store, "w1", lambda claim: met.append(work_on(store, "w2"))) == "done"

        assert met == ["busy"]
        assert work_on(store, "w2") == "duplicate"

    def test_a_dead_workers_claim_outlives_it_by_a_margin(self, store: Store) -> None:
        """Nobody takes over while it may still be at it; then the next one goes on from its steps."""

        def dies(claim: Claim) -> None:
            store.record(claim, "thread", "1.0")
            raise Killed

        with pytest.raises(Killed):
            work_on(store, "w1", dies)
        store.clock.move(LEFT_S + LEASE_MARGIN_S - 1)
        assert work_on(store, "w2") == "busy"
        store.clock.move(1)
        taken: list[Claim] = []

        assert work_on(store, "w3", taken.append) == "done"
        assert [(claim.standing, claim.steps) for claim in taken] == [("resumed", {"thread": "1.0"})]

    @pytest.mark.parametrize("error", [DeliveryError("http_503", "no"), StateError("no"), ValueError("ours")])
    def test_work_that_broke_off_is_free_at_once(self, store: Store, caplog: pytest.LogCaptureFixture, error: Exception) -> None:
        """The error goes on to the queue, and is logged by its kind."""
        with pytest.raises(type(error)):
            work_on(store, "w1", raising(error))

        assert [(record.message, record.__dict__["error"]) for record in caplog.records] == [("work broke off", type(error).__name__)]
        assert work_on(store, "w2") == "done"

    def test_work_that_only_waits_is_no_failure(self, store: Store, caplog: pytest.LogCaptureFixture) -> None:
        """Free at once, and nothing is logged."""
        with pytest.raises(NotYetError):
            work_on(store, "w1", raising(NotYetError("the channel's pace")))

        assert caplog.records == []
        assert work_on(store, "w2") == "done"

    def test_the_error_is_told_also_when_the_claim_cannot_be_given_back(self, store: Store) -> None:
        """What broke off is what counts; the lease ends by itself."""
        store.is_broken = True
        with pytest.raises(ValueError, match="ours"):
            work_on(store, "w1", raising(ValueError("ours")))

        assert work_on(store, "w2") == "busy"
        store.clock.move(LEFT_S + LEASE_MARGIN_S)
        assert work_on(store, "w2") == "done"

    def test_a_worker_that_was_overtaken_takes_nothing_from_its_successor(self, store: Store) -> None:
        """It was slower than its lease: neither the end nor the claim is its own any more."""

        def slow(claim: Claim) -> None:
            store.clock.move(LEFT_S + LEASE_MARGIN_S)
            store.claim("event", owner="w2", lease_s=LEFT_S)

        with pytest.raises(LeaseLostError):
            work_on(store, "w1", slow)
        assert work_on(store, "w3") == "busy"

        store.clock.move(LEFT_S)
        with pytest.raises(LeaseLostError):
            work_on(store, "w3", raising(LeaseLostError("w4 has taken over")))
        assert work_on(store, "w5") == "busy"


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
