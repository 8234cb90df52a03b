"""The demo's Slack takes what Slack takes and refuses what Slack refuses, spoken to with Slack's own client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.slack_directory import installed_scopes
from bot.demo.slack_server import SlackServer

CHANNEL = "C0TEST"

METADATA = {"event_type": "incident", "event_payload": {"id": "i1"}}


@pytest.fixture
def server() -> Iterator[SlackServer]:
    """Return a running server."""
    with SlackServer("xoxb-right", (CHANNEL,), installed_scopes() | {"channels:history"}) as running:
        yield running


@pytest.fixture
def client(server: SlackServer) -> WebClient:
    """Return Slack's own client with the right token."""
    return WebClient(token="xoxb-right", base_url=server.api_url)


def section(text: str) -> dict[str, Any]:
    """Return a section block."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_thread_is_kept_as_it_stands_after_an_edit(server: SlackServer, client: WebClient) -> None:
    """First message, reply, then the first message is brought up to date."""
    head = client.chat_postMessage(channel=CHANNEL, text="investigating", metadata=METADATA)
    client.chat_postMessage(channel=CHANNEL, text="evidence", thread_ts=head["ts"], blocks=[section("it *timed out*")])
    client.chat_update(channel=CHANNEL, ts=head["ts"], text="timeout")

    [thread] = server.workspace.threads()
    assert [message.text for message in thread] == ["timeout", "evidence"]
    assert thread[0].edits == 1
    assert thread[1].blocks[0]["text"]["text"] == "it *timed out*"


def test_history_can_be_read_back_with_metadata(client: WebClient) -> None:
    """The bot looks for its own message before it posts one again."""
    head = client.chat_postMessage(channel=CHANNEL, text="first", metadata=METADATA)
    client.chat_postMessage(channel=CHANNEL, text="second", thread_ts=head["ts"])

    history = client.conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"]
    replies = client.conversations_replies(channel=CHANNEL, ts=head["ts"])["messages"]

    assert [message["text"] for message in history] == ["first"]
    assert history[0]["metadata"]["event_payload"] == {"id": "i1"}
    assert [message["text"] for message in replies] == ["first", "second"]


def test_long_excerpts_arrive_as_files_in_the_thread(server: SlackServer, client: WebClient) -> None:
    """Upload in three steps, as Slack has it since files.upload is gone."""
    head = client.chat_postMessage(channel=CHANNEL, text="first")
    client.files_upload_v2(channel=CHANNEL, thread_ts=head["ts"], filename="log.txt", title="Log", content="line\n" * 100)

    [thread] = server.workspace.threads()
    [file] = thread[1].files
    assert (file.name, file.title, len(file.content)) == ("log.txt", "Log", 500)


@pytest.mark.filterwarnings("ignore:The top-level `text` argument:UserWarning")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"channel": "C0OTHER", "text": "x"}, "channel_not_found"),
        ({"channel": CHANNEL, "text": "", "attachments": "[]"}, "no_text"),
        ({"channel": CHANNEL, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": CHANNEL, "text": "x", "blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"channel": CHANNEL, "text": "x", "blocks": [section("")]}, "invalid_blocks"),
        ({"channel": CHANNEL, "text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"channel": CHANNEL, "text": "x", "blocks": [{"type": "mystery"}]}, "invalid_blocks"),
        ({"channel": CHANNEL, "text": "x", "blocks": [section("x" * 2900)] * 5}, "msg_blocks_too_long"),
    ],
)
def test_what_slack_refuses_is_refused_in_its_words(client: WebClient, arguments: dict[str, Any], code: str) -> None:
    """A message that would not reach a channel must not reach the demo either."""
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(**arguments)

    assert caught.value.response["error"] == code


def test_refused_blocks_are_named_by_their_place(client: WebClient) -> None:
    """The details say which block and why."""
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=CHANNEL, text="x", blocks=[section("fine"), section("x" * 3001)])

    assert "blocks/1/text: 3001 characters" in caught.value.response["response_metadata"]["messages"][0]


def test_wrong_token_and_unknown_method_are_refused(server: SlackServer, client: WebClient) -> None:
    """Nothing is posted without the token."""
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient(token="xoxb-wrong", base_url=server.api_url).chat_postMessage(channel=CHANNEL, text="x")
    with pytest.raises(SlackApiError, match="unknown_method"):
        client.api_call("admin.users.list")
    assert server.workspace.threads() == []
