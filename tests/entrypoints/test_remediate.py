"""A batch of the change queue: decoded, handed over, and back again when it failed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.aws.audit import DynamoAuditLog
from bot.aws.audit_check import check
from bot.aws.clients import Boto3Clients, Connection
from bot.aws.table import Table
from bot.bootstrap import approval_rules, audit_log, change_queue, changing_desk
from bot.commands import ClickCommand, TickCommand, WhyCommand, encode
from bot.entrypoints.remediate import MIN_TIME_S, Parts, handle_batch
from bot.settings import RemediateSettings
from tests.dynamodb import make_table
from tests.environment import forget_aws

REGION = "eu-west-1"

RULES = """\
version: 1
rules:
  - may_ask: [U0ONCALL]
    may_approve: [U0LEAD]
"""


@dataclass
class Context:
    """Lambda's context."""

    left_s: float = 119.0

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        return int(self.left_s * 1000)


@dataclass
class Retries:
    """Fills the port RetryQueue."""

    asked: list[tuple[str, int]] = field(default_factory=list)

    def retry(self, receipt_handle: str, deliveries: int) -> None:
        """Note what was asked for."""
        self.asked.append((receipt_handle, deliveries))


class Unreachable:
    """Fills the messenger's port where a test sends nothing to chat."""

    def __getattr__(self, name: str) -> Any:
        """Take any message."""
        return lambda *args, **kwargs: None


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RemediateSettings]:
    """Start moto with what the template makes, and return the settings that it gives."""
    forget_aws(monkeypatch, tmp_path, REGION)
    with mock_aws():
        dynamodb, sqs = boto3.client("dynamodb", REGION), boto3.client("sqs", REGION)
        make_table(dynamodb, "state")
        url = sqs.create_queue(QueueName="change")["QueueUrl"]
        yield RemediateSettings(region=REGION, change_queue_url=url, table_name="state", bot_token_parameter="/token")
        dynamodb.close()
        sqs.close()


@pytest.fixture
def parts(settings: RemediateSettings) -> Parts:
    """Return what the deployed handler works with, but for the chat."""
    messenger: Any = Unreachable()
    return Parts(replace(changing_desk(settings), messenger=messenger), Retries(), audit_log(settings).copy_rest)


