"""What the endpoint itself asks of Slack: a window while the trigger lasts, and a private word when something went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.errors import DeliveryError

logger = logging.getLogger(__name__)

OPEN_TIMEOUT_S: Final = 2
"""A trigger lasts three seconds, and some of them are over. Source: https://docs.slack.dev/interactivity/handling-user-interaction"""

TELL_TIMEOUT_S: Final = 1

View = dict[str, Any]


@dataclass(frozen=True)
class Slack:
    """Opens windows and tells one person something. Nothing is tried twice: a trigger is good for one call, and time is short.

    `slack_sdk` costs nothing here, Bolt has loaded it already.
    """

    token: Callable[[], str]
    api_url: str

    def open_window(self, trigger_id: str, view: View) -> str:
        """Open a window and return its id. Raises BotError when the token cannot be read or Slack did not take it."""
        client = self._client()
        return _view_id(_call(lambda: client.views_open(trigger_id=trigger_id, view=view)))

    def push_window(self, trigger_id: str, view: View) -> str:
        """Open a window on top of the one that stands open. Raises like `open_window`."""
        client = self._client()
        return _view_id(_call(lambda: client.views_push(trigger_id=trigger_id, view=view)))

    def fill_window(self, view_id: str, view: View) -> None:
        """Put other content into an open window. Raises like `open_window`."""
        client = self._client()
        _call(lambda: client.views_update(view_id=view_id, view=view))

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who clicked, unseen by others.

        Raises:
            DeliveryError: It could not be said.
        """
        if urlsplit(response_url).scheme not in {"https", urlsplit(self.api_url).scheme}:
            raise DeliveryError("invalid_response_url", "a response URL is an https address")
        webhook = WebhookClient(response_url, timeout=TELL_TIMEOUT_S, retry_handlers=[], logger=logger)
        try:
            answer = webhook.send(text=text, response_type="ephemeral", replace_original=False)
        except (OSError, HTTPException, SlackClientError, ValueError) as exc:
            raise DeliveryError("no_connection", f"response URL: {type(exc).__name__}: {exc}") from exc
        if answer.status_code != 200:
            raise DeliveryError(answer.body[:80] or str(answer.status_code), f"response URL answered {answer.status_code}")

    def _client(self) -> WebClient:
        return WebClient(token=self.token(), base_url=self.api_url, timeout=OPEN_TIMEOUT_S, retry_handlers=[], logger=logger)


def _call(call: Callable[[], SlackResponse]) -> SlackResponse:
    try:
        return call()
    except SlackApiError as exc:
        status = getattr(exc.response, "status_code", 0)
        data = getattr(exc.response, "data", None)
        said = data.get("error") if isinstance(data, dict) else None
        # What is no JSON reaches us as an error whose word is a sentence of slack_sdk's.
        is_code = isinstance(said, str) and said.replace("_", "").isalnum()
        code = str(said) if is_code else "ratelimited" if status == 429 else f"http_{status}"
        raise DeliveryError(code, "Slack refused the window") from exc
    except (OSError, HTTPException, SlackClientError) as exc:
        raise DeliveryError("no_connection", f"{type(exc).__name__}: {exc}") from exc


def _view_id(answer: SlackResponse) -> str:
    view = answer.get("view")
    found = view.get("id") if isinstance(view, dict) else None
    if not isinstance(found, str):
        raise DeliveryError("no_view", "Slack's answer has no id of the window")
    return found
