"""An approved change is made whole or not at all, and only as it is allowed at that moment; judged by what stands in AWS."""

from __future__ import annotations

import pytest

from bot.models.change import Change
from bot.workflow.changes.rules import Rules
from tests.remediations.account import failure
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import NEW, OLD, from_second, kill, state_of, watching
from tests.workflow.changes.steps import statement_ids, two_statements
from tests.workflow.changes.world import SECOND, World, replace_rule
from tests.workflow.fakes import Killed


class TestSeveralCalls:
    @pytest.mark.parametrize("code", ["PolicyLengthExceededException", "ServiceQuotaExceededException", "TooManyRequestsException"])
    def test_one_that_is_refused_midway_takes_back_what_was_made(self, account: LiveAccount, code: str) -> None:
        """Half a change is none that anybody approved."""
        world, queue = two_statements(account)
        account.faults["lambda:AddPermission"] = from_second(code)

        queue.run()

        assert statement_ids(account) == set()
        assert world.change.state == "failed"
        assert code in world.change.problem
        assert "what was made before it was taken back" in world.change.problem

    def test_when_that_is_refused_too_it_is_told_what_stands(self, account: LiveAccount) -> None:
        """And nobody is told that nothing changed."""
        world, queue = two_statements(account)
        account.faults["lambda:AddPermission"] = from_second("PolicyLengthExceededException")
        account.faults["lambda:RemovePermission"] = lambda: failure(400, "AccessDeniedException")

        queue.run()

        assert len(statement_ids(account)) == 1
        assert world.change.state == "failed"
        assert "could not be taken back" in world.change.problem
        assert "medic-1" in world.change.problem

    def test_killed_midway_a_retry_ends_with_both_or_none(self, account: LiveAccount) -> None:
        """The worker dies after the first of two calls."""
        world, queue = two_statements(account)
        account.lost["lambda:AddPermission"] = Killed()  # type: ignore[assignment]

        queue.run()

        assert statement_ids(account) == {"medic-1", "medic-2"}
        assert world.change.state == "applied"


class TestMeanwhile:
    def test_what_somebody_else_puts_there_meanwhile_is_not_written_over(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """A third person's value lands between our write and our look at it."""

        def meddle(name: str) -> None:
            if name == "lambda:GetFunction" and account.updates == [NEW]:
                account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=77)

        watching(account, meddle)
        queue.run()

        assert account.timeout == 77
        assert account.updates == [NEW, 77]
        assert world.change.state == "failed"
        assert "changed since: timeout_s is 77" in world.change.problem


class TestResuming:
    def test_an_approver_removed_while_the_worker_was_dead_does_not_count(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """It died before the write; what is done hours later is judged by the rules of then."""
        kill(account, "before")
        (tick,) = world.queue.take_due()
        with pytest.raises(Killed):
            queue.once(tick)  # type: ignore[arg-type]
        assert state_of(world) == "applying"
        world.rules[0] = Rules(rules=(replace_rule(may_approve=(SECOND,)),))
        account.calls.clear()
        world.clock.move(90)

        queue.deliver(tick)

        assert account.updates == []
        assert account.timeout == OLD
        assert world.change.state == "failed"
        assert "approvals stand" in world.change.problem

    def test_what_was_written_before_the_approver_was_removed_stands_and_is_told(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """It died after the write: nothing is left to allow."""
        kill(account, "after")
        (tick,) = world.queue.take_due()
        with pytest.raises(Killed):
            queue.once(tick)  # type: ignore[arg-type]
        world.rules[0] = Rules()
        world.clock.move(90)

        queue.deliver(tick)

        assert account.timeout == NEW
        assert world.change.state == "applied"

    def test_a_plan_that_was_exchanged_while_the_worker_was_dead_is_not_made(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """The hash is looked at on every attempt."""
        kill(account, "before")
        (tick,) = world.queue.take_due()
        with pytest.raises(Killed):
            queue.once(tick)  # type: ignore[arg-type]
        stored = world.change
        world.changes.swap(stored.model_copy(update={"plan": stored.plan.model_copy(update={"after": {"timeout_s": 900}})}))
        account.calls.clear()
        world.clock.move(90)

        queue.deliver(tick)

        assert account.updates == []
        assert account.timeout == OLD
