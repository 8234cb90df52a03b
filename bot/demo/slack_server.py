"""A small Slack for the demo, on the loopback. It keeps what was posted so that the demo can show it.

The project's own tests use another Slack, which nobody here wrote.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from bot.demo.slack_workspace import SlackError, Workspace

HOST: Final = "127.0.0.1"

MAX_BODY_BYTES: Final = 20_000_000


class SlackServer:
    """The workspace behind HTTP; a context manager."""

    def __init__(self, token: str, channels: tuple[str, ...], scopes: frozenset[str] | None = None) -> None:
        self.workspace = Workspace(token, channels) if scopes is None else Workspace(token, channels, scopes)
        self._server = ThreadingHTTPServer((HOST, 0), _handler_for(self.workspace))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="demo-slack", daemon=True)

    @property
    def base_url(self) -> str:
        """Return the address without a slash at its end."""
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def api_url(self) -> str:
        """Return the address of the Web API, as slack_sdk wants it."""
        return f"{self.base_url}/api/"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)


def _handler_for(workspace: Workspace) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES))
            kind, _, name = urlsplit(self.path).path.strip("/").partition("/")
            if kind == "upload":
                self._send(200 if workspace.take_upload(name, body) else 404, b"OK", "text/plain")
            elif kind == "response":
                self._take_answer(name, body)
            elif kind == "api":
                self._send(200, json.dumps(self._answer(name, body)).encode(), "application/json")
            else:
                self._send(404, b"", "text/plain")

        def do_GET(self) -> None:
            self.do_POST()

        def _take_answer(self, answer_id: str, body: bytes) -> None:
            try:
                said = workspace.take_answer(answer_id, json.loads(body))
            except SlackError as exc:
                self._send(404 if exc.code.endswith("_url") else 400, exc.code.encode(), "text/plain")
            except ValueError:
                self._send(400, b"invalid_payload", "text/plain")
            else:
                self._send(200, said.encode(), "text/plain")

        def _answer(self, method: str, body: bytes) -> dict[str, Any]:
            try:
                arguments = _arguments(body, self.headers.get("Content-Type", ""), urlsplit(self.path).query)
            except ValueError:
                return {"ok": False, "error": "invalid_json"}
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            sent = token if scheme == "Bearer" else str(arguments.get("token") or "")
            try:
                answer = workspace.call(method, sent, arguments, f"http://{self.headers.get('Host', HOST)}")
            except SlackError as exc:
                return {"ok": False, "error": exc.code, "response_metadata": {"messages": [f"[ERROR] {detail}" for detail in exc.details]}}
            return {"ok": True, **answer}

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: standard error belongs to the demo."""

    return Handler


def _arguments(body: bytes, content_type: str, query: str) -> dict[str, Any]:
    """Return a call's arguments: JSON or a form, and the query."""
    arguments: dict[str, Any] = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    if content_type.startswith("application/json"):
        parsed = json.loads(body or b"{}")
        return {**arguments, **parsed} if isinstance(parsed, dict) else arguments
    form = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {**arguments, **{name: values[-1] for name, values in form.items()}}
