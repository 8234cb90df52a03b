"""Answers to one person, where the bot is no member: five messages at most, and no word lost."""

from __future__ import annotations

import json
import socket

import pytest

from bot.errors import DeliveryError
from bot.slack.blocks import Message
from bot.slack.messenger import SlackMessenger, joined
from tests.slack.factories import a_long_report
from tests.slack.server import SlackServer


class TestRespond:
    def test_answers_the_person_who_asked_in_five_messages_at_most(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """A response URL takes no more."""
        report = a_long_report()

        messenger.respond(f"{server.url}/response", report, messenger.parts(report))

        sent = server.sent("response")
        assert 1 <= len(sent) <= 5
        assert {body["response_type"] for body in sent} == {"ephemeral"}
        shown = json.dumps(sent)
        for words in ("3 s limit", "lambda:GetPolicy", "slow-downstream", "raise memory", "API calls", "invite me"):
            assert words in shown

    def test_fails_aloud_when_the_url_is_used_up(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """After 30 minutes or five answers Slack says 404."""
        server.script["response"] = [(404, {}, {})]

        with pytest.raises(DeliveryError, match="404"):
            messenger.tell(f"{server.url}/response", "hello")

    def test_sends_nothing_in_the_clear_to_the_real_slack(self) -> None:
        """An address without encryption is not Slack's."""
        messenger = SlackMessenger(token=lambda: "xoxb-test", api_url="https://slack.com/api/")

        with pytest.raises(DeliveryError, match="https"):
            messenger.tell("http://127.0.0.1:1/x", "hello")

    def test_says_when_nobody_listens(self, messenger: SlackMessenger) -> None:
        """A refused connection is a DeliveryError like any other."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        with pytest.raises(DeliveryError, match="no_connection"):
            messenger.tell(f"http://127.0.0.1:{port}/x", "hello")


class TestJoined:
    def test_loses_no_text_when_nothing_fits_together(self) -> None:
        """Blocks give way, words don't."""
        big = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
        messages = [Message(f"text {i}", (big,) * 4) for i in range(7)]

        out = joined(messages, 5)

        assert len(out) == 5
        assert all(any(f"text {i}" in message.text for message in out) for i in range(7))
