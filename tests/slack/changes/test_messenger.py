"""Changes on the wire, against a server that speaks Slack's Web API and misbehaves on purpose."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import DeliveryError
from bot.models.plan import Ownership
from bot.slack.changes.messenger import SlackChangeMessenger
from tests.slack.changes.factories import a_change, a_plan, a_window, in_state
from tests.slack.factories import a_report
from tests.slack.server import HANG_UP, POSTED, Answer, SlackServer


def refused(code: str, **more: Any) -> Answer:
    """Return Slack's refusal."""
    return (200, {"ok": False, "error": code, **more}, {})


@pytest.fixture
def messenger(server: SlackServer) -> SlackChangeMessenger:
    """Return a messenger that talks to the server."""
    return SlackChangeMessenger(token=lambda: "xoxb-test", api_url=f"{server.url}/api/")


def a_long_plan() -> Any:
    """Return a plan whose patch no message can hold."""
    patch = "\n".join(f"line {i}" for i in range(2000))
    return a_plan(ownership=Ownership(owner="terraform", warning="Terraform owns it", patch=patch))


class TestMessage:
    def test_goes_into_the_thread_with_its_mark(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """The mark holds ids only."""
        change = a_change()

        assert messenger.post_change(change) == "1778728330.000100"

        body = server.sent("chat.postMessage")[0]
        assert (body["channel"], body["thread_ts"]) == (change.channel, change.thread_ts)
        assert body["metadata"] == {
            "event_type": "lambda_medic_change",
            "event_payload": {"change_id": change.id, "incident_id": change.incident_id, "part": "change"},
        }
        assert not body.get("reply_broadcast")

    def test_is_not_posted_twice_when_slack_may_have_taken_it(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """Two messages with buttons would be worse than a retry that looks first."""
        server.script["chat.postMessage"] = [HANG_UP]

        with pytest.raises(DeliveryError, match="no_connection"):
            messenger.post_change(a_change())

        assert len(server.sent("chat.postMessage")) == 1

    def test_is_found_again_by_its_mark(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """Notes of the same change are others."""
        change = a_change()
        marks = [
            {"change_id": "chg-other", "part": "change"},
            {"change_id": change.id, "part": "failed"},
            {"change_id": change.id, "part": "change"},
        ]
        messages = [
            {"ts": str(i), "metadata": {"event_type": "lambda_medic_change", "event_payload": mark}} for i, mark in enumerate(marks)
        ]
        server.script["conversations.replies"] = [(200, {"ok": True, "messages": messages}, {})]

        assert messenger.find_change(change) == "2"

    def test_is_not_found_where_the_bot_may_not_look(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """The scope is not asked for by default."""
        server.script["conversations.replies"] = [refused("missing_scope")]

        assert messenger.find_change(a_change()) is None
        assert messenger.find_change(a_change(thread_ts="")) is None

    def test_is_edited_in_place(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """Also after a broken connection: the same edit twice is one."""
        server.script["chat.update"] = [HANG_UP, POSTED]
        change = in_state("verified")

        messenger.edit_change(change)

        bodies = server.sent("chat.update")
        assert len(bodies) == 2
        assert (bodies[1]["channel"], bodies[1]["ts"]) == (change.channel, change.message_ts)

    def test_without_a_message_nothing_is_edited(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """It was never posted."""
        messenger.edit_change(a_change(message_ts=""))

        assert server.calls == []

    def test_a_long_patch_is_attached_whole(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """In the same thread, when its own second has come."""
        turns: list[str] = []
        replace(messenger, before_file=turns.append).post_change(a_change(a_long_plan()))

        assert turns == [a_change().channel]
        assert "line 1999" in server.sent("upload")[0]["raw"]
        assert server.sent("files.completeUploadExternal")[0]["thread_ts"] == a_change().thread_ts

    @pytest.mark.parametrize("code", ["missing_scope", "internal_error"])
    def test_a_file_that_fails_does_not_undo_the_message(self, server: SlackServer, messenger: SlackChangeMessenger, code: str) -> None:
        """A fault here would post the message again."""
        server.script["files.getUploadURLExternal"] = [refused(code)]

        assert messenger.post_change(a_change(a_long_plan())) == "1778728330.000100"

    @pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "message_not_found", "token_revoked"])
    def test_tells_slacks_own_code(self, server: SlackServer, messenger: SlackChangeMessenger, code: str) -> None:
        """The workflow decides what follows."""
        server.script["chat.update"] = [refused(code)]

        with pytest.raises(DeliveryError) as caught:
            messenger.edit_change(a_change())

        assert caught.value.code == code


class TestNote:
    def test_goes_into_the_thread(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """With a mark of its own."""
        messenger.note(in_state("verified"), "verified")

        body = server.sent("chat.postMessage")[0]
        assert body["thread_ts"] == a_change().thread_ts
        assert body["metadata"]["event_payload"]["part"] == "verified"


class TestWindow:
    def test_is_filled(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """By the id of the view that the endpoint opened."""
        messenger.show_plan("V1", a_window())

        body = server.sent("views.update")[0]
        assert body["view_id"] == "V1"
        assert _view(body)["callback_id"] == "medic.request"

    def test_that_was_closed_is_no_fault(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """The person thought better of it."""
        server.script["views.update"] = [refused("not_found")] * 2

        messenger.show_plan("V1", a_window())
        messenger.show_problem("V1", "gone")

    def test_that_slack_refuses_says_how_to_go_on(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """The person must not wait before "Reading the live state…" forever."""
        server.script["views.update"] = [refused("invalid_arguments", response_metadata={"messages": ["[ERROR] /view/blocks/3"]})]

        messenger.show_plan("V1", a_window())

        said = json.dumps(_view(server.sent("views.update")[1]))
        assert "medic plan" in said
        assert "aws lambda update-function-configuration" in said

    def test_of_a_revoked_token_is_a_fault(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """The queue brings it again."""
        server.script["views.update"] = [refused("token_revoked")]

        with pytest.raises(DeliveryError, match="token_revoked"):
            messenger.show_problem("V1", "x")


class TestTell:
    def test_answers_privately(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """And leaves the message with the buttons alone."""
        messenger.tell(f"{server.url}/response", "you may not <!channel>")

        body = server.sent("response")[0]
        assert body["text"] == "you may not &lt;!channel&gt;"
        assert (body["response_type"], body["replace_original"]) == ("ephemeral", False)

    def test_answers_a_form_in_the_thread(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """Seen by one person only."""
        messenger.tell_person("C1", "1.0", "U0ONCALL", "no: <!here>")

        body = server.sent("chat.postEphemeral")[0]
        assert (body["channel"], body["user"], body["thread_ts"]) == ("C1", "U0ONCALL", "1.0")
        assert body["text"] == "no: &lt;!here&gt;"

    def test_answers_in_the_apps_own_conversation_where_there_is_no_channel(
        self, server: SlackServer, messenger: SlackChangeMessenger
    ) -> None:
        """The form was opened from the app's home."""
        messenger.tell_person("", "", "U0ONCALL", "no")

        assert server.sent("chat.postMessage")[0]["channel"] == "U0ONCALL"

    def test_a_text_beyond_slacks_limit_is_cut(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """An error of AWS can be long."""
        messenger.tell_person("C1", "1.0", "U0ONCALL", "<" * 50_000)

        assert len(server.sent("chat.postEphemeral")[0]["text"]) <= 4000


class TestRoot:
    def test_is_edited_as_the_incident_does(self, server: SlackServer, messenger: SlackChangeMessenger) -> None:
        """The first message says that a fix was asked for."""
        messenger.edit(a_report())

        assert server.sent("chat.update")[0]["metadata"]["event_payload"]["part"] == "root"


def _view(body: dict[str, Any]) -> dict[str, Any]:
    view = body["view"]
    parsed: dict[str, Any] = json.loads(view) if isinstance(view, str) else view
    return parsed
