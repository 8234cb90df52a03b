"""Buttons and menus, from Slack's request to the queue, the window and what the person is told."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.views import View

from bot.commands import CHANGE_VERBS, MODAL_VERBS, WORK_VERBS, ClickCommand, decode
from tests.ack.conftest import LocalAws
from tests.ack.factories import SECRET, a_click, a_request, an_interaction
from tests.ack.slack_server import TOKEN, VIEW_ID, Failure, SlackServer, refusal

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def click_in(messages: list[dict[str, Any]]) -> ClickCommand:
    """Return the only command on a queue."""
    assert len(messages) == 1, messages
    command = decode(messages[0])
    assert isinstance(command, ClickCommand)
    return command


@pytest.fixture
def no_queues(answer: Answer, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take both queues away, once the environment of `answer` stands."""
    for name in ("WORK_QUEUE_URL", "CHANGE_QUEUE_URL"):
        monkeypatch.setenv(name, local_aws.environ[name] + "-deleted")


@pytest.fixture
def hook(slack: SlackServer) -> str:
    """Return a response URL that answers."""
    return f"{slack.url}/hook"


class TestButton:
    def test_carries_who_clicked_what_and_where(self, answer: Answer, local_aws: LocalAws) -> None:
        """Identity comes from the signed payload, the subject is the button's opaque value."""
        response = answer(an_interaction(a_click()))

        command = click_in(local_aws.changes_queued())
        assert (response["statusCode"], response["body"]) == (200, "")
        assert (command.verb, command.subject, command.user_id, command.team_id) == ("approve", "chg-1.abc", "U1", "T1")
        assert (command.channel_id, command.message_ts, command.thread_ts) == ("C1", "1700000001.000200", "1700000000.000100")
        assert (command.response_url, command.view_id, command.values) == ("https://hooks.slack.com/actions/1/2/3", "", "")
        assert abs(command.asked_at - time.time()) < 30
        assert local_aws.queued() == []

    @pytest.mark.parametrize("verb", sorted((CHANGE_VERBS | WORK_VERBS) - MODAL_VERBS - {"ask"}))
    def test_goes_to_the_queue_that_the_verb_names(self, answer: Answer, local_aws: LocalAws, verb: str) -> None:
        """Only the changing worker hears of changes, only the investigating one of incidents."""
        answer(an_interaction(a_click(f"medic.{verb}.3", "x")))

        change, work = local_aws.changes_queued(), local_aws.queued()
        assert click_in(change if verb in CHANGE_VERBS else work).verb == verb
        assert (work if verb in CHANGE_VERBS else change) == []

    def test_is_one_request_however_often_it_is_replayed(self, answer: Answer, local_aws: LocalAws) -> None:
        """The table lets a key in once; another click on the same button is another request."""
        event = an_interaction(a_click())
        answer(event)
        answer(event)
        answer(an_interaction(a_click(trigger_id="111.333.bbb")))

        keys = [message["request_id"] for message in local_aws.changes_queued()]

        assert sorted(keys) == ["111.222.aaa", "111.222.aaa", "111.333.bbb"]

    def test_without_a_trigger_is_still_told_from_others(self, answer: Answer, local_aws: LocalAws) -> None:
        """Who, when and which button."""
        for user in ("U1", "U1", "U2"):
            answer(an_interaction(a_click(trigger_id="", user={"id": user})))

        keys = {message["request_id"] for message in local_aws.changes_queued()}

        assert keys == {f"{user}|1700000005.123456|medic.approve" for user in ("U1", "U2")}

    @pytest.mark.parametrize(
        "action",
        [
            {"type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": "1 hour"}, "value": "inc-1|60"}},
            {"type": "overflow", "selected_option": {"value": "inc-1|60"}},
            {"type": "external_select", "selected_option": {"value": "inc-1|60"}, "initial_option": {"value": "other"}},
        ],
    )
    def test_a_menu_is_about_what_was_chosen(self, answer: Answer, local_aws: LocalAws, action: dict[str, Any]) -> None:
        """A menu has no value of its own."""
        answer(an_interaction(a_click(actions=[{"action_id": "medic.mute", "action_ts": "1", **action}])))

        assert click_in(local_aws.queued()).subject == "inc-1|60"

    def test_in_the_home_has_no_channel(self, answer: Answer, local_aws: LocalAws) -> None:
        """The home is a view, but no window that could be filled."""
        payload = a_click(container={"type": "view", "view_id": "VHOME"}, view={"id": "VHOME", "type": "home", "callback_id": ""})
        for key in ("channel", "message", "response_url"):
            del payload[key]

        answer(an_interaction(payload))

        command = click_in(local_aws.changes_queued())
        assert (command.channel_id, command.message_ts, command.view_id) == ("", "", "")

    @pytest.mark.parametrize("action_id", ["medic.unknown", "medic.", "other.approve", "medicapprove", "approve", "x" * 255])
    def test_of_another_kind_is_noted_and_ignored(self, answer: Answer, local_aws: LocalAws, slack: SlackServer, action_id: str) -> None:
        """A link button reports its click too; Slack wants its 200."""
        assert answer(an_interaction(a_click(action_id)))["statusCode"] == 200
        assert local_aws.queued() + local_aws.changes_queued() == []
        assert slack.calls == []


