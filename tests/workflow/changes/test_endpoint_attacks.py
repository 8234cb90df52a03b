"""Attacks by whoever can send requests: the real endpoint, the real worker's handler, the real table, and nothing in between.

Of the attack list, from the signed request to the AWS state:
- forged clicks: `TestForged`
- replayed, stale and double clicks: `TestReplayed`
- a click in another channel or on another message: `TestElsewhere`
- an approval for one plan used on another: `TestElsewhere`
- parameters tampered with in the window: `TestElsewhere`
"""

from __future__ import annotations

import base64

import pytest

from bot.models.change import Change, offer_id_of
from bot.workflow.changes.rules import Rules
from tests.ack.factories import a_request
from tests.workflow.changes.delivery import LiveAccount
from tests.workflow.changes.faults import NEW, OLD
from tests.workflow.changes.workspace import OTHER_CHANNEL, OTHER_INCIDENT, Slack, edited, written
from tests.workflow.changes.world import APPROVER, ASKER, CHANNEL, EVENT, STRANGER, THREAD, replace_rule


class TestWay:
    def test_request_approval_and_undo_go_all_the_way(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """What the attacks below are attacks on."""
        slack.asks(slack.click("approve", APPROVER, asked))
        slack.work()
        assert account.timeout == NEW

        slack.asks(slack.click("undo", ASKER, slack.change))
        slack.work()

        assert account.timeout == OLD
        assert slack.events == ["requested", "approved", "applying", "applied", "undoing", "undone"]


class TestForged:
    def test_unsigned_wrongly_signed_and_changed_requests_reach_no_queue(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """Whoever knows the URL can send anything to it."""
        good = slack.click("approve", APPROVER, asked)
        unsigned = {**good, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
        other_secret = {**good, "headers": {**good["headers"], "X-Slack-Signature": "v0=" + "0" * 64}}
        promoted = edited(slack.click("approve", STRANGER, asked), lambda payload: payload["user"].update(id=APPROVER))
        redirected = edited(good, lambda payload: payload["actions"][0].update(action_id="medic.undo"))

        statuses = [slack.asks(event) for event in (unsigned, other_secret, promoted, redirected)]
        slack.work()

        assert statuses == [401] * 4
        assert written(account) == []
        assert slack.change.state == "pending"

    def test_a_made_up_button_in_a_signed_request_is_refused(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """Another app of the workspace cannot sign for us; a person with the developer tools cannot either."""
        for value in ("", asked.id, f"{asked.id}.{'0' * 16}", f"{asked.token}0", asked.offer_id, "x" * 2000):
            slack.asks(slack.click("approve", APPROVER, asked, actions=[{"action_id": "medic.approve", "value": value, "action_ts": "1"}]))
        slack.work()

        assert slack.dead == []
        assert written(account) == []
        assert slack.change.state == "pending"

    @pytest.mark.parametrize("verb", ["apply", "revert", "sweep", "verify", "applied"])
    def test_a_step_of_the_worker_cannot_be_clicked(self, slack: Slack, asked: Change, account: LiveAccount, verb: str) -> None:
        """What the queue's own notes do has no verb."""
        slack.asks(slack.click(verb, APPROVER, asked))
        slack.work()

        assert written(account) == []
        assert slack.change.state == "pending"


class TestReplayed:
    def test_the_same_request_again_counts_once(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """Recorded on the wire and sent again within the five minutes that its signature lasts: two people are needed."""
        slack.world.rules[0] = Rules(rules=(replace_rule(approvals=2),))
        event = slack.click("approve", APPROVER, asked)

        assert [slack.asks(event) for _ in range(3)] == [200] * 3
        slack.work()

        assert len(slack.change.approvals) == 1
        assert slack.change.state == "pending"
        assert written(account) == []

    def test_after_it_was_made_and_undone_it_makes_nothing(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """Neither the form nor the approval."""
        approval = slack.click("approve", APPROVER, asked)
        slack.asks(approval)
        slack.work()
        slack.asks(slack.click("undo", ASKER, slack.change))
        slack.work()
        account.calls.clear()

        slack.asks(approval)
        slack.asks(slack.click("approve", APPROVER, asked))
        slack.work()

        assert written(account) == []
        assert account.timeout == OLD
        assert slack.change.state == "undone"

    def test_an_old_signature_is_none(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """Slack's own advice: five minutes."""
        body = base64.b64decode(slack.click("approve", APPROVER, asked)["body"])

        assert slack.asks(a_request(body, age_s=301)) == 401
        assert slack.waiting == []

    def test_a_form_sent_twice_opens_one_change(self, slack: Slack, account: LiveAccount) -> None:
        """Slack repeats what was not answered in time."""
        event = slack.form(ASKER, slack.world.offer_id)
        slack.asks(event)
        slack.asks(event)
        slack.work()

        assert len(slack.changes) == 1

    def test_a_double_click_makes_it_once(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """Two requests of one person, one after the other on the queue."""
        for _ in range(2):
            slack.asks(slack.click("approve", APPROVER, asked))
        slack.work()

        assert account.updates == [NEW]
        assert slack.events.count("applied") == 1


class TestElsewhere:
    def test_an_approval_of_one_plan_is_none_of_another(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """The button of the withdrawn 10 s on the message of the pending 20 s, and the other way round."""
        slack.asks(slack.click("withdraw", ASKER, asked))
        slack.asks(slack.form(ASKER, slack.world.offer_id, {"to_seconds": "20"}))
        slack.work()
        second = next(change for change in slack.changes if change.id != asked.id)

        mixed = f"{second.id}.{asked.token.partition('.')[2]}"
        slack.asks(slack.click("approve", APPROVER, second, actions=[{"action_id": "medic.approve", "value": mixed, "action_ts": "1"}]))
        slack.asks(slack.click("approve", APPROVER, asked))
        slack.work()

        assert written(account) == []

    @pytest.mark.parametrize("place", [{"channel_id": OTHER_CHANNEL}, {"message_ts": "1.000001"}, {"channel_id": ""}])
    def test_a_button_works_where_it_was_put_and_nowhere_else(
        self, slack: Slack, asked: Change, account: LiveAccount, place: dict[str, str]
    ) -> None:
        """In another channel, on a message that somebody else built, in a window."""
        where = {"message_ts": asked.message_ts, "channel_id": CHANNEL, "thread_ts": THREAD, **place}

        slack.asks(slack.click("approve", APPROVER, asked, container=where, channel={"id": where["channel_id"]}, message={}))
        slack.work()

        assert written(account) == []
        assert slack.change.state == "pending"

    def test_the_offer_of_another_channels_incident_is_asked_for_there(self, slack: Slack, account: LiveAccount) -> None:
        """The window's metadata was exchanged: those who watch that channel see it, and decide there."""
        slack.asks(slack.form(STRANGER, offer_id_of(OTHER_INCIDENT, EVENT, 0)))
        slack.work()
        change = slack.change
        assert (change.channel, change.incident_id) == (OTHER_CHANNEL, OTHER_INCIDENT)

        here = {"message_ts": change.message_ts, "channel_id": CHANNEL, "thread_ts": change.thread_ts}
        slack.asks(slack.click("approve", APPROVER, change, container=here, channel={"id": CHANNEL}))
        slack.work()

        assert written(account) == []
        assert change.state == "pending"

    @pytest.mark.parametrize(
        "values",
        [{"to_seconds": "901"}, {"to_seconds": "0"}, {"to_seconds": "10", "function_name": "invoices"}, {"region": "us-east-1"},
         {"minutes": "1441"}, {"to_seconds": "1e3"}, {"after": "{}"}],
    )  # fmt: skip
    def test_tampered_values_open_nothing(self, slack: Slack, account: LiveAccount, values: dict[str, str]) -> None:
        """Fields that the window never had, and values that it did not let through."""
        slack.asks(slack.form(ASKER, slack.world.offer_id, values))
        slack.work()

        assert slack.changes == ()
        assert written(account) == []
