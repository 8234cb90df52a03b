"""Windows, private answers and scopes: taken and refused as Slack does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.demo.slack_server import SlackServer
from bot.demo.view_limits import view_faults

CHANNEL = "C0INCIDENTS"


def text(words: str) -> dict[str, Any]:
    """Return a plain text object."""
    return {"type": "plain_text", "text": words}


def modal(words: str = "hello", **more: Any) -> dict[str, Any]:
    """Return a small window."""
    return {"type": "modal", "title": text("Change"), "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": words}}], **more}


def field(element: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a form's one block."""
    return [{"type": "input", "label": text("x"), "element": {"action_id": "a", **element}}]


def option(words: str, value: str) -> dict[str, Any]:
    """Return one row of a menu."""
    return {"text": text(words), "value": value}


class Clock:
    """A clock that stands still."""

    now = 100.0

    def __call__(self) -> float:
        """Return its time."""
        return self.now


SURE = {"title": text("x"), "text": text("y"), "confirm": text("y"), "deny": text("n")}


@pytest.fixture
def clock() -> Clock:
    """Return the clock of triggers and addresses."""
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[SlackServer]:
    """Return a running server."""
    with SlackServer("xoxb-right", (CHANNEL,)) as running:
        running.workspace.views.clock = clock
        running.workspace.answers.clock = clock
        yield running


@pytest.fixture
def client(server: SlackServer) -> WebClient:
    """Return Slack's own client."""
    return WebClient(token="xoxb-right", base_url=server.api_url)


def code_of(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    """Return Slack's word for the refusal."""
    return str(caught.value.response["error"])


class TestTriggers:
    def test_one_opens_one_window(self, server: SlackServer, client: WebClient) -> None:
        """A second use is refused."""
        trigger = server.workspace.views.new_trigger("U0ONCALL")
        client.views_open(trigger_id=trigger, view=modal())

        with pytest.raises(SlackApiError) as caught:
            client.views_open(trigger_id=trigger, view=modal())
        assert code_of(caught) == "exchanged_trigger_id"

    def test_lasts_three_seconds(self, server: SlackServer, client: WebClient, clock: Clock) -> None:
        """Whoever is slower than Slack waits gets no window."""
        trigger = server.workspace.views.new_trigger("U0ONCALL")
        clock.now += 3.1

        with pytest.raises(SlackApiError) as caught:
            client.views_open(trigger_id=trigger, view=modal())
        assert code_of(caught) == "expired_trigger_id"
        assert server.workspace.views.top("U0ONCALL") is None


class TestWindows:
    def test_is_filled_by_its_id_and_keeps_it(self, server: SlackServer, client: WebClient) -> None:
        """The endpoint opens it, the worker fills it; an old hash is refused."""
        opened = client.views_open(trigger_id=server.workspace.views.new_trigger("U0ONCALL"), view=modal("loading"))["view"]
        filled = client.views_update(view_id=opened["id"], hash=opened["hash"], view=modal("the plan"))["view"]

        assert filled["id"] == opened["id"]
        assert filled["hash"] != opened["hash"]
        with pytest.raises(SlackApiError) as caught:
            client.views_update(view_id=opened["id"], hash=opened["hash"], view=modal("late"))
        assert code_of(caught) == "hash_conflict"

    def test_closed_one_cannot_be_filled(self, server: SlackServer, client: WebClient) -> None:
        """The person went away before the worker was done."""
        opened = client.views_open(trigger_id=server.workspace.views.new_trigger("U0ONCALL"), view=modal())["view"]
        server.workspace.views.close("U0ONCALL")

        with pytest.raises(SlackApiError) as caught:
            client.views_update(view_id=opened["id"], view=modal())
        assert code_of(caught) == "not_found"

    def test_stack_has_three_at_most(self, server: SlackServer, client: WebClient) -> None:
        """As deep as Slack's."""
        client.views_open(trigger_id=server.workspace.views.new_trigger("U0ONCALL"), view=modal("1"))
        client.views_push(trigger_id=server.workspace.views.new_trigger("U0ONCALL"), view=modal("2"))
        client.views_push(trigger_id=server.workspace.views.new_trigger("U0ONCALL"), view=modal("3"))

        with pytest.raises(SlackApiError) as caught:
            client.views_push(trigger_id=server.workspace.views.new_trigger("U0ONCALL"), view=modal("4"))
        assert code_of(caught) == "push_limit_reached"

    @pytest.mark.parametrize(
        ("fault", "view"),
        [
            ("view/title", modal(title=text("x" * 25))),
            ("view/submit", modal(submit={"type": "mrkdwn", "text": "x"})),
            ("view/private_metadata", modal(private_metadata="x" * 3001)),
            ("view/surprise", modal(surprise=1)),
            ("view/blocks", modal(blocks=[{"type": "divider"}] * 101)),
            ("view/submit: needed", modal(blocks=field({"type": "plain_text_input"}))),
            ("is_decimal_allowed", modal(submit=text("x"), blocks=field({"type": "number_input"}))),
            ("view/type", {**modal(), "type": "home"}),
        ],
    )  # fmt: skip
    def test_faults_are_named_by_their_place(self, fault: str, view: dict[str, Any]) -> None:
        """Slack's own validation is no more lenient."""
        assert [said for said in view_faults(view, "modal") if fault in said]


class TestButtons:
    @pytest.mark.parametrize(
        "element",
        [
            {"type": "button", "text": text("x" * 76), "action_id": "a"},
            {"type": "button", "text": text("x")},
            {"type": "button", "text": text("x"), "action_id": "a", "style": "warning"},
            {"type": "button", "text": text("x"), "action_id": "a", "confirm": {**SURE, "text": text("y" * 301)}},
            {"type": "overflow", "action_id": "a", "options": [option("x", str(n)) for n in range(6)]},
            {"type": "static_select", "action_id": "a", "options": [option("x", "v" * 151)]},
            {"type": "static_select", "action_id": "a", "options": [option("x", "1")], "initial_option": option("y", "2")},
            {"type": "hologram", "action_id": "a"},
        ],
    )  # fmt: skip
    def test_what_slack_refuses_is_refused(self, client: WebClient, element: dict[str, Any]) -> None:
        """A message with such an element reaches nobody."""
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel=CHANNEL, text="x", blocks=[{"type": "actions", "elements": [element]}])
        assert code_of(caught) == "invalid_blocks"


