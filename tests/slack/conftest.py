"""The Slack server of the tests, and who talks to it."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest

from bot.slack.messenger import SlackMessenger
from tests.slack.server import SlackServer


@pytest.fixture
def server() -> Iterator[SlackServer]:
    """Start the server."""
    server = SlackServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def messenger(server: SlackServer) -> SlackMessenger:
    """Return a messenger that talks to the server."""
    return SlackMessenger(token=lambda: "xoxb-test", api_url=f"{server.url}/api/")
