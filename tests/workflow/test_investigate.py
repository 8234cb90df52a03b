"""An alarm or a question becomes one thread, whatever is delivered twice or dies on the way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.commands import WhyCommand
from bot.errors import CollectionError, DeliveryError
from bot.models.alarm import Alarm
from bot.workflow.desk import Desk
from bot.workflow.investigate import investigate_alarm, investigate_question
from bot.workflow.once import Outcome
from tests.workflow.conftest import World
from tests.workflow.fakes import T0, Killed, an_alarm

IMPORT_ERROR = (
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'\nTraceback (most recent call last):\n"
)
FINISHED = {"done", "duplicate"}
"""The retry finished the work, or the worker was killed after its very last step."""

QUIET_S = 4 * 3600.0 + 1
"""Longer than an incident of normal severity says nothing."""

ALL_PARTS = ["evidence", "advice", "receipt"]


def alarm(desk: Desk, change: Alarm, owner: str = "w1") -> Outcome:
    """Hand an alarm to a worker with two minutes."""
    return investigate_alarm(desk, change, owner=owner, time_left_s=lambda: 120.0)


def ask(desk: Desk, text: str = "checkout 502", owner: str = "w1", **fields: Any) -> Outcome:
    """Hand a question to a worker with two minutes."""
    command = WhyCommand(
        **{
            "request_id": "13345224609.738474920",
            "text": text,
            "user_id": "U2147483697",
            "channel_id": "C2147483705",
            "response_url": "https://hooks.slack.com/commands/1/2",
            **fields,
        }
    )
    return investigate_question(desk, command, owner=owner, time_left_s=lambda: 120.0)


def deliver_alarm(desk: Desk, owner: str) -> Outcome:
    """Hand the first alarm over."""
    return alarm(desk, an_alarm(), owner)


def deliver_question(desk: Desk, owner: str) -> Outcome:
    """Hand the question over."""
    return ask(desk, owner=owner)


class TestAlarm:
    def test_becomes_a_thread_with_the_cause(self, world: World) -> None:
        """First the message that work has begun, then the same message with the answer, then the replies."""
        assert alarm(world.desk, an_alarm()) == "done"

        (root,) = world.messenger.roots
        assert root.report.incident.phase == "investigating"
        shown = root.shown
        assert shown.incident.phase == "answered"
        assert shown.findings is not None
        assert shown.findings.answer.diagnoses[0].cause == "function-timeout"
        assert shown.findings.impact.since is not None
        assert [part for part in world.messenger.replies(root) if part in ALL_PARTS] == ALL_PARTS
        assert root.report.incident.channel == "C0ALARMS"

    def test_is_kept_so_that_it_can_be_replayed(self, world: World) -> None:
        """The thread's answer and its evidence stand in the table."""
        alarm(world.desk, an_alarm())

        kept = world.store.latest(world.messenger.roots[0].incident_id)

        assert kept is not None
        assert kept.answer == world.messenger.roots[0].shown.findings.answer  # type: ignore[union-attr]

    def test_delivered_again_makes_no_second_thread(self, world: World) -> None:
        """SNS and SQS both deliver at least once."""
        alarm(world.desk, an_alarm())
        count = len(world.messenger.messages)

        assert alarm(world.desk, an_alarm(), "w2") == "duplicate"
        assert len(world.messenger.messages) == count

    def test_delivered_twice_at_once_makes_one_thread(self, world: World) -> None:
        """One worker works; the other's delivery comes again later."""
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(lambda i: alarm(world.desk, an_alarm(), f"w{i}"), range(4)))

        assert outcomes.count("done") == 1
        assert set(outcomes) <= {"done", "busy", "duplicate"}
        assert len(world.messenger.roots) == 1

    def test_that_leads_to_no_function_says_so(self, world: World) -> None:
        """Never silence."""
        world.account.unknown_alarm = True

        alarm(world.desk, an_alarm())

        incident = world.messenger.roots[0].shown.incident
        assert incident.phase == "no-target"
        assert incident.problem == "No function was found behind alarm checkout-errors, which watches AWS/EC2/CPUUtilization"

    def test_gives_the_collectors_less_time_when_little_is_left(self, world: World) -> None:
        """What was read must still be posted."""
        investigate_alarm(world.desk, an_alarm(), owner="w1", time_left_s=lambda: 31.0)

        assert world.account.collected[0][2]["deadline_s"] == pytest.approx(11.0)


