"""A Slack that notes what it is asked and answers, or fails, as a test says."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs

TOKEN = "xoxb-made-up-token"

VIEW_ID = "V0WINDOW"


@dataclass
class Failure:
    """What a method answers instead."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


def refusal(code: str) -> Failure:
    """Return Slack's own way to refuse: status 200 and a word."""
    return Failure(body=json.dumps({"ok": False, "error": code}).encode())


class SlackServer:
    """Web API methods under /api/, response URLs under /hook; a context manager."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.told: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.failures: dict[str, Failure] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def forget(self) -> None:
        """Start anew."""
        self.calls.clear()
        self.told.clear()
        self.tokens.clear()
        self.failures.clear()

    def views(self, method: str = "views.open") -> list[dict[str, Any]]:
        """Return the windows that a method was called with."""
        found = [arguments["view"] for name, arguments in self.calls if name == method]
        return [json.loads(view) if isinstance(view, str) else view for view in found]

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_for(slack: SlackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            name = self.path.removeprefix("/api/")
            failure = slack.failures.get(name)
            if name == "/hook":
                slack.told.append(json.loads(body))
                answer = b"ok"
            else:
                slack.calls.append((name, _arguments(body, self.headers.get("Content-Type", ""))))
                slack.tokens.add(self.headers.get("Authorization", ""))
                answer = json.dumps({"ok": True, "view": {"id": VIEW_ID}}).encode()
            if failure:
                time.sleep(failure.delay_s)
                answer = failure.body
            self._send(failure.status if failure else 200, answer, failure.headers if failure else {})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            try:
                self.send_response(status)
                for key, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                """The caller had enough of waiting."""

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


def _arguments(body: bytes, content_type: str) -> dict[str, Any]:
    if "json" in content_type:
        parsed: dict[str, Any] = json.loads(body)
        return parsed
    return {name: values[-1] for name, values in parse_qs(body.decode()).items()}
