"""What Slack refuses or delays, whichever message it is."""

from __future__ import annotations

import socket

import pytest

from bot.errors import DeliveryError
from bot.slack.messenger import SlackMessenger
from tests.slack.factories import a_long_report, a_report
from tests.slack.server import POSTED, Answer, SlackServer


class TestFaultsOfSlack:
    @pytest.mark.parametrize(
        "code",
        [
            "channel_not_found",
            "is_archived",
            "not_in_channel",
            "token_revoked",
            "token_expired",
            "invalid_auth",
            "account_inactive",
            "restricted_action",
        ],
    )
    @pytest.mark.parametrize("part", ["root", "edit", "evidence", "excerpts"])
    def test_are_told_by_their_own_code_everywhere(self, server: SlackServer, messenger: SlackMessenger, code: str, part: str) -> None:
        """A deleted, archived or foreign channel, a revoked token: who works on it decides what follows."""
        refused: Answer = (200, {"ok": False, "error": code}, {})
        server.script = {name: [refused] for name in ("chat.postMessage", "chat.update", "files.getUploadURLExternal")}

        with pytest.raises(DeliveryError) as caught:
            _say(messenger, part)

        assert caught.value.code == code
        assert len(server.calls) == 1

    @pytest.mark.parametrize("part", ["root", "edit", "evidence", "excerpts"])
    def test_wait_as_long_as_slack_asks(self, server: SlackServer, messenger: SlackMessenger, part: str) -> None:
        """429 with Retry-After, then all is well: nothing is lost, and nothing comes twice."""
        limited = (429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
        server.script = {"chat.postMessage": [limited, POSTED], "chat.update": [limited, POSTED], "files.completeUploadExternal": [limited]}

        _say(messenger, part)

        assert sum(name in {"chat.postMessage", "chat.update", "files.completeUploadExternal"} for name, _ in server.calls) == 2

    def test_say_who_is_down(self) -> None:
        """Nobody listens at Slack's address: the queue brings the delivery again."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            messenger = SlackMessenger(token=lambda: "xoxb-test", api_url=f"http://127.0.0.1:{free.getsockname()[1]}/api/")

            with pytest.raises(DeliveryError) as caught:
                messenger.post(a_report())

        assert caught.value.code == "no_connection"


def _say(messenger: SlackMessenger, part: str) -> None:
    """Send one of the kinds of message that there are."""
    if part == "root":
        messenger.post(a_report())
    elif part == "edit":
        messenger.edit(a_report())
    else:
        messenger.reply(a_long_report(), part)
