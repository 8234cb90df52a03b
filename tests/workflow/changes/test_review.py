"""A second look at changes, as an attacker and as bad luck: what the first tests did not ask. Judged by what stands in AWS."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from bot.commands import TickCommand
from bot.errors import StateError
from bot.models.change import Change
from bot.slack.changes.window import plan_view
from bot.workflow.changes.rules import Rule, Rules
from bot.workflow.changes.turn import LEASE_MARGIN_S
from tests.remediations.account import failure
from tests.remediations.changes import API_ARN
from tests.workflow.changes.delivery import LiveAccount, Queue, on_moto
from tests.workflow.changes.faults import NEW, OLD, UPDATE, events, kill, state_of
from tests.workflow.changes.test_attacks import replace_rule, statement_ids
from tests.workflow.changes.world import APPROVER, ASKER, EVENT, INCIDENT, SECOND, STRANGER, World, a_world, an_incident, an_offer, findings
from tests.workflow.fakes import Killed

TWO_STATEMENTS = [{"statement_id": f"medic-{n}", "principal": "apigateway.amazonaws.com", "source_arn": API_ARN} for n in (1, 2)]


def two_statements(account: LiveAccount) -> tuple[World, Queue]:
    """Return a world in which a change of two calls was approved."""
    world = on_moto(a_world(offers=[an_offer("add-invoke-permission", {"statements": TWO_STATEMENTS})]), account)
    queue = Queue(world)
    queue.deliver(world.form())
    queue.deliver(world.button("approve", APPROVER))
    account.calls.clear()
    return world, queue


def from_second(code: str) -> Any:
    """Return a fault that lets the first call through and refuses all that follow."""
    seen = [0]

    def refuse() -> Any:
        seen[0] += 1
        return failure(400, code, "The final policy size (20674) is bigger than the limit (20480).") if seen[0] > 1 else None

    return refuse


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


class TestTemporary:
    def test_keep_and_the_end_at_the_same_moment_leave_it_kept(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """The worker that ends it has looked already when somebody keeps it."""
        change = temporary(world, queue)
        world.clock.move(30 * 60 + 1)
        world.queue.take_due()
        kept: list[bool] = []

        def meanwhile(name: str) -> None:
            if name == "changes.lock" and not kept:
                kept.append(True)
                queue.once(world.button("keep", ASKER, change))

        queue.deliver(TickCommand("end", "revert", change.id), world.watched(meanwhile))

        assert kept
        assert account.timeout == NEW
        assert world.change.kept_by == ASKER
        assert world.change.state == "applied"

    def test_a_click_on_undo_that_aws_refused_does_not_make_it_permanent(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """AWS was busy for a moment at minute five; at minute thirty the change ends all the same."""
        change = temporary(world, queue)
        account.faults[UPDATE] = lambda: failure(429, "TooManyRequestsException")
        queue.deliver(world.button("undo", ASKER, change))
        assert account.timeout == NEW
        account.faults.clear()

        world.clock.move(30 * 60 + 1)
        queue.deliver(TickCommand("end", "revert", change.id))

        assert account.timeout == OLD
        assert world.change.state == "undone"

    def test_a_manual_undo_and_the_end_at_the_same_moment_undo_once(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """Whoever is first does it; the other finds it done."""
        change = temporary(world, queue)
        account.calls.clear()
        world.clock.move(30 * 60 + 1)

        def meanwhile(name: str) -> None:
            if name == "changes.lock" and not account.updates:
                queue.once(TickCommand("end", "revert", change.id))

        queue.deliver(world.button("undo", ASKER, change), world.watched(meanwhile))

        assert account.updates == [OLD]
        assert world.change.state == "undone"


class TestRules:
    def test_nothing_is_asked_for_that_too_few_could_approve(self, account: LiveAccount) -> None:
        """Two must approve where a neighbour may starve, and the rule knows one."""
        account.limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 170}
        account.metrics["UnreservedConcurrentExecutions", None] = 110.0
        offer = an_offer("raise-reserved-concurrency", {"to_concurrency": 70})
        world = on_moto(a_world(Rule(may_ask=(ASKER,), may_approve=(APPROVER,)), offers=[offer]), account)

        Queue(world).deliver(world.form())

        assert world.changes.all == ()
        assert events(world) == ["refused"]
        assert "2 must approve this change" in world.said_to(ASKER)[-1]

    def test_the_only_approver_is_told_that_nobody_is_left_to_approve(self, account: LiveAccount) -> None:
        """Their own request would wait until it expired."""
        world = on_moto(a_world(Rule(may_ask=("anyone",), may_approve=(APPROVER,))), account)

        Queue(world).deliver(world.form(APPROVER))

        assert world.changes.all == ()
        assert events(world) == ["refused"]

    def test_an_offer_cannot_call_itself_less_risky_than_its_action(self, account: LiveAccount) -> None:
        """Offers come from the function that reads; a rule for low risk must not let a grant through."""
        lax = Rule(risks=("low",), may_ask=("anyone",), may_approve=(APPROVER,), self_approval=True)
        grant = {"actions": ["s3:GetObject"], "resource": "arn:aws:s3:::orders-bucket/*"}
        world = on_moto(a_world(lax, offers=[an_offer("grant-role-permission", grant)]), account)

        Queue(world).deliver(world.form())

        assert world.changes.all == ()
        assert events(world) == ["refused"]


class TestMissingValues:
    GRANT: ClassVar[dict[str, Any]] = {"actions": ["s3:GetObject"], "resource": None, "missing": ["resource"], "policy_name": "medic-s3"}

    def test_what_the_evidence_lacks_is_filled_in_and_asked_for(self, account: LiveAccount) -> None:
        """The window has the field; what was filled in is planned, approved and made."""
        world = on_moto(a_world(offers=[an_offer("grant-role-permission", self.GRANT)]), account)
        queue = Queue(world)
        queue.deliver(world.click("plan", world.offer_id, ASKER, view_id="V1"))
        ((_, window),) = world.messenger.windows
        assert window.plan is None
        assert window.may_ask
        view = plan_view(window)
        assert {block["block_id"] for block in view["blocks"] if block["type"] == "input" and not block["optional"]} >= {"resource"}

        queue.deliver(world.form(values={"resource": "arn:aws:s3:::orders-bucket/*"}))
        queue.deliver(world.button("approve", APPROVER))
        queue.run()

        assert documents(account)["medic-s3"]["Statement"][0]["Resource"] == "arn:aws:s3:::orders-bucket/*"

    @pytest.mark.parametrize("value", ["", "arn:aws:s3:::*", "*", "arn:aws:s3:::a\ud800/*", "arn:aws:s3:::a\u202e/*"])
    def test_what_was_filled_in_is_judged_like_any_value(self, account: LiveAccount, value: str) -> None:
        """Nothing, everything, halves of characters and those that turn the text around."""
        world = on_moto(a_world(offers=[an_offer("grant-role-permission", self.GRANT)]), account)
        queue = Queue(world)

        queue.deliver(world.form(values={"resource": value}))
        queue.run()

        assert queue.dead == []
        assert world.changes.all == ()
        assert account.writes == []
        assert events(world) == ["refused"]

    def test_without_rules_nobody_is_asked_for_values(self, account: LiveAccount) -> None:
        """A form that leads nowhere would be one more riddle at three in the morning."""
        world = on_moto(a_world(offers=[an_offer("grant-role-permission", self.GRANT)]), account)
        world.rules[0] = Rules()

        Queue(world).deliver(world.click("plan", world.offer_id, ASKER, view_id="V1"))

        ((_, window),) = world.messenger.windows
        assert not window.may_ask
        assert "Nobody is configured" in window.why_not


class TestTime:
    def test_a_worker_whose_clock_is_behind_waits_for_the_lock_and_one_ahead_takes_no_live_one(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """Clocks of two workers differ by less than a lease's margin; a lock of a dead one goes when its lease ends."""
        arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
        assert world.changes.lock(arn, "chg-dead", lease_s=119 + LEASE_MARGIN_S)
        (tick,) = world.queue.take_due()
        world.clock.move(119 + LEASE_MARGIN_S - 1)
        with pytest.raises(StateError, match="is being made"):
            queue.once(tick)  # type: ignore[arg-type]
        assert account.updates == []

        world.clock.move(2)
        queue.deliver(tick)

        assert account.updates == [NEW]

    def test_a_check_that_meets_an_undo_does_not_bring_the_change_back(
        self, world: World, queue: Queue, applied: Change, account: LiveAccount
    ) -> None:
        """The look at AWS takes seconds, in which somebody takes it back."""
        undone: list[bool] = []

        def meanwhile(name: str) -> None:
            if name == "changes.swap" and not undone:
                undone.append(True)
                queue.once(world.button("undo", ASKER, applied))

        queue.deliver(TickCommand("look", "verify", applied.id, number=1), world.watched(meanwhile))

        assert undone
        assert account.timeout == OLD
        assert world.change.state == "undone"

    def test_a_sweep_beside_a_living_worker_neither_ends_nor_repeats_it(
        self, world: World, queue: Queue, approved: Change, account: LiveAccount
    ) -> None:
        """The attempt is old enough to be settled, and its worker is at the very call."""
        met: list[str] = []

        def meanwhile(name: str) -> None:
            if name == "lambda:UpdateFunctionConfiguration" and not met:
                stored = world.change
                aged = stored.model_copy(update={"began_at": (stored.began_at or 0.0) - 3600})
                world.changes.rows[stored.id] = aged.model_dump_json()
                queue.once(TickCommand("now", "sweep"))
                met.append(world.change.state)

        watching(account, meanwhile)
        queue.run()

        assert met == ["applying"]
        assert account.updates == [NEW]
        assert account.timeout == NEW


