"""Messages on the wire, against a server that speaks Slack's Web API and misbehaves on purpose."""

from __future__ import annotations

import json
import socket

import pytest

from bot.errors import DeliveryError
from bot.models.diagnosis import Citation
from bot.models.incident import Asking, Report
from bot.slack.blocks import Message
from bot.slack.messenger import SlackMessenger, joined
from tests.slack.factories import a_charted_report, a_report, a_timeout, a_victim, an_answer, an_incident
from tests.slack.server import HANG_UP, POSTED, Answer, SlackServer


@pytest.fixture
def messenger(server: SlackServer) -> SlackMessenger:
    """Return a messenger that talks to the server."""
    return SlackMessenger(token=lambda: "xoxb-test", api_url=f"{server.url}/api/")


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


def a_long_report() -> Report:
    """Return a report with an excerpt that no message can hold."""
    long = "\n".join(f"line {i}" for i in range(2000))
    return a_report(
        an_answer(diagnoses=[a_timeout(evidence=[Citation(section="logs", ref="g", text=long)]), a_timeout(cause="slow-downstream")])
    )


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

        messenger.reply(a_report(incident=an_incident(victims=victims), worse=("victims",)), "worse")

        everything = json.dumps(server.sent("chat.postMessage")) + server.sent("upload")[0]["raw"]
        assert all(f"fn-{n:03}-errors" in everything for n in range(300))


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