def a_batch(*bodies: str) -> dict[str, Any]:
    """Return the event with which SQS calls the function."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": f"r{number}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "2"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:change",
                "awsRegion": REGION,
            }
            for number, body in enumerate(bodies)
        ]
    }


def failed(response: dict[str, Any]) -> list[str]:
    """Return the ids of the records that come again."""
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def an_approval(request: str = "c1") -> str:
    """Return a click on a change that is not there."""
    return encode(ClickCommand(request_id=request, verb="approve", subject="chg-1.abc", user_id="U1", channel_id="C1"))


class TestBatch:
    def test_click_reaches_the_work_on_changes(self, parts: Parts, settings: RemediateSettings) -> None:
        """An approval of a change that nobody knows changes nothing, and is in the audit trail."""
        assert failed(handle_batch(a_batch(an_approval()), Context(), parts)) == []

        verdict = check(audit_log(settings).table)
        assert (verdict.entries, verdict.is_whole) == (1, True)

    def test_what_approvals_are_kept_in_is_out_of_reach(self, settings: RemediateSettings) -> None:
        """The table, the queue, the parameters and the bucket: no change may give rights on them."""
        named = replace(settings, approval_rules_parameter="/medic/rules", audit_bucket="copies")

        assert changing_desk(named).own == {"state", "change", "token", "medic/rules", "copies"}

    def test_double_is_done_once(self, parts: Parts, settings: RemediateSettings) -> None:
        """SQS delivers at least once."""
        handle_batch(a_batch(an_approval(), an_approval()), Context(), parts)

        assert check(audit_log(settings).table).entries == 1

    def test_sweep_makes_up_for_copies(self, parts: Parts) -> None:
        """What S3 did not take need not wait for the next change."""
        copied: list[int] = []
        sweeping = replace(parts, copy_audit=lambda: copied.append(1))

        handle_batch(a_batch(an_approval(), encode(TickCommand(request_id="s1", step="sweep"))), Context(), sweeping)

        assert copied == [1]

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param("hello", id="plain text"),
            pytest.param("[1]", id="a list"),
            pytest.param("[" * 100_000, id="deep junk"),
            pytest.param(encode(WhyCommand(request_id="1", text="x", user_id="U", channel_id="C")), id="a question"),
            pytest.param(encode(ClickCommand(request_id="1", verb="mute", subject="inc-1", user_id="U")), id="a click about an incident"),
            pytest.param(json.dumps({"kind": "tick", "request_id": "1", "step": "dance"}), id="unknown step"),
            pytest.param(json.dumps({"kind": "tick", "request_id": 1, "step": "sweep"}), id="wrong type"),
            pytest.param(json.dumps({"kind": "apply", "plan": {"timeout": 900}}), id="an order without an approval"),
        ],
    )
    def test_what_is_no_command_of_its_own_ends_among_the_dead_letters(self, parts: Parts, body: str) -> None:
        """And takes no other record with it."""
        assert failed(handle_batch(a_batch(body, an_approval()), Context(), parts)) == ["m0"]

    def test_nothing_is_begun_that_could_be_cut_off(self, parts: Parts, settings: RemediateSettings) -> None:
        """A write that is cut off leaves a person wondering; it comes again with a whole function to itself."""
        assert failed(handle_batch(a_batch(an_approval()), Context(left_s=MIN_TIME_S - 1), parts)) == ["m0"]
        assert check(audit_log(settings).table).entries == 0

    def test_failed_record_comes_again_soon(self, parts: Parts) -> None:
        """Nobody waits for the visibility timeout."""
        retries = Retries()
        broken = replace(parts, queue=retries, desk=replace(parts.desk, audit=DynamoAuditLog(Table(Boto3Clients(), "gone"))))

        assert failed(handle_batch(a_batch(an_approval()), Context(), broken)) == ["m0"]
        assert retries.asked == [("r0", 2)]

    def test_record_that_another_worker_has_comes_again(self, parts: Parts) -> None:
        """That worker may die."""
        parts.desk.incidents.claim("click|c1", owner="other", lease_s=100)

        assert failed(handle_batch(a_batch(an_approval()), Context(), parts)) == ["m0"]


class TestQueue:
    def test_retry_is_on_the_change_queue(self, settings: RemediateSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        """Both workers hasten retries, each on its own queue."""
        sqs = boto3.client("sqs", REGION)
        sqs.send_message(QueueUrl=settings.change_queue_url, MessageBody="x")
        (record,) = sqs.receive_message(QueueUrl=settings.change_queue_url, VisibilityTimeout=600)["Messages"]
        monkeypatch.setattr("bot.aws.work_queue.FIRST_RETRY_S", 0)

        change_queue(settings).retry(record["ReceiptHandle"], 1)

        assert [again["Body"] for again in sqs.receive_message(QueueUrl=settings.change_queue_url)["Messages"]] == ["x"]
        sqs.close()


@pytest.mark.usefixtures("settings")
class TestRules:
    def test_are_read_from_the_parameter_once_a_minute(self) -> None:
        """Who is taken off the list may act for a minute longer at most."""
        ssm = boto3.client("ssm", REGION)
        ssm.put_parameter(Name="/rules", Value=RULES, Type="String")
        rules = approval_rules("/rules", Boto3Clients(Connection(region=REGION)))

        assert [rule.may_approve for rule in rules().rules] == [("U0LEAD",)]
        ssm.put_parameter(Name="/rules", Value=RULES.replace("U0LEAD", "U0OTHER"), Type="String", Overwrite=True)
        assert [rule.may_approve for rule in rules().rules] == [("U0LEAD",)]
        ssm.close()

    @pytest.mark.parametrize("text", ["rules: [", "version: 2\nrules: []", "- a", "version: 1\nrules:\n  - may_ask: anyone"])
    def test_that_are_not_valid_let_nobody_do_anything(self, text: str, caplog: pytest.LogCaptureFixture) -> None:
        """The log says what is wrong with them."""
        ssm = boto3.client("ssm", REGION)
        ssm.put_parameter(Name="/rules", Value=text, Type="String")

        assert approval_rules("/rules", Boto3Clients(Connection(region=REGION)))().rules == ()
        assert "approval rules are unusable" in caplog.text
        ssm.close()

    def test_that_are_missing_let_nobody_do_anything(self, caplog: pytest.LogCaptureFixture) -> None:
        """Whether the name is wrong or none was given."""
        with caplog.at_level(logging.INFO, logger="bot"):
            assert approval_rules("/none", Boto3Clients(Connection(region=REGION)))().rules == ()
            assert approval_rules("", Boto3Clients(Connection(region=REGION)))().rules == ()

        assert "approval rules are unusable" in caplog.text
        assert "no approval rules are configured" in caplog.text

    def test_that_were_good_once_do_not_outlive_the_parameter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A parameter that is deleted ends everybody's rights within the minute."""
        from bot.aws import parameters

        ssm = boto3.client("ssm", REGION)
        ssm.put_parameter(Name="/rules", Value=RULES, Type="String")
        now = [0.0]
        text = parameters.TextParameter(Boto3Clients(Connection(region=REGION)), "/rules", seconds=lambda: now[0])
        assert text.value() == RULES
        ssm.delete_parameter(Name="/rules")

        now[0] = parameters.MAX_AGE_S - 1
        assert text.value() == RULES
        now[0] = parameters.MAX_AGE_S + 1
        with pytest.raises(Exception, match="SSM parameter /rules"):
            text.value()
        ssm.close()
