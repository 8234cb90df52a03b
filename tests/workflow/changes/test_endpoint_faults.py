"""Bad luck and secrets on the way from the signed request to AWS: the real endpoint, the real worker's handler, the real table.

Of the attack list, from the signed request to the AWS state:
- two approvals racing: `TestMurphy`
- dead-lettered change messages: `TestMurphy`
- quota and policy-size errors: `TestMurphy`
- the function renamed: `TestMurphy`
- secrets of the function and of Slack stay where they are: `TestSecrets`
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from bot.aws.changes import DynamoChangeStore
from bot.aws.table import Table
from bot.entrypoints.remediate import handle_record
from bot.models.change import Change
from tests.remediations.account import failure
from tests.workflow.changes.delivery import LiveAccount
from tests.workflow.changes.faults import NEW, OLD
from tests.workflow.changes.steps import at_once
from tests.workflow.changes.workspace import TABLE, Slack, written
from tests.workflow.changes.world import APPROVER, ASKER, SECOND, STRANGER


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
