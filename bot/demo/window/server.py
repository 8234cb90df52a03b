"""Serves the page, its live events, and what people do in it: on the loopback, behind a token that only the opener knows."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, Final, Protocol, Self
from urllib.parse import urlsplit

from bot.demo.slack_views import SlackError
from bot.errors import BotError

logger = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"

MAX_BODY_BYTES: Final = 1_000_000

HEARTBEAT_S: Final = 10.0

TYPES: Final = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}

POLICY: Final = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"),
        *("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    )
)
"""No inline script and nothing from elsewhere runs in the page, whatever a log line says."""

SAFE: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Shown(Protocol):
    """What the page shows and what can be done in it."""

    def snapshot(self) -> dict[str, Any]:
        """Return all that is shown."""

    def wait_for_change(self, version: int, within_s: float) -> int:
        """Wait until something changes and return the version of now."""

    def act(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do what somebody does in the page."""

    def file(self, file_id: str) -> tuple[str, str, bytes] | None:
        """Return a file's type, name and content."""


class WindowServer:
    """The page behind HTTP; a context manager."""

    def __init__(self, shown: Shown, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(18)
        self._ending = threading.Event()
        self._server = ThreadingHTTPServer((HOST, port), _handler_for(shown, self.token, self._ending))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="demo-window", daemon=True)

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return f"http://{HOST}:{self._server.server_port}/{self.token}/"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)


def static_file(name: str) -> tuple[str, bytes] | None:
    """Return one of the page's own files with its type."""
    stem, _, ending = name.rpartition(".")
    if ending not in TYPES or not stem.replace("-", "").replace("_", "").isalnum():
        return None
    found = files("bot.demo.window").joinpath("static", name)
    return (TYPES[ending], found.read_bytes()) if found.is_file() else None


def _handler_for(shown: Shown, token: str, ending: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self._inside()
            if name is None:
                return
            if name == "events":
                self._stream()
            elif name.startswith("files/"):
                self._file(name.removeprefix("files/"))
            elif found := static_file(name or "index.html"):
                self._send(200, found[1], found[0])
            else:
                self._send(404, b"not found", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES))
            if self._inside() != "act":
                return
            self._send(200, json.dumps(_acted(shown.act, body)).encode(), "application/json")

        def _inside(self) -> str | None:
            """Return the path behind the token; whoever comes from elsewhere, or by another host's name, gets nothing."""
            here = f"{HOST}:{self.connection.getsockname()[1]}"
            given, _, name = urlsplit(self.path).path.lstrip("/").partition("/")
            is_here = self.headers.get("Host") == here and self.headers.get("Origin") in {None, f"http://{here}"}
            if is_here and hmac.compare_digest(given.encode(), token.encode()):
                return name
            self._send(404, b"not found", "text/plain")
            return None

        def _stream(self) -> None:
            self.send_response(200)
            for name, value in {**SAFE, "Content-Type": "text/event-stream", "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = True
            version = -1
            try:
                while not ending.is_set():
                    now = shown.wait_for_change(version, HEARTBEAT_S)
                    event = f"data: {json.dumps(shown.snapshot())}\n\n" if now != version else ": still here\n\n"
                    self.wfile.write(event.encode())
                    self.wfile.flush()
                    version = now
                    ending.wait(0.05)
            except (BrokenPipeError, ConnectionResetError):
                return

        def _file(self, file_id: str) -> None:
            found = shown.file(file_id)
            if found is None:
                self._send(404, b"not found", "text/plain")
                return
            kind, name, content = found
            is_shown = kind.startswith("image/")
            quoted = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
            disposition = "inline" if is_shown else f'attachment; filename="{quoted}"'
            self._send(200, content, kind if is_shown else "application/octet-stream", {"Content-Disposition": disposition})

        def _send(self, status: int, body: bytes, content_type: str, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**SAFE, **(more or {}), "Content-Type": content_type, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: standard error belongs to the demo."""

    return Handler


def _acted(act: Callable[[dict[str, Any]], dict[str, Any]], body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
        return act(asked) if isinstance(asked, dict) else {"error": "expected an object"}
    except (SlackError, BotError) as exc:
        return {"error": str(exc)}
    except (ValueError, KeyError, TypeError) as exc:
        logger.warning("act could not be read", exc_info=exc)
        return {"error": f"{type(exc).__name__}: {exc}"}