class TestAnswers:
    @pytest.mark.filterwarnings("ignore:.*:UserWarning")
    def test_is_seen_by_whoever_clicked(self, server: SlackServer) -> None:
        """In the channel; five uses."""
        url = f"{server.base_url}/response/{server.workspace.answers.new('U0ONCALL', CHANNEL)}"
        answers = [WebhookClient(url).send(text=f"answer {n}") for n in range(6)]

        assert [answer.status_code for answer in answers] == [200] * 5 + [404]
        assert answers[5].body == "used_url"
        assert {message.only_for for message in server.workspace.all_messages()} == {"U0ONCALL"}

    def test_replaces_and_deletes_the_message_of_the_button(self, server: SlackServer, client: WebClient) -> None:
        """`replace_original` and `delete_original`."""
        ts = str(client.chat_postMessage(channel=CHANNEL, text="before")["ts"])
        url = f"{server.base_url}/response/{server.workspace.answers.new('U0ONCALL', CHANNEL, ts)}"

        WebhookClient(url).send(text="after", replace_original=True)
        assert [message.text for message in server.workspace.all_messages()] == ["after"]
        WebhookClient(url).send(delete_original=True)
        assert server.workspace.all_messages() == []

    def test_is_refused_after_half_an_hour(self, server: SlackServer, clock: Clock) -> None:
        """The bot must find another way by then."""
        url = f"{server.base_url}/response/{server.workspace.answers.new('U0ONCALL', CHANNEL)}"
        clock.now += 1801

        assert WebhookClient(url).send(text="late").body == "expired_url"


def test_scopes_are_those_of_the_manifest(client: WebClient) -> None:
    """A method whose scope the manifest does not ask for fails here as it would in a workspace."""
    with pytest.raises(SlackApiError) as caught:
        client.users_info(user="U0ONCALL")
    assert code_of(caught) == "missing_scope"
    assert client.usergroups_users_list(usergroup="S0PLATFORM")["users"] == ["U0APPROVER"]


def test_word_to_a_person_goes_to_the_apps_own_conversation(server: SlackServer, client: WebClient) -> None:
    """Posting to a user's id."""
    client.chat_postMessage(channel="U0ONCALL", text="hello")

    [message] = server.workspace.all_messages()
    assert (message.channel, message.only_for) == ("D0ONCALL", "U0ONCALL")
