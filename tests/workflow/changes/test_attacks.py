"""Bad input and attacks, judged by what stands in AWS afterwards: the real remediations on moto, and never by messages alone."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from bot.aws.audit import DynamoAuditLog
from bot.aws.changes import DynamoChangeStore
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.commands import ClickCommand, TickCommand
from bot.errors import CommandError, StateError
from bot.models.change import Change
from bot.workflow.changes.rules import Rule, Rules
from tests.dynamodb import OneClient, make_table
from tests.remediations.account import failure
from tests.remediations.changes import API_ARN
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import NEW, OLD, UPDATE, effective, events, kill
from tests.workflow.changes.world import APPROVER, ASKER, RULE, SECOND, STRANGER, World, a_world, an_offer


class TestClicks:
    def test_a_forged_button_changes_nothing(self, world: World, queue: Queue, pending: Change, account: LiveAccount) -> None:
        """An unsigned request never gets here; a signed one with a made-up value does."""
        for subject in ("", "chg-0000000000000000.0000000000000000", pending.id, f"{pending.id}.0000000000000000", f"{pending.token}x"):
            queue.deliver(world.click("approve", subject, APPROVER, message_ts=pending.message_ts))
        queue.run()

        assert account.updates == []
        assert world.change.state == "pending"
        assert events(world).count("refused") == 5

    def test_a_replayed_click_counts_once(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """Two approvals are needed; the same one twice is one."""
        world.rules[0] = Rules(rules=(replace_rule(approvals=2),))
        queue.deliver(world.form())
        click = world.button("approve", APPROVER)

        outcomes = [queue.deliver(click), queue.deliver(click)]
        queue.run()

        assert outcomes == ["done", "duplicate"]
        assert len(world.change.approvals) == 1
        assert account.updates == []

    def test_a_replay_after_the_change_was_made_does_nothing(
        self, world: World, queue: Queue, applied: Change, account: LiveAccount
    ) -> None:
        """With the same request id, and as a new request with the old button."""
        account.calls.clear()

        queue.deliver(world.button("approve", APPROVER, request_id="click-2"))
        queue.deliver(world.button("approve", APPROVER))
        queue.run()

        assert account.updates == []
        assert world.change.state == "applied"

    def test_an_approval_after_the_lifetime_is_too_late(self, world: World, queue: Queue, pending: Change, account: LiveAccount) -> None:
        """What was asked for at three is not made at four."""
        world.clock.move(15 * 60)

        queue.deliver(world.button("approve", APPROVER))
        queue.run()

        assert account.updates == []
        assert world.change.state == "expired"
        assert "refused" in events(world)
        assert "expired" in events(world)

    def test_an_approved_change_is_not_begun_after_its_lifetime(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """The queue was held up."""
        world.clock.move(15 * 60)

        queue.run()

        assert account.updates == []
        assert world.change.state == "expired"

    def test_a_double_click_makes_the_change_once(self, world: World, queue: Queue, pending: Change, account: LiveAccount) -> None:
        """Two clicks of the same person, each a request of its own."""
        queue.deliver(world.button("approve", APPROVER))
        queue.deliver(world.button("approve", APPROVER))
        queue.run()

        assert account.updates == [NEW]

    def test_a_click_in_another_channel_is_refused(self, world: World, queue: Queue, pending: Change, account: LiveAccount) -> None:
        """The message was copied to where nobody sees it."""
        queue.deliver(world.button("approve", APPROVER, channel_id="C0ELSEWHERE"))
        queue.run()

        assert account.updates == []
        assert world.change.state == "pending"
        assert events(world)[-1] == "refused"

    def test_a_click_on_another_message_is_refused(self, world: World, queue: Queue, pending: Change, account: LiveAccount) -> None:
        """A message that somebody built of our buttons, with other words around them."""
        queue.deliver(world.button("approve", APPROVER, message_ts="1779800009.000000"))
        queue.run()

        assert account.updates == []
        assert world.change.state == "pending"

    def test_an_unknown_verb_or_step_is_no_work(self, world: World, queue: Queue) -> None:
        """It ends among the dead letters at once, and claims nothing."""
        with pytest.raises(CommandError, match="known: plan, request"):
            queue.once(ClickCommand(request_id="x", verb="mute", subject="", user_id=ASKER))
        with pytest.raises(CommandError, match="known: apply, verify"):
            queue.once(TickCommand(request_id="y", step="explode"))

        assert world.incidents.claims == {}


class TestPeople:
    def test_a_stranger_approves_nothing(self, world: World, queue: Queue, pending: Change, account: LiveAccount) -> None:
        """The answer is private, the refusal is recorded."""
        queue.deliver(world.button("approve", STRANGER))
        queue.run()

        assert account.updates == []
        assert world.audit.events[-1] == ("refused", STRANGER)
        assert world.said_to(STRANGER)

    def test_the_requester_does_not_approve_their_own(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """Also when they are among the approvers."""
        queue.deliver(world.form(APPROVER))

        queue.deliver(world.button("approve", APPROVER))
        queue.run()

        assert account.updates == []
        assert world.change.state == "pending"

    def test_an_approver_removed_before_the_write_does_not_count(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """Between the click and its message on the queue the rules were changed."""
        world.rules[0] = Rules(rules=(replace_rule(may_approve=(SECOND,)),))

        queue.run()

        assert account.updates == []
        assert world.change.state == "failed"
        assert "approvals stand" in world.change.problem

    def test_no_rules_let_nobody_do_anything(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """The rules were taken away meanwhile."""
        world.rules[0] = Rules()

        queue.run()

        assert account.updates == []
        assert world.change.state == "failed"

    def test_a_stranger_takes_nothing_back(self, world: World, queue: Queue, applied: Change, account: LiveAccount) -> None:
        """Undo is a change too."""
        queue.deliver(world.button("undo", STRANGER))
        queue.run()

        assert account.timeout == NEW
        assert world.audit.events[-1] == ("refused", STRANGER)


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


class TestRaces:
    def test_two_approvals_at_once_make_one_application(self, world: World, account: LiveAccount) -> None:
        """In threads, on the real table's own conditions."""
        client = account.client("dynamodb")
        make_table(client, "changes")
        table = Table(OneClient(client), "changes")
        store, audit = DynamoChangeStore(table, world.clock), DynamoAuditLog(table)
        incidents = DynamoIncidentStore(table, world.clock)
        incidents.create(next(iter(world.incidents.incidents.values())))
        for (incident_id, event), found in world.incidents.findings.items():
            incidents.save(incident_id, event, found)
        for offered in world.changes.offers.values():
            store.keep_offer(offered)
        desk = replace(world.desk, changes=store, audit=audit, incidents=incidents)
        queue = Queue(world)
        queue.deliver(world.form(), desk)
        change = store.changes_of(next(iter(world.incidents.incidents)))[0]
        clicks = [world.button("approve", person, change) for person in (APPROVER, SECOND)]

        at_once(*(lambda click=click: queue.once(click, desk) for click in clicks))
        ticks = world.queue.take_due()
        at_once(*(lambda tick=tick: queue.once(tick, desk) for tick in [*ticks, TickCommand("other", "apply", change.id)]))

        stored = store.change_of(change.id)
        assert stored is not None
        assert stored.state == "applied"
        assert account.updates == [NEW]
        assert len(stored.approvals) == 1

    def test_one_change_of_a_function_at_a_time(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """Another one holds the function's lock: this one comes again and is made after it."""
        arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
        assert world.changes.lock(arn, "chg-another", lease_s=65)
        (tick,) = world.queue.take_due()

        with pytest.raises(Exception, match="another change of orders is being made"):
            queue.once(tick)  # type: ignore[arg-type]
        assert account.updates == []
        world.changes.unlock(arn, "chg-another")
        queue.deliver(tick)

        assert account.updates == [NEW]

    def test_two_messages_about_one_change_make_it_once(self, world: World, queue: Queue, approved: Change, account: LiveAccount) -> None:
        """A sweep sent another message while the first one's worker is at the very call."""
        met: list[Exception] = []

        def meanwhile() -> None:
            del account.faults[UPDATE]
            try:
                queue.once(TickCommand("another", "apply", approved.id))
            except StateError as exc:
                met.append(exc)

        account.faults[UPDATE] = meanwhile

        queue.run()

        assert account.updates == [NEW]
        assert "another worker is at this change" in str(met[0])


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
        statements = [{"statement_id": f"medic-{n}", "principal": "apigateway.amazonaws.com", "source_arn": API_ARN} for n in (1, 2)]
        world = on_moto(a_world(offers=[an_offer("add-invoke-permission", {"statements": statements})]), account)
        queue = Queue(world)
        queue.deliver(world.form())
        queue.deliver(world.button("approve", APPROVER))
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


def statement_ids(account: LiveAccount) -> set[str]:
    """Return the statements of the function's resource policy."""
    try:
        policy = account.client("lambda").get_policy(FunctionName="orders")["Policy"]
    except ClientError:
        return set()
    return {statement["Sid"] for statement in json.loads(policy)["Statement"]}


def replace_rule(**fields: Any) -> Rule:
    """Return the world's rule, changed."""
    return RULE.model_copy(update=fields)


def at_once(*works: Any) -> None:
    """Run each in a thread, all at the same moment."""
    start = threading.Barrier(len(works))

    def run(work: Any) -> None:
        start.wait()
        # The queue would bring a failed one again; what counts is what stands.
        with suppress(Exception):
            work()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