class TestReminders:
    def test_stop_is_refused_once_the_change_does_not_stand(self, world: World, queue: Queue, applied: Change) -> None:
        """A click on an old note."""
        queue.deliver(world.button("undo", ASKER))
        assert world.change.state == "undone"

        queue.deliver(world.button("stop", ASKER))

        assert world.change.quiet_by == ""
        assert events(world)[-1] == "refused"


class TestTrail:
    def test_a_refusal_without_a_plan_is_found_by_its_function(self, world: World, queue: Queue) -> None:
        """`/lambda audit orders` must show that somebody tried."""
        queue.deliver(world.form(values={"to_seconds": "9000"}))

        (entry,) = world.audit.entries
        assert (entry.event, entry.function_name, entry.action) == ("refused", "orders", "raise-timeout")


class TestSharedThings:
    def test_two_functions_with_one_role_do_not_write_over_each_others_grant(self, account: LiveAccount) -> None:
        """Both were planned while the role had no such policy; the second one meets the first at the very call."""
        grants = [{"actions": ["s3:GetObject"], "resource": f"arn:aws:s3:::{name}/*", "policy_name": "medic-s3"} for name in ("one", "two")]
        world = on_moto(a_world(offers=[an_offer("grant-role-permission", grants[0])]), account)
        other = on_moto(a_world(offers=[an_offer("grant-role-permission", grants[1])]), account)
        other.incidents.save(INCIDENT, EVENT, findings([an_offer("grant-role-permission", grants[1])], other.clock, "invoices"))
        other.changes = world.changes
        queues = Queue(world), Queue(other)
        other_form = other.form(request_id="other-form")
        queues[1].deliver(other_form)
        second = world.changes.all[-1]
        queues[1].deliver(other.button("approve", APPROVER, second, request_id="other-approve"))
        queues[0].deliver(world.form())
        first = next(change for change in world.changes.all if change.id != second.id)
        queues[0].deliver(world.button("approve", APPROVER, first))
        met: list[Exception] = []

        def meanwhile(name: str) -> None:
            if name == "iam:PutRolePolicy" and not met:
                try:
                    queues[1].once(TickCommand("meanwhile", "apply", second.id))
                except StateError as exc:
                    met.append(exc)

        watching(account, meanwhile)
        queues[0].run()

        assert "another change of arn:aws:iam::123456789012:role/orders-role" in str(met[0])
        assert documents(account)["medic-s3"]["Statement"][0]["Resource"] == "arn:aws:s3:::one/*"
        queues[1].run()
        assert documents(account)["medic-s3"]["Statement"][0]["Resource"] == "arn:aws:s3:::one/*"
        assert {change.id: change.state for change in world.changes.all} == {first.id: "applied", second.id: "failed"}

    @pytest.mark.parametrize(
        "resource",
        ["arn:aws:dynamodb:eu-west-1:123456789012:table/medic-state", "arn:aws:sqs:eu-west-1:123456789012:medic-change",
         "arn:aws:ssm:eu-west-1:123456789012:parameter/medic/rules", "arn:aws:s3:::medic-audit/audit/*"],
    )  # fmt: skip
    def test_no_function_gets_rights_on_what_approvals_are_kept_in(self, account: LiveAccount, resource: str) -> None:
        """Whoever writes the table writes approvals; a log line that asks for it must not be offered a button that works."""
        offer = an_offer("grant-role-permission", {"actions": ["dynamodb:PutItem"], "resource": resource})
        world = on_moto(a_world(offers=[offer]), account)
        own = frozenset({"medic-state", "medic-change", "medic/rules", "medic-audit"})

        Queue(world).deliver(world.form(), world.watched(lambda name: None, own=own))

        assert world.changes.all == ()
        assert account.writes == []
        assert "belongs to this bot" in world.audit.entries[-1].details["why"]


