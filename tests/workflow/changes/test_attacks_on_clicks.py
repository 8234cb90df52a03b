"""Attacks by clicks, judged by what stands in AWS afterwards: the real remediations on moto, and never by messages alone.

Of the attack list:
- forged, replayed, stale, expired and double clicks: `TestClicks`
- a click in another channel or on an edited message: `TestClicks`
- an approver removed meanwhile: `TestPeople`
- the requester approves their own request where that is forbidden: `TestPeople`
- two approvals racing: `TestRaces`, on the real table's own conditions

Plans are attacked in `test_attacks_on_plans.py`, undo in `test_undo.py`, the worker's life in `test_crashes.py`, and all of it from the
signed request onwards in `test_endpoint_attacks.py` and `test_endpoint_faults.py`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.aws.audit import DynamoAuditLog
from bot.aws.changes import DynamoChangeStore
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.commands import ClickCommand, TickCommand
from bot.errors import CommandError
from bot.models.change import Change
from bot.workflow.changes.rules import Rules
from tests.dynamodb import OneClient, make_table
from tests.workflow.changes.delivery import LiveAccount, Queue
from tests.workflow.changes.faults import NEW, events
from tests.workflow.changes.steps import at_once
from tests.workflow.changes.world import APPROVER, ASKER, SECOND, STRANGER, World, replace_rule


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
