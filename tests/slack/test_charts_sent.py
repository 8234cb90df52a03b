"""A chart on the wire: attached with its words, and never in the way of the diagnosis."""

from __future__ import annotations

import json

import pytest

from bot.slack.messenger import SlackMessenger
from tests.slack.factories import a_charted_report, an_incident
from tests.slack.server import SlackServer


class TestChart:
    def test_is_uploaded_into_the_thread_with_its_words(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """Whoever cannot see it reads it."""
        messenger.reply(a_charted_report(), "chart")

        asked = server.sent("files.getUploadURLExternal")[0]
        assert asked["filename"] == f"{an_incident().id}-e1-chart.png"
        assert asked["alt_txt"].startswith("Chart. errors: highest 20 at 03:00 UTC")
        assert server.sent("upload")[0]["raw"].startswith("\ufffdPNG")
        done = server.sent("files.completeUploadExternal")[0]
        assert (done["channel_id"], done["thread_ts"]) == ("C1", "1778728330.000100")
        assert json.loads(done["files"])[0]["title"] == "checkout, 02:42 to 03:12 UTC"

    def test_is_drawn_by_others_where_they_can(self, server: SlackServer) -> None:
        """CloudWatch's own picture comes first."""
        messenger = SlackMessenger(token=lambda: "xoxb-test", api_url=f"{server.url}/api/", chart_image=lambda plan: b"from CloudWatch")

        messenger.reply(a_charted_report(), "chart")

        assert server.sent("upload")[0]["raw"] == "from CloudWatch"

    def test_is_drawn_here_where_they_cannot(self, server: SlackServer) -> None:
        """An AWS of one's own draws none."""
        messenger = SlackMessenger(token=lambda: "xoxb-test", api_url=f"{server.url}/api/", chart_image=lambda plan: None)

        messenger.reply(a_charted_report(), "chart")

        assert "PNG" in server.sent("upload")[0]["raw"]

    @pytest.mark.parametrize("code", ["missing_scope", "not_in_channel", "storage_limit_reached", "ratelimited"])
    def test_holds_nothing_back_when_it_cannot_be_attached(self, server: SlackServer, messenger: SlackMessenger, code: str) -> None:
        """It is no part of the diagnosis."""
        server.script["files.getUploadURLExternal"] = [(200, {"ok": False, "error": code}, {})]

        messenger.reply(a_charted_report(), "chart")

        assert not server.sent("files.completeUploadExternal")

    def test_is_found_by_its_name_after_a_crash(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """A file's message takes no mark."""
        files = [{"name": f"{an_incident().id}-{event}-{part}"} for event, part in [("e1", "chart.png"), ("e0", "excerpts.txt")]]
        server.script["conversations.replies"] = [(200, {"ok": True, "messages": [{"ts": "1", "files": files}, {"files": [None]}]}, {})]

        assert messenger.posted_parts(a_charted_report()) == {"chart"}
