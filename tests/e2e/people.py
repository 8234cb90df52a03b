"""People at Slack: their signed clicks and forms, and what the bot tells one of them alone."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slack_sdk import WebClient

from bot.demo.deployed import SIGNING_SECRET
from bot.demo.slack_requests import NoAnswerError, SlackRequests
from tests.e2e.conftest import DeployedBot

ON_CALL = "U000000001"
"""The user that a fresh server knows; only such a one can have a window opened."""

APPROVER = "U000000002"
STRANGER = "U000000003"
TEAM = "T000000001"

RULES = f"""\
version: 1
rules:
  - may_ask: [{ON_CALL}]
    may_approve: [{APPROVER}, {ON_CALL}]
"""

TRIES = 3
"""A person presses again when Slack says that the app did not respond."""


@dataclass
class People:
    """Clicks as Slack sends them. The server that stands in for Slack issues trigger ids but sends no clicks itself."""

    slack: WebClient
    requests: SlackRequests
    answers_url: str
    answers: list[str] = field(default_factory=list)
    """What was told through response URLs, to one person alone."""
    _serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def press(self, user: str, message: dict[str, Any], button: dict[str, Any], channel: str) -> dict[str, Any]:
        """Press a button and return the payload, so that it can be sent again."""
        payload = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "api_app_id": "A000000001",
            "channel": {"id": channel},
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": channel, "thread_ts": message.get("thread_ts", "")},
            "message": {"ts": message["ts"], "thread_ts": message.get("thread_ts", message["ts"])},
            "response_url": f"{self.answers_url}/{user}",
            "trigger_id": self._trigger(user),
            "actions": [{**button, "block_id": "b", "action_ts": f"{time.time():.6f}"}],
        }
        self.send(payload)
        return payload

    def submit(self, user: str, callback_id: str, metadata: str, values: dict[str, str]) -> dict[str, Any]:
        """Send a form."""
        state = {name: {"medic.value": {"type": "plain_text_input", "value": value}} for name, value in values.items()}
        view = {
            "id": f"V{next(self._serial):09d}",
            "hash": f"{time.time():.6f}",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": metadata,
            "state": {"values": state},
            "blocks": [{"type": "input", "block_id": name} for name in values],
        }
        payload = {
            "type": "view_submission",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "view": view,
            "trigger_id": self._trigger(user),
        }
        self.send(payload)
        return payload

    def send(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Send an interaction; again when the app did not answer within Slack's time."""
        for attempt in range(TRIES):
            try:
                return self.requests.payload(payload)
            except NoAnswerError:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _trigger(self, user: str) -> str:
        if user != ON_CALL:
            return f"{next(self._serial)}.{time.time_ns()}"
        return str(self.slack.api_call("views.generateTriggerId", json={"user_id": user})["trigger_id"])


@contextmanager
def at_work(deployed: DeployedBot) -> Iterator[People]:
    """Put the approval rules in place and let people click."""
    ssm = deployed.aws.client("ssm")
    ssm.put_parameter(Name=deployed.rules_parameter, Value=RULES, Type="String", Overwrite=True)
    answers: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            answers.append(f"{self.path.rpartition('/')[2]}: {body.get('text', '')}")
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        requests = SlackRequests(deployed.stack.function_url, deployed.local.port, SIGNING_SECRET, within_s=3)
        yield People(deployed.slack, requests, f"http://127.0.0.1:{server.server_port}/response", answers)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2)


def buttons(message: dict[str, Any], verb: str) -> list[dict[str, Any]]:
    """Return the buttons of a message with this verb."""
    elements = [element for block in message.get("blocks", []) for element in block.get("elements", []) if isinstance(element, dict)]
    wanted = (f"medic.{verb}", f"medic.{verb}.")
    found = [
        element for element in elements if element.get("action_id") == wanted[0] or str(element.get("action_id")).startswith(wanted[1])
    ]
    return [
        {name: element[name] for name in ("type", "action_id", "text", "value")} for element in found if element.get("type") == "button"
    ]
