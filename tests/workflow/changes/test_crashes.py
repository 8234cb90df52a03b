"""Workers that die, calls whose effect is unknown, messages that nobody delivers any more: judged by what stands in AWS.

Of the attack list:
- the worker killed before, during and after the AWS call: `TestCrashes`
- throttled and timed-out calls whose effect is unknown: `TestCrashes`
- dead-lettered change messages: `TestDeadLetters`
"""

from __future__ import annotations

import pytest
from botocore.exceptions import ReadTimeoutError

from bot.errors import OutcomeUnknownError
from bot.models.change import Change
from tests.remediations.account import failure
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import NEW, OLD, READ, UPDATE, dying, effective, events, kill, killing, silence_after_write, state_of
from tests.workflow.changes.world import APPROVER, ASKER, World, a_world
from tests.workflow.fakes import Killed


class TestCrashes:
    @pytest.mark.parametrize("place", ["before", "after"])
    def test_killed_at_the_call_ends_applied_once(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount, place: str
    ) -> None:
        """Before the call reached AWS, or after AWS did as asked: the retry knows by what stands."""
        kill(account, place)

        queue.run()

        assert account.timeout == NEW
        assert state_of(world) == "applied"
        assert effective(account) == 1
        assert isinstance(queue.errors[0], Killed)

    def test_killed_at_any_instruction_it_is_made_once(self, account: LiveAccount) -> None:
        """Each call to a port is the worker's last, before or after it took effect."""
        places = 0
        for at in range(1, 400):
            account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=OLD)
            world = on_moto(a_world(), account)
            queue = Queue(world)
            queue.deliver(world.form())
            queue.deliver(world.button("approve", APPROVER))
            account.calls.clear()

            queue.run(world.watched(dying(at)))
            if not queue.errors:
                break
            places += 1

            assert state_of(world) == "applied", f"killed at {at}"
            assert account.updates == [NEW], f"killed at {at}"
            assert events(world)[-2:] == ["applying", "applied"], f"killed at {at}"
            assert world.messenger.messages[world.change.message_ts][-1].state == "applied", f"killed at {at}"
            assert world.queue.waiting, "the checks are ahead"
        assert places > 20

    def test_killed_at_any_instruction_it_is_taken_back_once(self, account: LiveAccount) -> None:
        """The same for undo."""
        for at in range(1, 400):
            account.client("lambda").update_function_configuration(FunctionName="orders", Timeout=OLD)
            world = on_moto(a_world(), account)
            queue = Queue(world)
            queue.deliver(world.form())
            queue.deliver(world.button("approve", APPROVER))
            queue.run()
            account.calls.clear()

            queue.deliver(world.button("undo", ASKER), world.watched(dying(at)))
            if not queue.errors:
                break

            assert state_of(world) == "undone", f"killed at {at}"
            assert account.updates == [OLD], f"killed at {at}"
            assert events(world)[-2:] == ["undoing", "undone"], f"killed at {at}"

    def test_a_lost_answer_is_settled_by_what_stands(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """A timeout after AWS did as asked."""
        account.lost[UPDATE] = ReadTimeoutError(endpoint_url="https://aws")

        queue.run()

        assert account.updates == [NEW]
        assert state_of(world) == "applied"
        assert world.change.applied is not None
        assert world.change.applied.outcome == "read-back"

    def test_a_throttled_write_changed_nothing_and_says_so(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """Its effect is not known until the state was read."""
        account.faults[UPDATE] = lambda: failure(429, "TooManyRequestsException", "Rate exceeded")

        queue.run()

        assert account.timeout == OLD
        assert state_of(world) == "failed"
        assert "TooManyRequestsException" in world.change.problem

    def test_neither_answer_nor_state_is_asked_again_and_never_sent_again(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """The write took effect, its answer was lost, and AWS is silent for a while."""
        blind = silence_after_write(account, reads=6)

        queue.run()

        assert isinstance(queue.errors[0], OutcomeUnknownError)
        assert blind() == 0
        assert account.updates == [NEW]
        assert state_of(world) == "applied"
        assert world.change.applied is not None
        assert world.change.applied.outcome == "resumed"

    def test_a_throttled_question_is_asked_again(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """Before anything was sent: no reason to give up what was approved."""
        left = [1]
        account.faults[READ] = lambda: failure(429, "TooManyRequestsException") if left and left.pop() else None

        queue.run()

        assert account.updates == [NEW]
        assert state_of(world) == "applied"

    def test_without_an_audit_trail_nothing_is_changed(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """What cannot be recorded is not done."""
        world.audit.broken = True

        queue.run()

        assert account.updates == []
        assert len(queue.dead) == 1

    def test_a_message_that_was_overtaken_shows_the_newest_state(
        self, world: World, queue: Queue, pending: Change, account: LiveAccount
    ) -> None:
        """The change is made while the worker of the approval still edits: that edit must not be the last word."""
        (ts,) = world.messenger.messages
        edit = world.messenger.edit_change

        def slow(change: Change) -> None:
            world.messenger.edit_change = edit  # type: ignore[method-assign]
            queue.run()
            edit(change)

        world.messenger.edit_change = slow  # type: ignore[method-assign]
        queue.deliver(world.button("approve", APPROVER))

        assert world.messenger.messages[ts][-1].state == "applied"

    def test_slack_being_down_does_not_make_it_twice(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """The change stands, the message comes when Slack is back."""
        world.messenger.refuse["edit_change"] = ["service_unavailable"] * 2

        queue.run()

        assert account.updates == [NEW]
        assert world.messenger.messages[world.change.message_ts][-1].state == "applied"


class TestDeadLetters:
    def test_an_unknown_outcome_is_found_out_by_the_sweep(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """All deliveries are used up while AWS is silent; later the sweep reads what stands, and sends nothing."""
        silence_after_write(account, reads=10_000)
        queue.run()
        assert len(queue.dead) == 1
        assert state_of(world) == "applying"
        account.faults.clear()
        world.clock.move(1800)

        queue.sweep()

        assert account.updates == [NEW]
        assert state_of(world) in {"applied", "ineffective", "verified"}
        assert "applied" in events(world)

    def test_what_nobody_can_read_is_reported_as_not_known(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """No claim in either direction, and where to look."""
        silence_after_write(account, reads=10_000)
        queue.run()
        world.clock.move(3600)

        queue.sweep()

        assert account.updates == [NEW]
        assert state_of(world) == "failed"
        assert "what stands is not known" in world.change.problem
        assert "check timeout_s of orders in 123456789012, eu-west-1" in world.change.problem
        assert (world.change.id, "failed") in world.messenger.notes

    def test_an_attempt_that_never_reached_aws_is_said_to_have_changed_nothing(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """The worker was killed at every delivery."""
        account.faults[UPDATE] = killing
        queue.run()
        account.faults.clear()
        world.clock.move(1800)

        queue.sweep()

        assert account.timeout == OLD
        assert state_of(world) == "failed"
        assert world.change.problem == "it broke off before anything was changed"

    def test_a_lost_message_of_an_approved_change_is_sent_again(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """Within the lifetime; after it the change has expired."""
        world.queue.take_due()
        world.clock.move(180)

        queue.sweep()

        assert account.updates == [NEW]

    def test_an_undoing_that_died_is_ended_by_the_sweep(self, world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
        """Its click is among the dead letters; what it was to do is still wanted."""
        account.faults[UPDATE] = killing
        queue.deliver(world.button("undo", ASKER))
        assert state_of(world) == "undoing"
        account.faults.clear()

        queue.sweep()

        assert account.timeout == OLD
        assert state_of(world) == "undone"