class TestRepeat:
    def test_edits_the_thread_and_says_nothing_within_the_window(self, world: World) -> None:
        """The first message counts; nobody is woken for what they know."""
        alarm(world.desk, an_alarm())
        count = len(world.messenger.messages)

        alarm(world.desk, an_alarm(minutes=10))

        (root,) = world.messenger.roots
        assert root.shown.incident.fired == 2
        assert len(world.messenger.messages) == count

    def test_is_one_line_after_the_window(self, world: World) -> None:
        """The same cause again is one line and not a second pile of evidence."""
        alarm(world.desk, an_alarm())
        world.clock.move(QUIET_S)

        alarm(world.desk, an_alarm(minutes=10))
        alarm(world.desk, an_alarm(minutes=12))

        (root,) = world.messenger.roots
        assert root.shown.incident.fired == 3
        assert world.messenger.replies(root)[-1] == "repeated"
        assert world.messenger.replies(root).count("repeated") == 1
        assert world.messenger.replies(root).count("evidence") == 1

    def test_posts_the_new_evidence_when_the_cause_is_another(self, world: World) -> None:
        """What changed is what a reader needs."""
        alarm(world.desk, an_alarm())
        world.account.log = [
            (0, "START RequestId: 8f5f1c1e-0000-4000-8000-000000000002 Version: $LATEST\n"),
            (1, IMPORT_ERROR),
            (2, "END RequestId: 8f5f1c1e-0000-4000-8000-000000000002\n"),
        ]

        alarm(world.desk, an_alarm(minutes=10))

        (root,) = world.messenger.roots
        assert root.shown.findings is not None
        assert root.shown.findings.answer.diagnoses[0].cause == "import-error"
        replies = world.messenger.replies(root)
        assert replies.count("repeated") == 1
        assert replies.count("evidence") == 2

    def test_is_left_to_whoever_investigates_already(self, world: World) -> None:
        """Two workers would post the same evidence; the one that is at it counts this one, too."""
        world.account.error = Killed()
        with pytest.raises(Killed):
            alarm(world.desk, an_alarm())
        world.account.error = None

        assert alarm(world.desk, an_alarm(minutes=1), "w2") == "done"
        (root,) = world.messenger.roots
        assert root.edits == []
        world.clock.move(126)
        alarm(world.desk, an_alarm(), "w3")

        assert (root.shown.incident.phase, root.shown.incident.fired) == ("answered", 2)

    def test_takes_over_from_a_worker_that_never_came_back(self, world: World) -> None:
        """Its delivery may stand among the dead letters; the next alarm gets an answer all the same."""
        world.account.error = Killed()
        with pytest.raises(Killed):
            alarm(world.desk, an_alarm())
        world.account.error = None
        world.clock.move(126)

        alarm(world.desk, an_alarm(minutes=3), "w2")

        (root,) = world.messenger.roots
        assert root.shown.incident.phase == "answered"

    def test_soon_after_a_recovery_goes_on_in_the_same_thread(self, world: World) -> None:
        """Flapping: the channel hears once that it is back, and the rest is edits."""
        alarm(world.desk, an_alarm())
        for minutes in range(5, 25, 2):
            alarm(world.desk, an_alarm("OK", minutes=minutes))
            alarm(world.desk, an_alarm(minutes=minutes + 1))

        (root,) = world.messenger.roots
        replies = world.messenger.replies(root)
        assert (replies.count("recovered"), replies.count("worse")) == (2, 1)
        assert root.shown.incident.fired == 11
        assert root.shown.incident.recovered_at is None
        (worse,) = [m for m in world.messenger.messages if m.part == "worse"]
        assert worse.report.worse == ("reopened",)

    def test_long_after_a_recovery_opens_a_new_thread(self, world: World) -> None:
        """Another incident, another thread."""
        alarm(world.desk, an_alarm())
        alarm(world.desk, an_alarm("OK", minutes=5))
        alarm(world.desk, an_alarm(minutes=40))

        assert len(world.messenger.roots) == 2


class TestRecovery:
    def test_is_said_in_the_thread(self, world: World) -> None:
        """The first message turns, and a reply says when."""
        alarm(world.desk, an_alarm())

        alarm(world.desk, an_alarm("OK", minutes=5))

        (root,) = world.messenger.roots
        assert root.shown.incident.recovered_at == T0.timestamp() + 300
        assert root.shown.findings is not None
        assert world.messenger.replies(root)[-1] == "recovered"

    def test_says_nothing_for_an_alarm_without_a_thread(self, world: World) -> None:
        """An OK after the creation of an alarm is no news."""
        assert alarm(world.desk, an_alarm("OK")) == "done"
        assert world.messenger.messages == []

    def test_that_comes_before_its_alarm_is_not_forgotten(self, world: World) -> None:
        """SQS keeps no order."""
        alarm(world.desk, an_alarm("OK", minutes=5))
        alarm(world.desk, an_alarm())

        assert world.messenger.roots[0].shown.incident.recovered_at == T0.timestamp() + 300

    def test_that_is_older_than_the_alarm_changes_nothing(self, world: World) -> None:
        """A late OK of the time before."""
        alarm(world.desk, an_alarm())
        count = len(world.messenger.messages)

        alarm(world.desk, an_alarm("OK", minutes=-5))

        assert world.messenger.roots[0].shown.incident.recovered_at is None
        assert len(world.messenger.messages) == count

    def test_during_the_investigation_is_in_the_answer(self, world: World) -> None:
        """Another worker notes it between the reading and the edit; the edit is made again."""
        noted: list[str] = []

        def recover() -> None:
            if not noted:
                noted.append("")
                alarm(world.desk, an_alarm("OK", minutes=2), "w2")

        world.messenger.before_edit = recover

        alarm(world.desk, an_alarm())

        (root,) = world.messenger.roots
        assert root.shown.incident.recovered_at is not None
        assert root.shown.findings is not None

    def test_no_data_is_not_taken_for_it(self, world: World) -> None:
        """The thread says so; the incident stays open."""
        alarm(world.desk, an_alarm())
        alarm(world.desk, an_alarm("INSUFFICIENT_DATA", minutes=5))

        (root,) = world.messenger.roots
        assert world.messenger.replies(root)[-1] == "no-data"
        assert root.shown.incident.recovered_at is None


