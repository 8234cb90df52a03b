"""An alarm or a question becomes one thread, whatever is delivered twice or goes wrong on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.errors import CollectionError, DeliveryError
from bot.workflow.investigate import investigate_alarm
from tests.workflow.conftest import World
from tests.workflow.delivery import ALL_PARTS, alarm, ask
from tests.workflow.fakes import an_alarm


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
