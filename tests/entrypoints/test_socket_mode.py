"""Socket Mode against a websocket server on the loopback: what Slack sends there reaches the same queues, and is acknowledged."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

from bot.ack.answers import Answers
from bot.commands import ClickCommand, Command, WhyCommand
from bot.entrypoints.socket_mode import ServedQueue, connected, quiet_names
from bot.errors import StateError

APP_TOKEN = "xapp-1-A1-1-abc"
WITHIN_S = 20


class SocketSlack:
    """Slack's end: hands out the socket's address, sends envelopes, and keeps what comes back."""

    def __init__(self) -> None:
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.is_connected = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()
        self._protocol = WSConnection(ConnectionType.SERVER)
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                good = self.path == "/api/apps.connections.open" and self.headers["Authorization"] == f"Bearer {APP_TOKEN}"
                answer = {"ok": True, "url": slack.url} if good else {"ok": False, "error": "invalid_auth"}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._api = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._threads = [threading.Thread(target=self._api.serve_forever, daemon=True), threading.Thread(target=self._serve, daemon=True)]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """Return the socket's address."""
        return f"ws://127.0.0.1:{self._listener.getsockname()[1]}/link/?ticket=1"

    @property
    def api_url(self) -> str:
        """Return the Web API's address."""
        return f"http://127.0.0.1:{self._api.server_port}/api/"

    def send(self, envelope: dict[str, Any]) -> None:
        """Send an envelope."""
        assert self.is_connected.wait(WITHIN_S)
        self._write(TextMessage(data=json.dumps(envelope)))

    def close(self) -> None:
        """Stop."""
        self._api.shutdown()
        self._api.server_close()
        self._listener.close()
        if self._connection is not None:
            self._connection.close()
        for thread in self._threads:
            thread.join(2)

    def _serve(self) -> None:
        try:
            self._connection, _ = self._listener.accept()
            while data := self._connection.recv(65536):
                self._protocol.receive_data(data)
                for event in self._protocol.events():
                    self._take(event)
        except OSError:
            return

    def _take(self, event: object) -> None:
        if isinstance(event, Request):
            self._write(AcceptConnection())
            self._write(TextMessage(data=json.dumps({"type": "hello", "num_connections": 1})))
            self.is_connected.set()
        elif isinstance(event, Ping | CloseConnection):
            self._write(event.response())
        elif isinstance(event, TextMessage):
            self.answers.put(json.loads(event.data))

    def _write(self, event: Any) -> None:
        with self._lock:
            assert self._connection is not None
            self._connection.sendall(self._protocol.send(event))


class Taken:
    """Fills the port CommandQueue."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.is_down = False

    def send(self, command: Command, *, delay_s: int = 0) -> None:
        """Take a command, unless it is down."""
        if self.is_down:
            raise StateError("the queue did not answer")
        self.commands.append(command)


class NoWindows:
    """Fills the ack path's port to Slack; nothing here opens a window."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


@pytest.fixture
def slack() -> Iterator[SocketSlack]:
    """Return Slack's end."""
    running = SocketSlack()
    yield running
    running.close()


@pytest.fixture
def taken(slack: SocketSlack) -> Iterator[Taken]:
    """Return the queue of a process that is connected."""
    taken = Taken()
    answers = Answers(queue=ServedQueue(taken), slack=NoWindows(), names=quiet_names(lambda: ("checkout",)), clock=lambda: 1.0)
    client = connected(answers, APP_TOKEN, slack.api_url)
    yield taken
    client.close()


def a_question(text: str = "why checkout 502") -> dict[str, Any]:
    """Return the envelope of a slash command."""
    payload = {
        "command": "/lambda",
        "text": text,
        "trigger_id": "1.2.3",
        "user_id": "U0ONCALL",
        "channel_id": "C0INCIDENTS",
        "team_id": "T1",
    }
    return {"type": "slash_commands", "envelope_id": "e-1", "payload": payload, "accepts_response_payload": True}


def test_slash_command_is_queued_and_answered_in_its_envelope(slack: SocketSlack, taken: Taken) -> None:
    """What Slack shows to the person travels back in the acknowledgement."""
    slack.send(a_question())
    answer = slack.answers.get(timeout=WITHIN_S)

    assert answer["envelope_id"] == "e-1"
    assert "checkout" in answer["payload"]["text"]
    [command] = taken.commands
    assert isinstance(command, WhyCommand)
    assert (command.text, command.user_id, command.request_id) == ("checkout 502", "U0ONCALL", "1.2.3")


def test_click_is_queued_and_acknowledged_without_words(slack: SocketSlack, taken: Taken) -> None:
    """As at the URL."""
    payload = {
        "type": "block_actions",
        "user": {"id": "U0APPROVER"},
        "team": {"id": "T1"},
        "channel": {"id": "C0INCIDENTS"},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0INCIDENTS"},
        "message": {"ts": "1.1"},
        "trigger_id": "4.5.6",
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        "actions": [{"action_id": "medic.approve", "block_id": "b", "type": "button", "value": "chg-1.abc", "action_ts": "1.2"}],
    }
    slack.send({"type": "interactive", "envelope_id": "e-2", "payload": payload, "accepts_response_payload": True})

    assert slack.answers.get(timeout=WITHIN_S) == {"envelope_id": "e-2"}
    [command] = taken.commands
    assert isinstance(command, ClickCommand)
    assert (command.verb, command.subject, command.queue) == ("approve", "chg-1.abc", "change")


def test_person_is_told_when_the_queue_does_not_answer(slack: SocketSlack, taken: Taken) -> None:
    """Nothing was started, and nobody waits for it."""
    taken.is_down = True
    slack.send(a_question())

    assert "nothing was started" in slack.answers.get(timeout=WITHIN_S)["payload"]["text"]


def test_envelope_that_makes_no_sense_does_not_end_the_connection(slack: SocketSlack, taken: Taken) -> None:
    """The next one is answered."""
    slack.send({"type": "interactive", "envelope_id": "e-3", "payload": {"type": "block_actions"}})
    slack.send(a_question())
    ids = {slack.answers.get(timeout=WITHIN_S)["envelope_id"] for _ in range(2)}

    assert ids == {"e-1", "e-3"}


def test_token_that_slack_refuses_is_told_at_the_start(slack: SocketSlack) -> None:
    """Not by a process that waits for ever."""
    answers = Answers(queue=ServedQueue(Taken()), slack=NoWindows(), names=tuple, clock=lambda: 1.0)
    with pytest.raises(SlackApiError, match="invalid_auth"):
        connected(answers, "xapp-wrong", slack.api_url)


def test_names_that_cannot_be_read_are_none() -> None:
    """Type-ahead is a comfort."""

    def broken() -> tuple[str, ...]:
        raise StateError("no table")

    assert quiet_names(broken)() == ()
