"""Lives of changes: random clicks by the right and the wrong people, deliveries twice and out of order, crashes, and jumps of the clock.

Whatever comes, nothing is made without the approvals that its rule asks for, nothing twice, and nothing hangs for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.commands import ClickCommand, Command, TickCommand
from bot.errors import BotError, CommandError, DeliveryError, StateError
from bot.models.audit import GENESIS
from bot.models.change import STANDING, Change
from bot.workflow.changes.handle import handle
from bot.workflow.changes.rules import Rule, Rules
from bot.workflow.changes.turn import lock_key
from tests.workflow.changes.fakes.aws import throttled
from tests.workflow.changes.fakes.store import FakeChangeStore
from tests.workflow.changes.world import APPROVER, ASKER, SECOND, STRANGER, TEAM, World, a_world, an_offer
from tests.workflow.fakes import Killed

PEOPLE = (ASKER, APPROVER, SECOND, STRANGER)
RECEIVES = 6
"""After so many deliveries a queue gives a message up."""

TIME_LEFT_S = 60.0


@dataclass
class WatchfulStore(FakeChangeStore):
    """Looks at every write of a change that begins to be made."""

    began: list[str] = field(default_factory=list)
    judge: Any = None

    def swap(self, change: Change) -> Change:
        """Write a change, and judge it when it begins."""
        before = self.stored(change.id)
        written = super().swap(change)
        if change.state == "applying" and before.state != "applying":
            assert before.state == "approved"
            assert change.id not in self.began, "begun twice"
            self.began.append(change.id)
            self.judge(written)
        return written


@dataclass
class Delivery:
    """A message on the change queue."""

    command: Command
    receives: int = 0


class Lives(RuleBasedStateMachine):
    """People, a queue, a worker that may die, and a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World = a_world(offers=[an_offer(), an_offer("raise-memory", {"from_mb": 128, "to_mb": 512})])
        self.store = WatchfulStore(self.world.clock, offers=self.world.changes.offers, judge=self.judge)
        self.world.changes = self.store
        self.genuine: dict[str, ClickCommand] = {}
        self.inbox: list[Delivery] = []
        self.past: list[Command] = []
        self.seen_writes = 0
        self.made: dict[tuple[str, str], int] = {}
        self.strangers_values = [9, 8, 7, 6, 5, 4]
        self.sweeps = 0

    @initialize(approvals=st.integers(1, 2), self_approval=st.booleans(), minutes=st.sampled_from([5, 15]))
    def begin(self, approvals: int, minutes: int, *, self_approval: bool) -> None:
        """Write the rules."""
        approvers = (APPROVER, TEAM, ASKER)
        self.rule = Rule(
            may_ask=(ASKER, APPROVER), may_approve=approvers, approvals=approvals, self_approval=self_approval, lifetime_minutes=minutes
        )
        self.world.rules[0] = Rules(rules=(self.rule,))
        self.ask(ASKER, 0, "", "", soon=True)

    # What people do

    @rule(
        soon=st.booleans(),
        user_id=st.sampled_from((ASKER, APPROVER, *PEOPLE)),
        index=st.integers(0, 1),
        value=st.sampled_from(["", "15", "20", "30", "9999999"]),
        minutes=st.sampled_from(["", "5", "60"]),
    )
    def ask(self, user_id: str, index: int, value: str, minutes: str, *, soon: bool) -> None:
        """Send the form of an offer."""
        name = ("to_seconds", "to_mb")[index]
        values = {name: str(int(value) * (1 if index == 0 else 100)) if value else "", "minutes": minutes}
        command = self.world.form(user_id, values)
        offer_id = list(self.world.changes.offers)[index]
        self.arrive(ClickCommand(**{**vars(command), "subject": offer_id}), soon=soon)

    @precondition(lambda self: self.store.rows)
    @rule(
        soon=st.booleans(),
        verb=st.sampled_from(["approve", "approve", "approve", "reject", "withdraw", "undo", "keep", "stop"]),
        user_id=st.sampled_from((APPROVER, SECOND, *PEOPLE)),
        pick=st.integers(0, 9),
        forged=st.sampled_from(["", "", "", "", "", "", "token", "channel", "message", "swapped"]),
    )
    def click(self, verb: str, user_id: str, pick: int, forged: str, *, soon: bool) -> None:
        """Click on a button, or forge a click."""
        changes = self.store.all
        change = changes[-1 - pick % len(changes)]
        command = self.world.button(verb, user_id, change)
        if forged == "token":
            command = ClickCommand(**{**vars(command), "subject": f"{change.id}.0123456789abcdef"})
        elif forged == "channel":
            command = ClickCommand(**{**vars(command), "channel_id": "C0OTHER"})
        elif forged == "message":
            command = ClickCommand(**{**vars(command), "message_ts": "1.000001"})
        elif forged == "swapped" and len(changes) > 1:
            command = ClickCommand(**{**vars(command), "subject": changes[0].token, "message_ts": changes[-1].message_ts})
        if command.subject == change.token and (command.channel_id, command.message_ts) == (change.channel, change.message_ts):
            self.genuine[command.request_id] = command
        self.arrive(command, soon=soon)

    @precondition(lambda self: self.store.rows)
    @rule(
        people=st.sampled_from([(SECOND,), (SECOND, APPROVER), (APPROVER,)]),
        soon=st.sampled_from([True, True, False]),
        after=st.sampled_from(["away", "unread", "readable", "back"]),
    )
    def approve_as_the_rule_asks(self, people: tuple[str, ...], after: str, *, soon: bool) -> None:
        """The right people click on the last change's button; then, before it is made, one may be taken out of the approvers."""
        self.disturb("back")
        self.disturb("readable")
        for user_id in people:
            self.click("approve", user_id, 0, "", soon=soon)
        self.disturb(after)

    @rule(what=st.sampled_from(["away", "back", "unread", "readable", "stranger"]))
    def disturb(self, what: str) -> None:
        """An approver goes or comes back, Slack's groups fail or recover, or a third person sets values that nobody planned."""
        if what in ("away", "back"):
            self.world.groups.groups[TEAM] = {SECOND} if what == "back" else set()
        elif what == "stranger" and self.strangers_values:
            value = self.strangers_values.pop()
            self.world.aws.set("orders", Timeout=value, MemorySize=128 + value)
        else:
            self.world.groups.unread = {TEAM} if what == "unread" else set()

    # What the queue and the clock do

    @precondition(lambda self: self.past)
    @rule(pick=st.integers(0, 999))
    def replay(self, pick: int) -> None:
        """A message comes once more."""
        self.inbox.append(Delivery(self.past[pick % len(self.past)]))

    @rule(seconds=st.sampled_from([1, 1, 1, 30, 70, 70, 70, 130, 300, 1000]))
    def jump(self, seconds: int) -> None:
        """Time passes."""
        self.world.clock.move(seconds)

    @rule()
    def sweep(self) -> None:
        """The schedule sends its tick."""
        self.sweeps += 1
        self.arrive(TickCommand(request_id=f"sweep-{self.sweeps}", step="sweep"))

    @precondition(lambda self: self.inbox or self.world.queue.waiting)
    @rule(
        pick=st.integers(0, 99),
        dies_at=st.none() | st.none() | st.integers(1, 40),
        fails=st.booleans(),
        lose=st.booleans(),
        twice=st.booleans(),
    )
    def deliver(self, pick: int, dies_at: int | None, *, fails: bool, lose: bool, twice: bool) -> None:
        """Hand any message to a worker, which may die or find a port broken at any call."""
        self.take_due()
        if self.inbox:
            self.world.aws.lose = int(lose)
            self.hand_over(self.inbox[pick % len(self.inbox)], dies_at, fails=fails, twice=twice)
            self.world.aws.lose = 0

    @precondition(lambda self: self.inbox or self.world.queue.waiting)
    @rule()
    def deliver_all(self) -> None:
        """A quiet minute: all that waits is worked on."""
        self.work_off()

    def arrive(self, command: Command, *, soon: bool = False) -> None:
        """Put a message on the queue; soon: a worker takes it at once and lives."""
        self.inbox.append(Delivery(command))
        self.past.append(command)
        if soon:
            self.hand_over(self.inbox[-1])

    def take_due(self) -> None:
        """Let messages that were held back arrive."""
        for command in self.world.queue.take_due():
            self.arrive(command)

    def hand_over(self, delivery: Delivery, dies_at: int | None = None, *, fails: bool = False, twice: bool = False) -> None:
        """Deliver one message; one that was not finished comes again, until the queue gives it up."""
        delivery.receives += 1
        calls = [0]

        def watch(name: str) -> None:
            if name == "aws.update_function_configuration":
                self.note_writer()
            calls[0] += 1
            if calls[0] == dies_at:
                if fails and not name.endswith("!"):
                    raise broken(name)
                raise Killed(name)

        command, owner = delivery.command, f"worker-{len(self.past)}-{delivery.receives}-{calls}"
        assert isinstance(command, ClickCommand | TickCommand)
        is_done = False
        try:
            is_done = handle(self.world.watched(watch), command, owner=owner, time_left_s=lambda: TIME_LEFT_S) != "busy"
        except CommandError:
            is_done = True
        except (BotError, Killed):
            pass
        if (is_done and not twice) or delivery.receives >= RECEIVES:
            self.inbox.remove(delivery)
        self.look_at_writes()

    def work_off(self) -> None:
        """Deliver all that waits, in order, until nothing is left or nothing goes on."""
        for _ in range(RECEIVES):
            self.take_due()
            for delivery in list(self.inbox):
                self.hand_over(delivery)

    # What must hold

    def judge(self, change: Change) -> None:
        """A change begins: it has what its rule asks for, now."""
        now = self.world.clock.now().timestamp()
        assert now < change.expires_at, "begun after its lifetime"
        assert change.plan.fingerprint() == change.fingerprint
        people = set()
        for given in change.approvals:
            command = self.genuine.get(given.request_id)
            assert command is not None, "an approval that nobody gave"
            assert (command.verb, command.user_id, command.subject) == ("approve", given.user_id, change.token)
            assert (command.channel_id, command.message_ts) == (change.channel, change.message_ts)
            if self.may_approve(given.user_id) and (self.rule.self_approval or given.user_id != change.requested_by):
                people.add(given.user_id)
        assert len(people) >= max(change.needed, self.rule.approvals), "too few approvals"

    def may_approve(self, user_id: str) -> bool:
        """Tell whether the rules name a person now."""
        named = user_id in self.rule.may_approve
        return named or (user_id in self.world.groups.groups[TEAM] and TEAM not in self.world.groups.unread)

    def note_writer(self) -> None:
        """A write is about to be sent: the change behind it has the right to the function."""
        holder, until = self.store.locks[lock_key(self.store.all[0].plan)]
        assert until > self.world.clock.now().timestamp()
        change = self.store.stored(holder)
        assert change.state in ("applying", "undoing"), f"a write while {change.state}"
        assert change.id in self.store.began
        self.writer = change

    def look_at_writes(self) -> None:
        """Each write that took effect is the plan's, or its way back, and is made once."""
        for _, setting in self.world.aws.writes[self.seen_writes :]:
            change = self.writer
            goal = change.plan.after if change.state == "applying" else change.plan.before
            assert list(setting.values()) == list(goal.values())
            key = (change.id, change.state)
            self.made[key] = self.made.get(key, 0) + 1
            assert self.made[key] == 1, f"{key} was made twice"
        self.seen_writes = len(self.world.aws.writes)

    @invariant()
    def the_audit_trail_is_whole(self) -> None:
        """Each entry holds the hash of the one before it, and whatever was written was announced there first."""
        before = GENESIS
        for number, entry in enumerate(self.world.audit.entries, start=1):
            assert (entry.number, entry.before) == (number, before)
            before = entry.hash
        told = {(entry.change_id, entry.event) for entry in self.world.audit.entries}
        assert all((change_id, state) in told for change_id, state in self.made)

    @invariant()
    def what_is_said_to_stand_was_made(self) -> None:
        """And what is said to be undone was written back."""
        for change in self.store.all:
            if change.state in STANDING or change.state == "undone":
                assert (change.id, "applying") in self.made
            if change.state == "undone":
                assert (change.id, "undoing") in self.made

    def teardown(self) -> None:
        """After finitely many deliveries and sweeps each change is over, or stands and waits for nothing."""
        self.world.groups.unread.clear()
        for _ in range(12):
            self.world.clock.move(900)
            self.sweep()
            self.work_off()
        hanging = [(c.id, c.state, c.revert_at, c.problem) for c in self.store.all if not (c.is_over or c.state in STANDING)]
        assert hanging == []
        assert [change.id for change in self.store.all if change.revert_at is not None] == []
        assert self.store.open_changes() == ()
        self.the_audit_trail_is_whole()
        self.what_is_said_to_stand_was_made()


def broken(name: str) -> Exception:
    """Return the failure of a port, as it fails in earnest."""
    port = name.partition(".")[0]
    if port == "aws":
        return throttled(name)
    return DeliveryError("ratelimited", name) if port in ("messenger", "groups") else StateError(f"{name} failed")


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
