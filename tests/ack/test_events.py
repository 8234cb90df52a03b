"""Mentions, the home, and the shortcuts: whatever is no command and no click."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.ack.message import message_text, plain
from bot.commands import MAX_TEXT_CHARS, HomeCommand, MessageCommand, decode
from tests.ack.conftest import LocalAws
from tests.ack.factories import an_event, an_interaction
from tests.ack.slack_server import SlackServer

Answer = Callable[[dict[str, Any]], dict[str, Any]]

MENTION = {
    "type": "app_mention",
    "user": "U1",
    "text": "<@UBOT> why does checkout fail?",
    "ts": "1700000009.000300",
    "thread_ts": "1700000000.000100",
    "channel": "C1",
    "event_ts": "1700000009.000300",
}


class TestMention:
    def test_is_queued_with_what_was_said_and_where(self, answer: Answer, local_aws: LocalAws) -> None:
        """The bot's own name is no part of it."""
        response = answer(an_event(MENTION))

        command = decode(local_aws.queued()[0])
        assert isinstance(command, MessageCommand)
        assert (response["statusCode"], response["body"]) == (200, "")
        assert (command.request_id, command.text, command.user_id) == ("Ev1", "why does checkout fail?", "U1")
        assert (command.channel_id, command.message_ts, command.thread_ts) == ("C1", "1700000009.000300", "1700000000.000100")

    def test_carries_the_events_id_when_slack_sends_it_again(self, answer: Answer, local_aws: LocalAws) -> None:
        """Slack repeats up to three times what it thinks was not taken; by the id the table lets it in once."""
        for _ in range(3):
            answer(an_event(MENTION))

        assert {message["request_id"] for message in local_aws.queued()} == {"Ev1"}

    @pytest.mark.parametrize("change", [{"bot_id": "B1"}, {"user": ""}, {"user": None}])
    def test_by_a_bot_is_ignored(self, answer: Answer, local_aws: LocalAws, change: dict[str, Any]) -> None:
        """Two bots would talk to each other for ever; our own messages come from a bot too."""
        assert answer(an_event({**MENTION, **change}))["statusCode"] == 200
        assert local_aws.queued() == []

    @pytest.mark.parametrize(
        ("text", "authorizations", "said"),
        [
            ("<@UBOT> again", [{"user_id": "UBOT", "is_bot": True}], "again"),
            ("hey <@UBOT>, again <@UBOT>", [{"user_id": "UBOT", "is_bot": True}], "hey  , again"),
            ("<@UBOT|medic> again", [], "again"),
            ("<@UBOT>", [], ""),
            ("<@UBOT> a &lt;b&gt; &amp;amp; c", [], "a <b> &amp; c"),
        ],
    )
    def test_reads_text_as_it_was_typed(
        self, answer: Answer, local_aws: LocalAws, text: str, authorizations: list[dict[str, Any]], said: str
    ) -> None:
        """Slack's escapes and marks are undone once."""
        answer(an_event({**MENTION, "text": text}, authorizations=authorizations))

        assert local_aws.queued()[0]["text"].replace(" ", "") == said.replace(" ", "")

    def test_that_the_queue_did_not_take_comes_again(self, answer: Answer, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
        """Slack repeats an event that was not answered with 200."""
        monkeypatch.setenv("WORK_QUEUE_URL", local_aws.environ["WORK_QUEUE_URL"] + "-deleted")

        assert answer(an_event(MENTION))["statusCode"] == 503

    def test_of_another_kind_is_taken_and_ignored(self, answer: Answer, local_aws: LocalAws) -> None:
        """Refusing what somebody subscribed to beyond the manifest would end the subscription."""
        assert answer(an_event({"type": "message", "user": "U1", "text": "hello", "channel": "C1"}))["statusCode"] == 200
        assert local_aws.queued() == []


class TestHome:
    def test_is_drawn_for_who_opened_it(self, answer: Answer, local_aws: LocalAws) -> None:
        """The worker draws it."""
        answer(an_event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home", "event_ts": "1"}))

        command = decode(local_aws.queued()[0])
        assert isinstance(command, HomeCommand)
        assert (command.request_id, command.user_id, command.team_id) == ("Ev1", "U1", "T1")

    @pytest.mark.parametrize("event", [{"tab": "messages", "user": "U1"}, {"tab": "home"}, {}])
    def test_another_tab_is_none(self, answer: Answer, local_aws: LocalAws, event: dict[str, Any]) -> None:
        """Nothing to draw."""
        assert answer(an_event({"type": "app_home_opened", **event}))["statusCode"] == 200
        assert local_aws.queued() == []


AMAZON_Q = {
    "ts": "1700000002.000400",
    "bot_id": "B9",
    "text": "",
    "attachments": [
        {
            "fallback": "CloudWatch Alarm | checkout-errors | eu-west-1 | Account: 123456789012",
            "title": "CloudWatch Alarm | checkout-errors | eu-west-1 | Account: 123456789012",
            "title_link": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/checkout-errors",
            "fields": [
                {"title": "Metric", "value": "Errors", "short": True},
                {"title": "Function", "value": "checkout-prod", "short": True},
            ],
        }
    ],
}


def on_message(message: Any, **changes: Any) -> dict[str, Any]:
    """Return the shortcut "Why?" on a message."""
    return an_interaction(
        {
            "type": "message_action",
            "callback_id": "medic.message",
            "trigger_id": "555.666.ccc",
            "message_ts": "1700000002.000400",
            "action_ts": "1700000010.1",
            "user": {"id": "U1"},
            "team": {"id": "T1"},
            "channel": {"id": "C1", "name": "alarms"},
            "response_url": "https://hooks.slack.com/app/1/2",
            "message": message,
            **changes,
        }
    )


class TestMessageShortcut:
    def test_carries_all_that_another_tools_message_says(self, answer: Answer, local_aws: LocalAws) -> None:
        """Amazon Q writes into attachments; the names and the console's link stand there."""
        answer(on_message(AMAZON_Q))

        command = decode(local_aws.queued()[0])
        assert isinstance(command, MessageCommand)
        assert (command.request_id, command.user_id, command.channel_id) == ("555.666.ccc", "U1", "C1")
        assert (command.message_ts, command.thread_ts) == ("1700000002.000400", "")
        assert command.response_url == "https://hooks.slack.com/app/1/2"
        assert command.text.splitlines() == [
            "CloudWatch Alarm | checkout-errors | eu-west-1 | Account: 123456789012",
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/checkout-errors",
            "Metric",
            "Errors",
            "Function",
            "checkout-prod",
        ]

    def test_on_a_message_without_end_is_cut(self, answer: Answer, local_aws: LocalAws) -> None:
        """Any amount of text and of blocks is a command of 4,000 characters."""
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": f"line {n}"}} for n in range(5_000)]

        assert answer(on_message({"ts": "1", "text": "x" * 100_000, "blocks": blocks}))["statusCode"] == 200
        assert answer(on_message({"ts": "1", "blocks": blocks}))["statusCode"] == 200

        assert [len(message["text"]) for message in local_aws.queued()] == [MAX_TEXT_CHARS, MAX_TEXT_CHARS]

    @pytest.mark.parametrize("message", [None, [], {}, {"text": 5, "blocks": 5, "attachments": [None, 5, {"fields": "x"}]}])
    def test_on_a_message_that_says_nothing_is_for_the_worker_to_answer(self, answer: Answer, local_aws: LocalAws, message: Any) -> None:
        """It says that no name is in it."""
        assert answer(on_message(message))["statusCode"] == 200
        assert local_aws.queued()[0]["text"] == ""

    def test_says_so_when_the_queue_is_gone(
        self, answer: Answer, local_aws: LocalAws, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Privately, through the response URL."""
        monkeypatch.setenv("WORK_QUEUE_URL", local_aws.environ["WORK_QUEUE_URL"] + "-deleted")

        answer(on_message(AMAZON_Q, response_url=f"{slack.url}/hook"))

        assert "nothing was started" in slack.told[0]["text"]


class TestText:
    def test_is_read_from_every_kind_of_part(self) -> None:
        """Blocks of any depth, attachments with blocks in them, files by their titles."""
        message = {
            "text": "head",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "a header"}},
                {"type": "section", "text": {"type": "mrkdwn", "text": "a section"}, "fields": [{"type": "mrkdwn", "text": "a field"}]},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": "some context"}]},
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "rich words"},
                                {"type": "emoji", "name": "wave"},
                                {"type": "link", "url": "https://example.com/fn", "text": "a link"},
                            ],
                        }
                    ],
                },
                {"type": "actions", "elements": [{"type": "button", "action_id": "x", "value": "opaque", "text": {"text": "a button"}}]},
            ],
            "attachments": [{"pretext": "before", "blocks": [{"type": "section", "text": {"text": "inside"}}]}],
            "files": [{"name": "log.txt", "title": "the log", "url_private": "https://files.slack.com/secret"}],
        }

        assert message_text(message).splitlines() == [
            "head",
            "a header",
            "a section",
            "a field",
            "some context",
            "rich words",
            "a link",
            "https://example.com/fn",
            "a button",
            "before",
            "inside",
            "the log",
            "log.txt",
        ]

    @pytest.mark.parametrize(
        ("mrkdwn", "text"),
        [
            ("<https://a.example/x|the page>", "the page https://a.example/x"),
            ("<https://a.example/x?a=1&amp;b=2>", "https://a.example/x?a=1&b=2"),
            ("<!channel> <@U1> <#C1|general> <!subteam^S1> look", "look"),
            ("1 &lt; 2 &amp;lt; 3", "1 < 2 &lt; 3"),
        ],
    )
    def test_is_freed_of_slacks_marks(self, mrkdwn: str, text: str) -> None:
        """A label and its address stay, a mention goes."""
        assert plain(mrkdwn) == text


class TestGlobalShortcut:
    def test_opens_the_form(self, answer: Answer, local_aws: LocalAws, slack: SlackServer) -> None:
        """From the search bar there is no channel."""
        answer(an_interaction({"type": "shortcut", "callback_id": "medic.ask", "trigger_id": "7.8.d", "user": {"id": "U1"}}))

        assert slack.calls[0][1]["trigger_id"] == "7.8.d"
        assert json.loads(slack.views()[0]["private_metadata"])["channel"] == ""
        assert local_aws.queued() == []

    def test_of_the_home_opens_it_too(self, answer: Answer, slack: SlackServer) -> None:
        """The button in the home has the same id."""
        body = {
            "type": "block_actions",
            "trigger_id": "7.8.e",
            "user": {"id": "U1"},
            "view": {"id": "VHOME", "type": "home", "callback_id": ""},
            "container": {"type": "view", "view_id": "VHOME"},
            "actions": [{"action_id": "medic.ask", "type": "button", "action_ts": "1"}],
        }

        answer(an_interaction(body))

        assert slack.views()[0]["callback_id"] == "medic.ask"


def test_an_unsigned_event_is_refused(answer: Answer, local_aws: LocalAws) -> None:
    """The challenge too is answered only to Slack."""
    event = an_event(MENTION)
    body = json.dumps({"type": "url_verification", "challenge": "x"}).encode()

    assert answer({**event, "body": base64.b64encode(body).decode()})["statusCode"] == 401
    assert local_aws.queued() == []