class TestRefusal:
    @pytest.mark.parametrize("age_s", [301, -301, 86_400])
    def test_a_stale_click_does_nothing(self, answer: Answer, local_aws: LocalAws, age_s: float) -> None:
        """Five minutes, in either direction."""
        stale = a_request(base64.b64decode(an_interaction(a_click())["body"]), age_s=age_s)

        assert answer(stale)["statusCode"] == 401
        assert local_aws.changes_queued() == []

    def test_a_forged_click_does_nothing(self, answer: Answer, local_aws: LocalAws) -> None:
        """Signed by somebody else, or changed after it was signed."""
        event = an_interaction(a_click())
        body = base64.b64decode(event["body"])
        changed = {**event, "body": base64.b64encode(body.replace(b"U1", b"U9")).decode()}

        assert answer(changed)["statusCode"] == 401
        assert answer(a_request(body, secret=SECRET[::-1]))["statusCode"] == 401
        assert local_aws.changes_queued() == []

    @pytest.mark.parametrize(
        "payload",
        [
            {"type": "block_actions"},
            {"type": "block_actions", "actions": []},
            {"type": "block_actions", "actions": [5]},
            {"type": "block_actions", "actions": [{"value": "x"}]},
            {"type": "block_actions", "actions": [{"action_id": 7}]},
            {"type": "view_submission"},
            {"type": "view_submission", "view": 5},
            {"type": "view_submission", "view": {"callback_id": "medic.ask"}},
            {"type": "view_closed", "view": {}},
            {"type": "block_suggestion"},
            {"type": "message_action"},
            {"type": "event_callback", "event": []},
            {"type": "block_actions", "user": 5, "actions": [{"action_id": "medic.approve"}]},
        ],
    )
    def test_a_signed_click_without_what_makes_one_is_a_bad_request(
        self, answer: Answer, local_aws: LocalAws, payload: dict[str, Any]
    ) -> None:
        """Never an exception, which the function URL would show as 502."""
        assert answer(an_interaction(payload))["statusCode"] == 400
        assert local_aws.queued() + local_aws.changes_queued() == []

    def test_json_that_nests_without_end_is_a_bad_request(self, answer: Answer) -> None:
        """Nobody's parser is run into the ground."""
        body = b"payload=" + b"[" * 200_000

        assert answer(a_request(body))["statusCode"] == 400

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
    @given(
        kind=st.sampled_from(["block_actions", "view_submission", "view_closed", "block_suggestion", "message_action", "shortcut", "x"]),
        body=st.dictionaries(
            st.sampled_from(
                ["user", "team", "actions", "view", "container", "message", "channel", "trigger_id", "callback_id", "action_id"]
            ),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.sampled_from(["", "medic.approve", "medic.ask", "medic.function", "modal"]),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["id", "action_id", "value", "type", "callback_id", "state", "values", "text", "blocks"]), inner
                    )
                ),
                max_leaves=8,
            ),
        ),
    )
    def test_no_signed_payload_is_an_exception(self, answer: Answer, kind: str, body: dict[str, Any]) -> None:
        """Whatever stands in it, there is an answer."""
        assert answer(an_interaction({"type": kind, **body}))["statusCode"] in {200, 400, 404, 503}


