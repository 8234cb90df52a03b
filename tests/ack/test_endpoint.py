"""One signed call without an SDK, against a server that misbehaves on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from bot.ack.endpoint import JsonEndpoint
from bot.ack.secret import CachedSecret
from bot.ack.sigv4 import Credentials
from bot.errors import EndpointError

Script = list[tuple[int, bytes]]


class Scripted(BaseHTTPRequestHandler):
    """Answers each request with the next line of the script."""

    script: ClassVar[Script] = []
    seen: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        """Answer, or hang up when the status is 0."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers["X-Amz-Target"])
        status, body = self.script.pop(0)
        if status == 0:
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def endpoint() -> Iterator[JsonEndpoint]:
    """Start the server and return an endpoint that calls it."""
    Scripted.script, Scripted.seen = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    yield JsonEndpoint("ssm", url, "eu-west-1", "AmazonSSM", "1.1", lambda: Credentials("AKIDEXAMPLE", "secret"), timeout_s=2)
    server.shutdown()
    server.server_close()
    thread.join()


class TestCall:
    @pytest.mark.parametrize("first", [(500, b""), (503, b"{}"), (429, b"{}"), (0, b"")])
    def test_tries_once_more_when_the_service_failed(self, endpoint: JsonEndpoint, first: tuple[int, bytes]) -> None:
        """One hiccup costs nothing."""
        Scripted.script = [first, (200, b'{"ok": 1}')]

        assert endpoint.call("GetParameter", {}) == {"ok": 1}
        assert Scripted.seen == ["AmazonSSM.GetParameter"] * 2

    def test_gives_up_after_the_second_failure(self, endpoint: JsonEndpoint) -> None:
        """Slack waits three seconds, not longer."""
        Scripted.script = [(500, b""), (500, b"")]

        with pytest.raises(EndpointError, match=r"ssm GetParameter at http.*: HTTP 500"):
            endpoint.call("GetParameter", {})

    def test_does_not_repeat_a_refusal(self, endpoint: JsonEndpoint) -> None:
        """No permission stays no permission; the error's own name is in the message."""
        Scripted.script = [(400, json.dumps({"__type": "com.amazonaws.ssm#AccessDeniedException"}).encode())]

        with pytest.raises(EndpointError, match="HTTP 400 AccessDeniedException"):
            endpoint.call("GetParameter", {})

    @pytest.mark.parametrize("body", [b"<html>", b"[]"])
    def test_refuses_an_answer_that_is_no_object(self, endpoint: JsonEndpoint, body: bytes) -> None:
        """A proxy's page is not SSM's answer."""
        Scripted.script = [(200, body)]

        with pytest.raises(EndpointError, match="GetParameter"):
            endpoint.call("GetParameter", {})


class TestCachedSecret:
    def test_reads_again_when_the_value_is_old(self, endpoint: JsonEndpoint) -> None:
        """A rotated secret is in use after five minutes."""
        now = [0.0]
        secret = CachedSecret(endpoint, "/s", clock=lambda: now[0])
        Scripted.script = [(200, b'{"Parameter": {"Value": "old"}}'), (200, b'{"Parameter": {"Value": "new"}}')]

        assert [secret.value(), secret.value()] == ["old", "old"]
        now[0] = 301
        assert secret.value() == "new"

    def test_keeps_an_old_value_while_the_store_is_gone(self, endpoint: JsonEndpoint) -> None:
        """An outage of SSM does not take the bot down, nor is SSM asked again at every request."""
        now = [0.0]
        secret = CachedSecret(endpoint, "/s", clock=lambda: now[0])
        Scripted.script = [(200, b'{"Parameter": {"Value": "old"}}'), (500, b""), (500, b"")]
        secret.value()

        now[0] = 301
        values = [secret.value(), secret.value()]

        assert values == ["old", "old"]
        assert len(Scripted.seen) == 3

    def test_refuses_an_empty_parameter(self, endpoint: JsonEndpoint) -> None:
        """An empty secret would verify a request that anyone can sign."""
        Scripted.script = [(200, b'{"Parameter": {"Value": " "}}')]

        with pytest.raises(EndpointError, match="empty"):
            CachedSecret(endpoint, "/s").value()
