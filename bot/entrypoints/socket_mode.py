"""Socket Mode: for who can expose no URL. A process of one's own takes the public endpoint's place; the workers stay as they are.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.ack.answers import Answers
from bot.ack.app import SIGNED, build_app
from bot.commands import Command
from bot.errors import StateError
from bot.ports import CommandQueue

logger = logging.getLogger(__name__)

CONCURRENCY: Final = 10


@dataclass(frozen=True)
class ServedQueue:
    """The endpoint's queue over the workers' own way to SQS."""

    queue: CommandQueue

    def send(self, command: Command) -> str:
        """Put a command on its queue. Raises StateError when it was not taken."""
        self.queue.send(command)
        return "sent"


def quiet_names(names: Callable[[], tuple[str, ...]]) -> Callable[[], tuple[str, ...]]:
    """Return a reader of the functions' names that has none where they cannot be read: type-ahead is a comfort."""

    def read() -> tuple[str, ...]:
        try:
            return names()
        except StateError:
            logger.warning("function names could not be read", exc_info=True)
            return ()

    return read


def connected(answers: Answers, app_token: str, api_url: str) -> SocketModeClient:
    """Return a client that is connected and answers requests in threads of its own, until it is closed.

    It connects again by itself when Slack closes a connection, which it does every few hours.

    Raises:
        SlackApiError: Slack refuses the app-level token.
    """
    app = build_app(answers)
    client = SocketModeClient(app_token=app_token, web_client=WebClient(base_url=api_url), concurrency=CONCURRENCY)

    def answer(one: BaseSocketModeClient, request: SocketModeRequest) -> None:
        response = response_to(app, request)
        if response is not None:
            one.send_socket_mode_response(response)

    client.socket_mode_request_listeners.append(answer)
    client.connect()
    return client


def response_to(app: App, request: SocketModeRequest) -> SocketModeResponse | None:
    """Return the answer to one request, or None where Slack is to deliver it again."""
    # The envelope's id stands in for the signature that Slack puts on a request to a URL.
    bolt = BoltRequest(mode="socket_mode", body=request.payload, context={SIGNED: f"envelope-{request.envelope_id}"})
    try:
        answer = app.dispatch(bolt)
    except (ValueError, TypeError, AttributeError, LookupError):
        logger.warning("request could not be read", extra={"type": str(request.type)[:40]}, exc_info=True)
        return SocketModeResponse(envelope_id=request.envelope_id)
    if answer.status >= 500:
        return None
    return SocketModeResponse(envelope_id=request.envelope_id, payload=_payload(answer))


def _payload(answer: BoltResponse) -> dict[str, Any] | None:
    if answer.status != 200 or not answer.body:
        return None
    kind = answer.headers.get("content-type", [""])[0]
    if not kind.startswith("application/json"):
        return {"text": answer.body}
    parsed = json.loads(answer.body)
    return parsed if isinstance(parsed, dict) else None