class TestWindow:
    def test_is_open_before_the_work_is_queued(self, answer: Answer, local_aws: LocalAws, slack: SlackServer) -> None:
        """The worker gets the window's id and fills it; the subject stands in the window too."""
        assert answer(an_interaction(a_click("medic.plan.0", "off-1")))["statusCode"] == 200

        command = click_in(local_aws.changes_queued())
        assert (command.verb, command.subject, command.view_id) == ("plan", "off-1", VIEW_ID)
        assert [name for name, _ in slack.calls] == ["views.open"]
        assert slack.calls[0][1]["trigger_id"] == "111.222.aaa"
        assert slack.tokens == {f"Bearer {TOKEN}"}
        view = slack.views()[0]
        assert (view["type"], view["private_metadata"]) == ("modal", "off-1")
        assert "submit" not in view

    @pytest.mark.parametrize("verb", sorted(MODAL_VERBS))
    def test_is_one_that_slack_takes(self, answer: Answer, slack: SlackServer, verb: str) -> None:
        """slack_sdk's own validation, and a title of 24 characters at most."""
        answer(an_interaction(a_click(f"medic.{verb}", "x")))

        view = slack.views()[0]
        View(**view).validate_json()
        assert len(view["title"]["text"]) <= 24

    def test_from_a_window_lies_on_top_of_it(self, answer: Answer, local_aws: LocalAws, slack: SlackServer) -> None:
        """Slack keeps what was typed below."""
        view = {"id": "VBELOW", "type": "modal", "callback_id": "medic.request"}
        answer(an_interaction(a_click("medic.wrong", "inc-1", view=view, container={"type": "view", "view_id": "VBELOW"})))

        assert [name for name, _ in slack.calls] == ["views.push"]
        assert click_in(local_aws.queued()).view_id == VIEW_ID

    @pytest.mark.parametrize(
        ("failure", "said"),
        [
            pytest.param(Failure(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "30"}), "no more windows", id="429"),
            pytest.param(Failure(429, b"", {"Retry-After": "30"}), "no more windows", id="429 without a body"),
            pytest.param(refusal("expired_trigger_id"), "waited too long", id="expired"),
            pytest.param(refusal("invalid_auth"), "invalid_auth", id="token revoked"),
            pytest.param(Failure(500, b"<html>"), "could not be opened", id="500"),
            pytest.param(Failure(200, b"<html>"), "could not be opened", id="no JSON"),
            pytest.param(Failure(200, b'{"ok": true}'), "could not be opened", id="no view"),
        ],
    )
    def test_that_slack_refuses_is_told_in_private(
        self, answer: Answer, local_aws: LocalAws, slack: SlackServer, hook: str, failure: Failure, said: str
    ) -> None:
        """The click isn't lost in silence, nor is work begun whose result nobody would see. Nothing is tried twice."""
        slack.failures["views.open"] = failure

        assert answer(an_interaction(a_click("medic.plan", "off-1", response_url=hook)))["statusCode"] == 200

        assert len(slack.calls) == 1
        assert [told["response_type"] for told in slack.told] == ["ephemeral"]
        assert said in slack.told[0]["text"]
        assert "Nothing was started" in slack.told[0]["text"]
        assert local_aws.queued() + local_aws.changes_queued() == []

    def test_that_slack_does_not_answer_for_is_given_up(self, answer: Answer, local_aws: LocalAws, slack: SlackServer, hook: str) -> None:
        """A trigger lasts three seconds."""
        slack.failures["views.open"] = Failure(delay_s=2.5)
        started = time.monotonic()

        answer(an_interaction(a_click("medic.plan", "off-1", response_url=hook)))

        assert time.monotonic() - started < 3
        assert "in time" in slack.told[0]["text"]
        assert local_aws.changes_queued() == []

    def test_says_so_when_the_token_cannot_be_read(
        self, answer: Answer, slack: SlackServer, hook: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A deployment fault, told to the person in words."""
        monkeypatch.setenv("SLACK_BOT_TOKEN_PARAMETER", "/no/such/parameter")

        assert answer(an_interaction(a_click("medic.plan", "off-1", response_url=hook)))["statusCode"] == 200

        assert "access to Slack" in slack.told[0]["text"]


@pytest.mark.usefixtures("no_queues")
class TestOutage:
    def test_the_person_is_told_that_nothing_was_started(self, answer: Answer, slack: SlackServer, hook: str) -> None:
        """Only they see it."""
        assert answer(an_interaction(a_click(response_url=hook)))["statusCode"] == 200

        assert slack.told[0]["response_type"] == "ephemeral"
        assert "nothing was started" in slack.told[0]["text"]
        assert slack.told[0]["replace_original"] is False

    def test_an_open_window_says_so_itself(self, answer: Answer, slack: SlackServer, hook: str) -> None:
        """Instead of loading for ever."""
        answer(an_interaction(a_click("medic.plan", "off-1", response_url=hook)))

        assert [name for name, _ in slack.calls] == ["views.open", "views.update"]
        assert slack.calls[1][1]["view_id"] == VIEW_ID
        assert "nothing was started" in json.dumps(slack.views("views.update"))

    def test_in_the_home_a_window_says_so(self, answer: Answer, slack: SlackServer) -> None:
        """There is no message that could be answered to."""
        answer(an_interaction(a_click(response_url="", view={"id": "VHOME", "type": "home", "callback_id": ""})))

        assert "nothing was started" in json.dumps(slack.views())
        View(**slack.views()[0]).validate_json()

    def test_where_nobody_can_be_told_slack_marks_the_click(self, answer: Answer, slack: SlackServer, hook: str) -> None:
        """Slack shows a sign at a button whose click was not answered with 200."""
        slack.failures["/hook"] = Failure(404, b"no_service")

        assert answer(an_interaction(a_click(response_url=hook)))["statusCode"] == 503

    def test_a_response_url_that_is_none_is_not_called(self, answer: Answer) -> None:
        """A signed body should hold an address of Slack's; whatever else stands there breaks nothing."""
        assert answer(an_interaction(a_click(response_url="file:///etc/passwd")))["statusCode"] == 503
