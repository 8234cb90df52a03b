"""Reports on the wire, against a server that speaks the Web API of Slack and misbehaves on purpose."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.errors import DeliveryError
from bot.models.incident import Asking, Report
from bot.slack.messenger import SlackMessenger
from tests.slack.factories import a_long_report, a_report, a_victim, an_incident
from tests.slack.server import HANG_UP, POSTED, Answer, SlackServer


class TestPost:
    def test_sends_the_first_message_with_its_mark(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """The channel's id comes back: an edit needs it and not the name."""
        posted = messenger.post(a_report())

        assert posted == ("C0DEPLOYS", "1778728330.000100")
        body = server.sent("chat.postMessage")[0]
        assert body["unfurl_links"] is False
        assert body["unfurl_media"] is False
        assert body["metadata"]["event_payload"] == {"incident_id": an_incident().id, "event": "e1", "part": "root"}
        assert "thread_ts" not in body
        assert body["text"].startswith("checkout: function timeout")

    def test_waits_as_long_as_slack_asks(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """About one message a second is allowed in a channel."""
        server.script["chat.postMessage"] = [(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "0"}), POSTED]

        assert messenger.post(a_report())[1] == "1778728330.000100"

    def test_does_not_wait_for_minutes(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """The queue waits for free, a function does not; how long is said, for the other workers wait, too."""
        server.script["chat.postMessage"] = [(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "600"})]

        with pytest.raises(DeliveryError, match="ratelimited") as caught:
            messenger.post(a_report())

        assert caught.value.retry_after_s == 600

    def test_is_not_repeated_when_slack_may_have_taken_it(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """A second thread is worse than a retry from the queue, which looks for the first one."""
        server.script["chat.postMessage"] = [HANG_UP]

        with pytest.raises(DeliveryError) as caught:
            messenger.post(a_report())

        assert caught.value.code == "no_connection"
        assert len(server.sent("chat.postMessage")) == 1

    @pytest.mark.parametrize("code", ["channel_not_found", "not_in_channel", "token_revoked", "is_archived"])
    def test_tells_slacks_own_code(self, server: SlackServer, messenger: SlackMessenger, code: str) -> None:
        """Slack refuses with a 200."""
        server.script["chat.postMessage"] = [(200, {"ok": False, "error": code}, {})]

        with pytest.raises(DeliveryError) as caught:
            messenger.post(a_report())

        assert caught.value.code == code

    def test_sends_the_text_alone_when_slack_refuses_the_blocks(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """The story arrives, whatever Slack has changed in its blocks."""
        refused = {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": ["[ERROR] /blocks/0"]}}
        server.script["chat.postMessage"] = [(200, refused, {}), POSTED]

        messenger.post(a_report())

        first, second = server.sent("chat.postMessage")
        assert first["blocks"]
        assert second["blocks"] == []
        assert second["text"].startswith("checkout: function timeout")

    def test_reads_a_server_error_that_is_no_json(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """A gateway's page must not become an unknown exception."""
        server.script["chat.postMessage"] = [(502, {}, {"Content-Type": "text/html"})]

        with pytest.raises(DeliveryError):
            messenger.post(a_report())


class TestEdit:
    def test_replaces_the_first_message(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """By channel id and ts, which stays a text."""
        messenger.edit(a_report())

        body = server.sent("chat.update")[0]
        assert (body["channel"], body["ts"]) == ("C1", "1778728330.000100")

    def test_is_repeated_after_a_broken_connection(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """The same edit twice is one edit."""
        server.script["chat.update"] = [HANG_UP, POSTED]

        messenger.edit(a_report())

        assert len(server.sent("chat.update")) == 2


class TestReply:
    def test_goes_into_the_thread(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """With the mark of its part, so that a retry finds it."""
        messenger.reply(a_report(), "evidence")

        body = server.sent("chat.postMessage")[0]
        assert body["thread_ts"] == "1778728330.000100"
        assert body["metadata"]["event_payload"]["part"] == "evidence"

    def test_attaches_what_was_too_long(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """The file holds the whole text, in the thread."""
        messenger.reply(a_long_report(), "excerpts")

        assert "line 1999" in server.sent("upload")[0]["raw"]
        done = server.sent("files.completeUploadExternal")[0]
        assert (done["channel_id"], done["thread_ts"]) == ("C1", "1778728330.000100")

    def test_says_so_when_it_may_not_attach(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """The scope is named, and where the text is."""
        server.script["files.getUploadURLExternal"] = [(200, {"ok": False, "error": "missing_scope", "needed": "files:write"}, {})]

        messenger.reply(a_long_report(), "excerpts")

        assert "files:write" in server.sent("chat.postMessage")[0]["text"]


class TestFind:
    def test_finds_the_first_message_by_its_mark(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """After a crash between the post and its note, the thread is taken up again."""
        mark = {"event_type": "lambda_medic_incident", "event_payload": {"incident_id": an_incident().id, "event": "e1", "part": "root"}}
        other = {"event_type": "lambda_medic_incident", "event_payload": {"incident_id": "inc-other", "part": "root"}}
        messages = [{"ts": "1.0"}, {"ts": "2.0", "metadata": other}, {"ts": "3.0", "metadata": mark}]
        server.script["conversations.history"] = [(200, {"ok": True, "messages": messages}, {})]

        assert messenger.find(an_incident()) == ("C1", "3.0")

    @pytest.mark.parametrize(
        "answer", [(200, {"ok": False, "error": "missing_scope"}, {}), (200, {"ok": True, "messages": [None, {}]}, {})]
    )
    def test_finds_nothing_where_it_may_not_look(self, server: SlackServer, messenger: SlackMessenger, answer: Answer) -> None:
        """The scope is not asked for by default."""
        server.script["conversations.history"] = [answer]

        assert messenger.find(an_incident()) is None

    def test_names_the_replies_of_this_event(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """Replies of an earlier alarm in the same thread are others."""
        marks = [{"incident_id": "i", "event": event, "part": part} for event, part in [("e1", "evidence"), ("e0", "gaps")]]
        messages = [{"ts": "1", "metadata": {"event_type": "lambda_medic_incident", "event_payload": mark}} for mark in marks]
        server.script["conversations.replies"] = [(200, {"ok": True, "messages": messages}, {})]

        assert messenger.posted_parts(a_report()) == {"evidence"}


class TestProgress:
    def test_is_an_edit_of_the_first_message(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """The same message, again and again."""
        messenger.show_progress(Report(incident=an_incident(phase="investigating"), progress=Asking(asked=4, answered=1)))

        assert "1 of 4 questions answered" in json.dumps(server.sent("chat.update")[0]["blocks"])

    @pytest.mark.parametrize(
        "answer",
        [(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "5"}), (200, {"ok": False, "error": "is_archived"}, {}), HANG_UP],
    )
    def test_waits_for_nothing_and_says_nothing(self, server: SlackServer, messenger: SlackMessenger, answer: Answer) -> None:
        """The next edit says it better."""
        server.script["chat.update"] = [answer]

        messenger.show_progress(Report(incident=an_incident(phase="investigating")))

        assert len(server.sent("chat.update")) == 1


class TestBroadcast:
    def test_only_what_became_worse_is_seen_in_the_channel(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """Everything else stays in the thread."""
        for part in ("evidence", "worse"):
            messenger.reply(a_report(worse=("victims",)), part)

        assert [body["reply_broadcast"] for body in server.sent("chat.postMessage")] == [False, True]

    def test_a_list_that_is_too_long_is_attached(self, server: SlackServer, messenger: SlackMessenger) -> None:
        """Three hundred victims: what does not fit into the note is in its file."""
        victims = tuple(a_victim(f"fn-{n:03}") for n in range(300))
        turns: list[tuple[str, int]] = []
        waiting = replace(messenger, before_file=lambda channel: turns.append((channel, len(server.sent("upload")))))

        waiting.reply(a_report(incident=an_incident(victims=victims), worse=("victims",)), "worse")

        assert turns == [(an_incident().channel, 0)], "a file is one message more, and waits for its own second"
        everything = json.dumps(server.sent("chat.postMessage")) + server.sent("upload")[0]["raw"]
        assert all(f"fn-{n:03}-errors" in everything for n in range(300))
