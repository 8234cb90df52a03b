"""A server that speaks Slack's Web API and misbehaves on purpose."""

from __future__ import annotations

import json
import socket
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Answer = tuple[int, dict[str, Any], dict[str, str]]

POSTED: Answer = (200, {"ok": True, "channel": "C0DEPLOYS", "ts": "1778728330.000100"}, {})
HANG_UP: Answer = (0, {}, {})


class SlackServer(ThreadingHTTPServer):
    """Answers from a script by method, or with a plain ok, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: dict[str, list[Answer]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def sent(self, method: str) -> list[dict[str, Any]]:
        """Return what a method was sent."""
        return [body for name, body in self.calls if name == method]


class _Handler(BaseHTTPRequestHandler):
    server: SlackServer

    def do_POST(self) -> None:
        """Answer one call."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        method = self.path.rpartition("/")[2]
        kind = "" if method == "upload" else self.headers.get("Content-Type", "")
        self.server.calls.append((method, _parsed(raw, kind)))
        status, body, headers = (self.server.script.get(method) or [(200, self._plain(method), {})]).pop(0)
        if status == 0:
            # A reset, as a proxy that dies does it: whether Slack took the message is not known.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        content = b"ok" if method == "response" else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _plain(self, method: str) -> dict[str, Any]:
        if method == "files.getUploadURLExternal":
            return {"ok": True, "upload_url": f"{self.server.url}/upload", "file_id": "F1"}
        return {"ok": True, "channel": "C0DEPLOYS", "ts": "1778728330.000100", "files": [{"id": "F1"}], "messages": []}

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _parsed(raw: bytes, content_type: str) -> dict[str, Any]:
    if "json" in content_type:
        parsed: dict[str, Any] = json.loads(raw)
        return parsed
    if "form-urlencoded" in content_type:
        return {name: values[0] for name, values in parse_qs(raw.decode()).items()}
    return {"raw": raw.decode(errors="replace")}