class TestQuestion:
    def test_is_answered_in_the_channel_where_it_was_asked(self, world: World) -> None:
        """With the status that callers see, as the person said it."""
        assert ask(world.desk) == "done"

        (root,) = world.messenger.roots
        assert root.report.incident.channel == "C2147483705"
        assert root.report.incident.asked_by == "U2147483697"
        target, _, asked = world.account.collected[0]
        assert (target.function_name, target.region, asked["client"].status) == ("checkout", "eu-west-1", 502)

    def test_looks_back_as_far_as_it_says(self, world: World) -> None:
        """And at the alias and region that the ARN names."""
        ask(world.desk, "arn:aws:lambda:us-east-1:123456789012:function:checkout:live --since 2h")

        target, window, _ = world.account.collected[0]
        assert (target.qualifier, target.region, target.account_id) == ("live", "us-east-1", "123456789012")
        assert window.minutes == 120

    def test_sent_twice_is_answered_once(self, world: World) -> None:
        """A retry and a replay carry the same trigger id."""
        ask(world.desk)

        assert ask(world.desk, owner="w2") == "duplicate"
        assert len(world.messenger.roots) == 1

    def test_about_an_unknown_function_gets_near_names(self, world: World) -> None:
        """A typo is the usual reason."""
        world.account.missing = True

        ask(world.desk, "chekout")

        incident = world.messenger.roots[0].shown.incident
        assert (incident.phase, "Did you mean checkout?" in incident.problem) == ("no-target", True)

    @pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived", "token_revoked"])
    def test_is_answered_in_private_where_the_bot_cannot_post(self, world: World, code: str) -> None:
        """The response URL works without membership."""
        world.messenger.refuse["post"] = [code]

        assert ask(world.desk) == "done"

        ((url, report, parts),) = world.messenger.responses
        assert url == "https://hooks.slack.com/commands/1/2"
        assert report.findings is not None
        assert "evidence" in parts
        assert world.messenger.messages == []

    def test_that_nobody_can_be_told_the_answer_of_fails_aloud(self, world: World) -> None:
        """Without a response URL the command ends among the dead letters, where an operator finds it."""
        world.messenger.refuse["post"] = ["not_in_channel"]

        with pytest.raises(DeliveryError):
            ask(world.desk, response_url="")

    def test_that_makes_no_sense_is_refused_in_private(self, world: World) -> None:
        """The word that was not understood is named."""
        assert ask(world.desk, "checkout please") == "done"

        assert "'please' is not understood" in world.messenger.told[0]
        assert world.messenger.messages == []


class TestTrouble:
    def test_on_the_way_is_said_in_the_thread_and_tried_again(self, world: World) -> None:
        """A thread that says "investigating" for ever helps nobody."""
        world.account.error = CollectionError("boom")

        with pytest.raises(CollectionError):
            alarm(world.desk, an_alarm())
        broken = world.messenger.roots[0].shown.incident
        world.account.error = None
        again = alarm(world.desk, an_alarm(), "w2")

        assert broken.phase == "broken-off"
        assert again == "done"
        assert len(world.messenger.roots) == 1
        assert world.messenger.roots[0].shown.incident.phase == "answered"
        assert world.messenger.roots[0].shown.incident.problem == ""

    @pytest.mark.parametrize("operation", ["post", "edit", "reply"])
    def test_with_slack_loses_nothing(self, world: World, operation: str) -> None:
        """A rate limit puts the delivery back; what was posted is not posted again."""
        world.messenger.refuse[operation] = ["ratelimited"]

        with pytest.raises(DeliveryError):
            alarm(world.desk, an_alarm())
        alarm(world.desk, an_alarm(), "w2")

        (root,) = world.messenger.roots
        replies = world.messenger.replies(root)
        assert len(replies) == len(set(replies))
        assert set(ALL_PARTS) <= set(replies)
        assert root.shown.incident.phase == "answered"

    def test_with_the_first_message_puts_the_answer_into_the_thread(self, world: World) -> None:
        """Someone deleted it, or the workspace forbids edits."""
        world.messenger.refuse["edit"] = ["message_not_found"] * 3

        assert alarm(world.desk, an_alarm()) == "done"

        assert world.messenger.replies(world.messenger.roots[0])[0] == "answer"


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
