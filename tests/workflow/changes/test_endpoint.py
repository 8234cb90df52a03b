"""From the signed request to the AWS state: the real endpoint, the real worker's handler, the real table, and nothing in between."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from bot.ack.answers import Answers
from bot.ack.app import build_app
from bot.ack.handler import Endpoint
from bot.aws.audit import DynamoAuditLog
from bot.aws.audit_check import check
from bot.aws.changes import DynamoChangeStore
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.commands import Command, encode
from bot.entrypoints.remediate import Parts, handle_record
from bot.models.change import Change, offer_id_of
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.rules import Rules
from tests.ack.factories import SECRET, a_click, a_form, an_interaction
from tests.dynamodb import OneClient, make_table
from tests.workflow.changes.delivery import LiveAccount
from tests.workflow.changes.faults import NEW, OLD
from tests.workflow.changes.test_attacks import at_once, replace_rule
from tests.workflow.changes.world import APPROVER, ASKER, CHANNEL, EVENT, SECOND, STRANGER, THREAD, World, an_incident, an_offer, findings

TABLE = "medic-state"

OTHER_INCIDENT, OTHER_CHANNEL = "inc-ffffffffffff", "C0SECRET"


@dataclass
class Windows:
    """Slack as the endpoint needs it."""

    def __getattr__(self, name: str) -> Any:
        """Open any window and take any answer."""
        return lambda *args: "V0OPENED"


@dataclass
class Slack:
    """People who click in Slack, the endpoint that takes it, and the worker behind its queue."""

    world: World
    desk: ChangeDesk
    table: Table
    waiting: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    clicks: int = 0

    def __post_init__(self) -> None:
        answers = Answers(queue=self, slack=Windows(), names=tuple, clock=lambda: self.world.clock.now().timestamp())
        self.endpoint = Endpoint(app=build_app(answers), secret=lambda: SECRET)
        self.parts = Parts(self.desk, queue=None, copy_audit=lambda: None)  # type: ignore[arg-type]

    def send(self, command: Command) -> str:
        """Take a command onto the queue, as text."""
        self.waiting.append(encode(command))
        return "m"

    def asks(self, event: dict[str, Any]) -> int:
        """Hand a request to the endpoint and return its status."""
        return int(self.endpoint.handle(event)["statusCode"])

    def click(self, verb: str, user_id: str, change: Change, **more: Any) -> dict[str, Any]:
        """Return the signed request of a click on a change's message."""
        self.clicks += 1
        place = {"message_ts": change.message_ts, "channel_id": change.channel, "thread_ts": change.thread_ts}
        given: dict[str, Any] = {
            "user": {"id": user_id},
            "trigger_id": f"t{self.clicks}",
            "container": {"type": "message", **place},
            "channel": {"id": change.channel},
            "message": {"ts": change.message_ts},
        }
        return an_interaction(a_click(f"medic.{verb}", change.token, **{**given, **more}))

    def form(self, user_id: str, offer_id: str, values: dict[str, str] | None = None) -> dict[str, Any]:
        """Return the signed request of a window that was sent."""
        self.clicks += 1
        state = {name: {"type": "number_input", "value": value} for name, value in (values or {}).items()}
        return an_interaction(a_form("medic.request", state, metadata=offer_id, user={"id": user_id}, trigger_id=f"t{self.clicks}"))

    def work(self) -> None:
        """Let the worker take all that is on the queue, each message up to three times, and what is due of its own notes."""
        while self.waiting or (due := self.world.queue.take_due()):
            bodies, self.waiting = [*self.waiting, *([] if self.waiting else map(encode, due))], []
            for body in bodies:
                self._deliver(body)

    def _deliver(self, body: str) -> None:
        for _ in range(3):
            try:
                handle_record("m", body, self.parts, lambda: 110.0)
            except Exception:
                self.world.clock.move(130)
            else:
                return
        self.dead.append(body)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return the changes of both incidents."""
        store = self.desk.changes
        return (*store.changes_of(an_incident(self.world.clock).id), *store.changes_of(OTHER_INCIDENT))

    @property
    def change(self) -> Change:
        """Return the last change."""
        return self.changes[-1]

    @property
    def events(self) -> list[str]:
        """Return what the audit trail of the function says, oldest first."""
        return [entry.event for entry in reversed(self.desk.audit.about("orders", 100))]


@pytest.fixture
def slack(world: World, account: LiveAccount) -> Iterator[Slack]:
    """A workspace in which `orders` has an incident with an offer, and another channel has another one."""
    client = account.client("dynamodb")
    make_table(client, TABLE)
    table = Table(OneClient(client), TABLE)
    store, incidents = DynamoChangeStore(table, world.clock), DynamoIncidentStore(table, world.clock)
    other = an_incident(world.clock, id=OTHER_INCIDENT, channel=OTHER_CHANNEL, thread_ts="1779790000.000009", alarm_arn="")
    for incident in (an_incident(world.clock), other):
        incidents.create(incident)
        incidents.save(incident.id, EVENT, findings([an_offer()], world.clock))
    offered = next(iter(world.changes.offers.values()))
    store.keep_offer(offered)
    store.keep_offer(offered.model_copy(update={"id": offer_id_of(OTHER_INCIDENT, EVENT, 0), "incident_id": OTHER_INCIDENT}))
    desk = replace(world.desk, changes=store, incidents=incidents, audit=DynamoAuditLog(table), own=frozenset({TABLE}))
    yield Slack(world, desk, table)
    verdict = check(table)
    assert verdict.is_whole, verdict.faults


@pytest.fixture
def asked(slack: Slack, account: LiveAccount) -> Change:
    """A change that waits for approval."""
    assert slack.asks(slack.form(ASKER, slack.world.offer_id)) == 200
    slack.work()
    assert slack.change.state == "pending"
    account.calls.clear()
    return slack.change


def written(account: LiveAccount) -> list[str]:
    """Return what was changed in AWS, the bot's own table aside."""
    return [name for name in account.writes if not name.startswith("dynamodb:")]


