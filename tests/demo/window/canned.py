"""The page with a made-up app behind it: every request that reaches the app was checked for its signature and is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from slack_sdk import WebClient

from bot.demo.acts import Acts
from bot.demo.slack_requests import SlackRequests
from bot.demo.slack_server import SlackServer
from bot.demo.slack_workspace import Workspace
from bot.demo.window.server import WindowServer
from bot.demo.window.shown import Window

SECRET = "secret-of-the-test"
TOKEN = "xoxb-of-the-test"
INCIDENTS, GENERAL = "C0INCIDENTS", "C0GENERAL"

Answer = tuple[int, dict[str, Any] | str]


@dataclass
class App:
    """The app behind the demo's Slack."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], Answer] = lambda _request: (200, "")

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the requests of one type."""
        return [request for request in self.requests if request.get("type") == kind]


class Aws:
    """The AWS side, as told."""

    def __init__(self) -> None:
        self.now: dict[str, Any] = {"functions": [], "audit": [], "queues": []}

    def shown(self) -> dict[str, Any]:
        """Return it."""
        return self.now


@dataclass
class Canned:
    """All parts."""

    url: str
    app: App
    workspace: Workspace
    slack: WebClient
    acts: Acts
    aws: Aws
    broken: list[str]


@contextmanager
def canned() -> Iterator[Canned]:
    """Start everything on the loopback."""
    with ExitStack() as stack:
        app = App()
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(app))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        slack = stack.enter_context(SlackServer(TOKEN, (INCIDENTS, GENERAL)))
        requests = SlackRequests(f"http://127.0.0.1:{server.server_port}/", server.server_port, SECRET)
        acts = Acts(slack.workspace, requests, slack.base_url)
        aws, broken = Aws(), list[str]()
        window = stack.enter_context(WindowServer(Window(slack.workspace, acts, aws, broken.append, "http://127.0.0.1/")))
        client = WebClient(TOKEN, base_url=slack.api_url)
        yield Canned(window.url, app, slack.workspace, client, acts, aws, broken)


def _handler(app: App) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            stamp = self.headers["X-Slack-Request-Timestamp"]
            expected = hmac.new(SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
            if self.headers["X-Slack-Signature"] != f"v0={expected}":
                self._send(401, "")
                return
            request = _request(body)
            app.requests.append(request)
            self._send(*app.answer(request))

        def _send(self, status: int, answer: dict[str, Any] | str) -> None:
            body = (json.dumps(answer) if isinstance(answer, dict) else answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def _request(body: str) -> dict[str, Any]:
    if body.startswith("{"):
        event: dict[str, Any] = json.loads(body)
        return event
    form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
    if "payload" in form:
        payload: dict[str, Any] = json.loads(form["payload"])
        return payload
    return {"type": "slash", **form}