class TestOtherChannels:
    def test_an_offer_of_another_incident_is_asked_for_in_its_own_channel(self, world: World, queue: Queue, account: LiveAccount) -> None:
        """A window's metadata may be that of any offer: the request goes where that incident's people are, and nowhere else."""
        queue.deliver(world.form(STRANGER, channel_id="C0MINE"))

        assert world.change.channel == an_incident(world.clock).channel
        assert world.change.incident_id == INCIDENT
        queue.deliver(world.button("approve", APPROVER, channel_id="C0MINE"))
        queue.run()
        assert account.updates == []

    @pytest.mark.parametrize("subject", ["", "off-0000000000000000", "chg-0000000000000000.0000000000000000", "x" * 3000])
    def test_a_made_up_offer_leads_nowhere(self, world: World, queue: Queue, account: LiveAccount, subject: str) -> None:
        """The form's metadata is not ours."""
        form = world.form()
        queue.deliver(type(form)(**{**form.__dict__, "subject": subject}))

        assert world.changes.all == ()
        assert account.writes == []
        assert events(world) == ["refused"]


def temporary(world: World, queue: Queue) -> Change:
    """Return a change that stands for thirty minutes."""
    queue.deliver(world.form(values={"minutes": "30"}))
    queue.deliver(world.button("approve", APPROVER))
    queue.run()
    change = world.change
    assert change.state == "applied"
    assert change.revert_at is not None
    return change


def watching(account: LiveAccount, watch: Any) -> None:
    """Tell of each call to AWS before it is sent."""
    before = account.before

    def told(model: Any, **event: Any) -> Any:
        watch(f"{model.service_model.service_name}:{model.name}")
        return before(model=model, **event)

    account.before = told  # type: ignore[method-assign]


def documents(account: LiveAccount, role: str = "orders-role") -> dict[str, Any]:
    """Return a role's inline policies."""
    iam = account.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: json.loads(json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])) for name in names}