def edited(event: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return a signed request whose payload was changed after it was signed."""
    payload = json.loads(parse_qs(base64.b64decode(event["body"]).decode())["payload"][0])
    change(payload)
    return {**event, "body": base64.b64encode(urlencode({"payload": json.dumps(payload)}).encode()).decode()}


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
        from tests.ack.factories import a_request

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


class TestMurphy:
    def test_two_approvals_at_the_same_moment_make_it_once(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """Both workers have read the same version."""
        for person in (APPROVER, SECOND):
            slack.asks(slack.click("approve", person, asked))
        bodies, slack.waiting = slack.waiting, []

        at_once(*(lambda body=body: handle_record("m", body, slack.parts, lambda: 110.0) for body in bodies))
        slack.work()

        assert account.updates == [NEW]
        assert slack.change.state == "applied"

    def test_an_approval_that_ended_among_the_dead_letters_approves_nothing(
        self, slack: Slack, asked: Change, account: LiveAccount
    ) -> None:
        """The table was away for all deliveries; the change expires and says so."""
        slack.asks(slack.click("approve", APPROVER, asked))
        whole = slack.parts
        away = replace(slack.desk, changes=DynamoChangeStore(Table(slack.table.aws, "gone"), slack.world.clock))
        slack.parts = replace(whole, desk=away)
        slack.work()
        assert len(slack.dead) == 1
        slack.parts = whole
        slack.world.clock.move(15 * 60)

        slack.waiting.append(json.dumps({"kind": "tick", "request_id": "sweep-1", "step": "sweep"}))
        slack.work()

        assert written(account) == []
        assert slack.change.state == "expired"

    @pytest.mark.parametrize("code", ["PolicyLengthExceededException", "ServiceQuotaExceededException", "AccessDeniedException"])
    def test_what_aws_refuses_changes_nothing(self, slack: Slack, asked: Change, account: LiveAccount, code: str) -> None:
        """Quotas, sizes, and a function that `ChangeableFunctions` does not name."""
        from tests.remediations.account import failure

        account.faults["lambda:UpdateFunctionConfiguration"] = lambda: failure(400, code, "no")
        slack.asks(slack.click("approve", APPROVER, asked))
        slack.work()

        assert account.timeout == OLD
        assert slack.change.state == "failed"
        assert code in slack.change.problem

    def test_a_function_that_was_renamed_is_left_alone(self, slack: Slack, asked: Change, account: LiveAccount) -> None:
        """A function under the old name is somebody else's, made since: other values, another revision."""
        account.client("lambda").delete_function(FunctionName="orders")
        account.create_function("orders-v2")
        slack.asks(slack.click("approve", APPROVER, asked))
        slack.work()

        assert account.updates == []
        assert account.function("orders-v2")["Timeout"] == OLD
        assert slack.change.state == "failed"


class TestSecrets:
    SECRET = "hunter2-database-password"

    def test_no_setting_of_the_function_leaves_it(
        self, slack: Slack, asked: Change, account: LiveAccount, caplog: pytest.LogCaptureFixture
    ) -> None:
        """AWS answers each update with the whole configuration, the environment with it."""
        caplog.set_level(logging.DEBUG, logger="bot")
        account.client("lambda").update_function_configuration(FunctionName="orders", Environment={"Variables": {"DB": self.SECRET}})
        assert self.SECRET in str(account.function())
        slack.asks(slack.click("withdraw", ASKER, asked))
        slack.asks(slack.form(ASKER, slack.world.offer_id, {"minutes": "5"}))
        slack.work()
        slack.asks(slack.click("approve", APPROVER, slack.change))
        slack.work()
        assert account.timeout == NEW
        slack.world.clock.move(61)
        slack.work()
        slack.asks(slack.click("undo", ASKER, slack.change))
        slack.work()
        assert account.timeout == OLD

        items = account.client("dynamodb").scan(TableName=TABLE)["Items"]
        messenger = slack.world.messenger
        seen = json.dumps(items, default=str) + repr(messenger.__dict__) + caplog.text + "".join(str(vars(r)) for r in caplog.records)
        assert "raise-timeout" in seen
        assert self.SECRET not in seen

    def test_a_response_url_is_not_logged(self, slack: Slack, asked: Change, caplog: pytest.LogCaptureFixture) -> None:
        """Whoever has it may write into the channel for half an hour."""
        caplog.set_level(logging.DEBUG, logger="bot")
        url = "https://hooks.slack.com/actions/T1/2/top-secret"
        for verb, person in (("approve", STRANGER), ("approve", ASKER), ("reject", STRANGER), ("approve", APPROVER)):
            slack.asks(slack.click(verb, person, asked, response_url=url))
        slack.work()

        assert "top-secret" not in caplog.text + "".join(str(vars(r)) for r in caplog.records)
        stored = json.dumps(slack.table.aws.client("dynamodb").scan(TableName=TABLE)["Items"], default=str)
        assert "top-secret" not in stored
