"""The slash command: every subcommand, what is wrong with its words, and the form for a question."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.models.views import View

from bot.ack.slash import TOPICS
from bot.commands import AskCommand, decode
from tests.ack.conftest import LocalAws
from tests.ack.factories import a_command, a_request
from tests.ack.slack_server import SlackServer, refusal

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def said(response: dict[str, Any]) -> str:
    """Return the private text of an answer."""
    assert response["statusCode"] == 200, response
    message: dict[str, Any] = json.loads(response["body"])
    assert message["response_type"] == "ephemeral"
    return str(message["text"])


class TestTopics:
    @pytest.mark.parametrize(
        ("typed", "topic", "text"),
        [
            ("status", "status", ""),
            ("history checkout-prod", "history", "checkout-prod"),
            ("playbooks", "playbooks", ""),
            ("playbooks function-timeout", "playbooks", "function-timeout"),
            ("mute checkout-prod 1h", "mute", "checkout-prod 1h"),
            ("mute checkout-prod", "mute", "checkout-prod"),
            ("MUTE checkout-prod 2d", "mute", "checkout-prod 2d"),
            ("unmute `checkout-prod`", "unmute", "`checkout-prod`"),
            ("audit arn:aws:lambda:eu-west-1:123456789012:function:checkout:live", "audit", None),
            ("help", "help", ""),
            ("", "help", ""),
            ("  help me ", "help", "me"),
        ],
    )
    def test_a_worker_answers(self, answer: Answer, local_aws: LocalAws, typed: str, topic: str, text: str | None) -> None:
        """It knows the table and what the person may do; the endpoint says nothing itself."""
        response = answer(a_request(a_command(typed)))

        command = decode(local_aws.queued()[0])
        assert isinstance(command, AskCommand)
        assert (response["statusCode"], response["body"]) == (200, "")
        assert command.topic == topic
        assert text is None or command.text == text
        assert (command.user_id, command.channel_id) == ("U2147483697", "C2147483705")
        assert command.response_url == "https://hooks.slack.com/commands/1234/5678"
        assert command.request_id == "13345224609.738474920.8088930838d88f008e0"

    @pytest.mark.parametrize(
        ("typed", "reason"),
        [
            ("history", "none is named"),
            ("audit", "none is named"),
            ("unmute", "none is named"),
            ("mute", "none is named"),
            ("mute checkout 5x", "from a minute to a week"),
            ("mute checkout 8d", "from a minute to a week"),
            ("mute checkout 10s", "from a minute to a week"),
            ("mute checkout 1h please", "'please' is not understood"),
            ("history two names", "'names' is not understood"),
            ("audit not/a/name", "is no function name"),
            ("mute <!channel> 1h", "is no function name"),
        ],
    )
    def test_words_that_are_not_understood_are_named(self, answer: Answer, local_aws: LocalAws, typed: str, reason: str) -> None:
        """At once, with what would be, and nothing is queued."""
        text = said(answer(a_request(a_command(typed))))

        assert reason in text
        assert f"/lambda {typed.split()[0]}" in text
        assert "<" not in text
        assert local_aws.queued() == []

    @pytest.mark.parametrize("topic", sorted(TOPICS))
    def test_a_text_without_end_is_not_queued(self, answer: Answer, local_aws: LocalAws, topic: str) -> None:
        """Slack sends no such command; whoever signed it gets the usage."""
        assert f"/lambda {topic}" in said(answer(a_request(a_command(f"{topic} " + "x" * 5000))))
        assert local_aws.queued() == []


class TestUnknown:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("statsu", "status"),
            ("wyh checkout", "why checkout"),
            ("histroy checkout", "history checkout"),
            ("mut checkout 1h", "mute checkout 1h"),
        ],
    )
    def test_a_near_miss_gets_what_was_probably_meant(self, answer: Answer, local_aws: LocalAws, typed: str, meant: str) -> None:
        """With the words that followed, ready to be copied."""
        text = said(answer(a_request(a_command(typed, command="/medic"))))

        assert f"Did you mean `/medic {meant}`?" in text
        assert local_aws.queued() == []

    @pytest.mark.parametrize("typed", ["deploy everything", "¯\\_(ツ)_/¯", "`<!here>`", "x" * 3000])
    def test_anything_else_gets_help(self, answer: Answer, local_aws: LocalAws, typed: str) -> None:
        """Help, not an error, and nothing of what was typed is live."""
        text = said(answer(a_request(a_command(typed))))

        assert "I don't know" in text
        assert "/lambda why my-function" in text
        assert "<!" not in text
        assert local_aws.queued() == []

    def test_help_names_every_subcommand(self, answer: Answer) -> None:
        """A new one that help does not tell of is not found by anybody."""
        text = said(answer(a_request(a_command("deploy"))))

        assert [topic for topic in ["why", *TOPICS] if f"/lambda {topic}" not in text] == []


class TestForm:
    @pytest.mark.parametrize("typed", ["why", "why   ", "WHY"])
    def test_opens_when_no_function_is_named(self, answer: Answer, local_aws: LocalAws, slack: SlackServer, typed: str) -> None:
        """Type-ahead over the functions, a status, a time; the channel is remembered."""
        response = answer(a_request(a_command(typed)))

        view = slack.views()[0]
        elements = {block["block_id"]: block["element"] for block in view["blocks"]}
        assert (response["statusCode"], response["body"]) == (200, "")
        assert slack.calls[0][1]["trigger_id"] == "13345224609.738474920.8088930838d88f008e0"
        assert (elements["function"]["type"], elements["function"]["min_query_length"]) == ("external_select", 0)
        assert [option["value"] for option in elements["status"]["options"]] == ["any", "502", "503", "504", "500", "429", "403"]
        assert [option["value"] for option in elements["since"]["options"]] == ["30m", "1h", "3h", "24h"]
        assert json.loads(view["private_metadata"])["channel"] == "C2147483705"
        assert local_aws.queued() == []

    def test_is_one_that_slack_takes(self, answer: Answer, slack: SlackServer) -> None:
        """slack_sdk's own validation, and the limits of titles and buttons."""
        answer(a_request(a_command("why")))

        view = slack.views()[0]
        View(**view).validate_json()
        assert all(len(view[part]["text"]) <= 24 for part in ("title", "submit", "close"))

    def test_that_cannot_be_opened_is_replaced_by_the_usage(self, answer: Answer, slack: SlackServer) -> None:
        """What can be typed works without a window."""
        slack.failures["views.open"] = refusal("expired_trigger_id")

        assert "Which function? `/lambda why my-function" in said(answer(a_request(a_command("why"))))


class TestOutage:
    @pytest.fixture(autouse=True)
    def no_queue(self, answer: Answer, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the queue away, once the environment of `answer` stands."""
        monkeypatch.setenv("WORK_QUEUE_URL", local_aws.environ["WORK_QUEUE_URL"] + "-deleted")

    @pytest.mark.parametrize("typed", ["status", "history checkout", "mute checkout 1h", "why checkout"])
    def test_the_person_is_told_that_nothing_was_started(self, answer: Answer, typed: str) -> None:
        """A mute that did not happen must not look like one."""
        assert "nothing was started" in said(answer(a_request(a_command(typed))))

    def test_help_is_given_all_the_same(self, answer: Answer) -> None:
        """Without what this person may do, but with every subcommand."""
        assert "/lambda why my-function" in said(answer(a_request(a_command("help"))))
