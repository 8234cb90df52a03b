"""Attacks on what was approved, judged by what stands in AWS afterwards: the real remediations on moto, and never by messages alone.

Of the attack list:
- an approval for one plan used on another: `test_an_approval_for_one_plan_is_no_good_for_another`,
  `test_an_approval_of_one_change_does_not_reach_another`
- parameters tampered with in the window: `test_tampered_values_are_refused`
- the function deleted or renamed: `test_a_deleted_function_is_told`; in update: `test_a_function_in_update_is_left_alone`;
  fixed already: `test_what_is_fixed_already_is_not_done_again`
- quota and policy-size errors: `test_a_refusal_by_aws_is_told_with_its_code`
- what should change nothing at all: `test_a_rehearsal_writes_nothing_and_keeps_the_exact_calls`
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.models.change import Change
from tests.remediations.account import failure
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import NEW, OLD, UPDATE, events
from tests.workflow.changes.world import APPROVER, ASKER, World


class TestPlans:
    def test_an_approval_for_one_plan_is_no_good_for_another(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """Somebody who can write the table puts another value into the plan."""
        plan = approved.plan.model_copy(update={"after": {"timeout_s": 900}})
        world.changes.swap(approved.model_copy(update={"plan": plan}))

        queue.run()

        assert account.updates == []
        assert world.change.state == "failed"

    def test_an_approval_of_one_change_does_not_reach_another(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """The button's binding is another for each plan."""
        queue.deliver(world.form(values={"to_seconds": "10"}))
        first = world.change
        queue.deliver(world.button("withdraw", ASKER))
        queue.deliver(world.form(values={"to_seconds": "20"}))
        second = world.change
        assert first.id != second.id
        mixed = f"{second.id}.{first.token.partition('.')[2]}"

        queue.deliver(world.click("approve", mixed, APPROVER, message_ts=second.message_ts))
        queue.deliver(world.button("approve", APPROVER, first))
        queue.run()

        assert account.updates == []

    @pytest.mark.parametrize(
        "values",
        [
            {"to_seconds": "901"},
            {"to_seconds": "-1"},
            {"to_seconds": "NaN"},
            {"to_seconds": "10", "function_name": "invoices"},
            {"minutes": "100000"},
        ],
    )
    def test_tampered_values_are_refused(self, world: World, queue: Queue, account: LiveAccount, values: dict[str, Any]) -> None:
        """The form's own limits are the browser's; ours count."""
        queue.deliver(world.form(values=values))
        queue.run()

        assert world.changes.all == ()
        assert account.writes == []
        assert events(world) == ["refused"]

    def test_a_stale_plan_is_not_carried_out(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """A third person changed it after the approval."""
        account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=7)

        queue.run()

        assert account.timeout == 7
        assert world.change.state == "failed"
        assert "changed since: timeout_s is 7, planned from 3" in world.change.problem
        assert world.change.offer_id, "the message leads to a fresh plan"

    def test_what_is_fixed_already_is_not_done_again(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """Somebody was faster, by hand."""
        account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=NEW)
        account.calls.clear()

        queue.run()

        assert account.updates == []
        assert "nothing is left to do" in world.change.problem

    def test_a_deleted_function_is_told(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """Deleted, or renamed, which is the same."""
        account.client("lambda").delete_function(FunctionName="orders")
        account.calls.clear()

        queue.run()

        assert account.writes == []
        assert world.change.state == "failed"
        assert "function is none, planned from orders" in world.change.problem

    def test_a_function_in_update_is_left_alone(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """A deployment has begun and does not end."""
        account.update_status = "InProgress"

        queue.run()

        assert account.updates == []
        assert account.timeout == OLD
        assert "still in progress; nothing was changed" in world.change.problem

    @pytest.mark.parametrize("code", ["ResourceConflictException", "PolicyLengthExceededException", "ServiceQuotaExceededException"])
    def test_a_refusal_by_aws_is_told_with_its_code(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount, code: str
    ) -> None:
        """Quotas, policy sizes, conflicts: the thread says AWS's own word and that nothing changed."""
        account.faults[UPDATE] = lambda: failure(400, code, "too much")

        queue.run()

        assert account.timeout == OLD
        assert world.change.state == "failed"
        assert code in world.change.problem
        assert "read back: timeout_s is 3" in world.change.problem

    def test_a_rehearsal_writes_nothing_and_keeps_the_exact_calls(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """A deployment that makes no changes."""
        queue.run(world.watched(lambda name: None, is_rehearsal=True))

        assert account.writes == []
        assert world.change.state == "rehearsed"
        entry = world.audit.entries[-1]
        assert entry.event == "rehearsed"
        assert entry.details["calls"][0]["parameters"]["Timeout"] == NEW
