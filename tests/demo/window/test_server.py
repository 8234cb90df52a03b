"""Nobody but the opener reaches the page."""

from __future__ import annotations

import contextlib
import http.client
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

import pytest

from bot.demo.window.server import static_file
from tests.demo.window.canned import INCIDENTS, Canned


@dataclass(frozen=True)
class Answer:
    """What the page's server answered."""

    status: int
    headers: Message
    body: bytes


def ask(url: str, method: str = "GET", path: str = "", body: str = "", **headers: str) -> Answer:
    """Ask the page's server."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=5)
    with contextlib.closing(connection):
        connection.request(method, path or parts.path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def test_page_needs_its_token(demo: Canned) -> None:
    """A guess gets the same answer as a path that does not exist."""
    assert ask(demo.url).status == 200
    assert ask(demo.url, path="/").status == 404
    assert ask(demo.url, path="/guess/events").status == 404


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_other_sites_and_rebound_names_get_nothing(demo: Canned, headers: dict[str, str]) -> None:
    """Even with the token."""
    answer = ask(demo.url, "POST", urlsplit(demo.url).path + "act", '{"kind":"say"}', **headers)

    assert answer.status == 404
    assert demo.workspace.all_messages() == []


def test_no_script_from_elsewhere_runs(demo: Canned) -> None:
    """The policy allows the page's own files and nothing else."""
    policy = ask(demo.url).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy


def test_uploaded_page_is_downloaded_not_shown(demo: Canned) -> None:
    """What a log holds must not run as HTML at the page's own address."""
    demo.slack.files_upload_v2(channel=INCIDENTS, filename="x.html", title="x", content="<script>1</script>")
    [file_id] = demo.workspace.files.complete

    answer = ask(demo.url, path=f"{urlsplit(demo.url).path}files/{file_id}")

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["../server.py", "server.py", "..%2fserver.py", "missing.js", ""])
def test_only_the_pages_own_files_are_served(name: str) -> None:
    """Nothing above the folder, nothing of another kind."""
    assert static_file(name) is None


@pytest.mark.parametrize(
    "body", ["", "[]", '{"kind":"nothing"}', '{"kind":"slash","user":"U0NOBODY","channel":"C1","command":"/x","text":""}']
)
def test_act_that_cannot_be_read_is_answered(demo: Canned, body: str) -> None:
    """The page's server goes on."""
    answer = ask(demo.url, "POST", urlsplit(demo.url).path + "act", body)

    assert answer.status == 200
    assert b'"error"' in answer.body
