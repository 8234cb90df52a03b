"""What was there before a change is put back, judged by what stands in AWS afterwards.

Of the attack list:
- undo twice: `test_twice_is_refused`
- undo after a third person's change: `test_after_a_third_persons_change_is_refused_with_both_states`
- the worker killed before and after the call: `test_killed_at_the_call_ends_undone_once`
- a call that timed out and whose effect is unknown: `test_a_lost_answer_is_settled_by_what_stands`
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from bot.models.change import Change
from tests.remediations.account import failure
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import NEW, OLD, UPDATE, effective, events, kill
from tests.workflow.changes.steps import statement_ids, two_statements
from tests.workflow.changes.world import APPROVER, ASKER, World


class TestUndo:
    def test_puts_back_exactly_what_was_there(self, world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
        """By the person who asked for it."""
        queue.deliver(world.button("undo", ASKER))

        assert account.timeout == OLD
        assert world.change.state == "undone"
        assert events(world)[-2:] == ["undoing", "undone"]

    def test_twice_is_refused(self, world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
        """The second click finds it undone."""
        queue.deliver(world.button("undo", ASKER))
        account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=NEW)
        account.calls.clear()

        queue.deliver(world.button("undo", APPROVER))
        queue.run()

        assert account.updates == []
        assert account.timeout == NEW
        assert world.audit.events[-1] == ("refused", APPROVER)

    def test_after_a_third_persons_change_is_refused_with_both_states(
        self, world: World, queue: Queue, applied: Change, account: LiveAccount
    ) -> None:
        """Their work is not ours to take back."""
        account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=25)

        queue.deliver(world.button("undo", ASKER))

        assert account.timeout == 25
        assert world.change.state == "applied"
        assert "timeout_s is 25, planned from 10" in world.change.problem
        assert events(world)[-1] == "undo-refused"
        assert (world.change.id, "undo-refused") in world.messenger.notes

    def test_refused_in_its_midst_it_can_be_gone_on_with(self, account: LiveAccount) -> None:
        """Of two statements one is removed when AWS refuses; a second click removes the other one, and no third."""
        world, queue = two_statements(account)
        queue.run()
        assert statement_ids(account) == {"medic-1", "medic-2"}
        removed = [0]

        def refuse_second() -> Any:
            removed[0] += 1
            return failure(409, "ResourceConflictException", "busy") if removed[0] > 1 else None

        account.faults["lambda:RemovePermission"] = refuse_second
        queue.deliver(world.button("undo", ASKER))
        assert len(statement_ids(account)) == 1
        assert "ResourceConflictException" in world.change.problem
        account.faults.clear()

        queue.deliver(world.button("undo", ASKER))

        assert statement_ids(account) == set()
        assert events(world)[-1] == "undone"

    def test_a_lost_answer_is_settled_by_what_stands(self, world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
        """The way back is no different from the way there."""
        account.calls.clear()
        account.lost[UPDATE] = ReadTimeoutError(endpoint_url="https://aws")

        queue.deliver(world.button("undo", ASKER))

        assert account.updates == [OLD]
        assert world.change.state == "undone"

    @pytest.mark.parametrize("place", ["before", "after"])
    def test_killed_at_the_call_ends_undone_once(
        self, world: World, queue: Queue, applied: Change, account: LiveAccount, place: str
    ) -> None:
        """The queue delivers the click again."""
        account.calls.clear()
        kill(account, place)

        queue.deliver(world.button("undo", ASKER))

        assert account.timeout == OLD
        assert world.change.state == "undone"
        assert effective(account) == 1
