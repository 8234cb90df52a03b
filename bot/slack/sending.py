"""Messages on their way to Slack: what is tried again, what is told of a refusal, and what goes out when Slack refuses the blocks."""

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
from bot.slack.blocks import Message, faults
from bot.slack.retries import anything_again, nothing_twice

logger = logging.getLogger(__name__)

BLOCK_CODES: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
"""Slack takes the text but not the blocks. Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors"""

NO_CONNECTION: Final = "no_connection"
"""Our own code: whether Slack took the message is not known."""

SEARCHED_MESSAGES: Final = 200
TIMEOUT_S: Final = 10
HASTY_TIMEOUT_S: Final = 3


@dataclass(frozen=True)
class Mark:
    """The invisible mark on a message, by which it is found again. Any app that may read the channel can read it: ids only.

    Source: https://docs.slack.dev/messaging/message-metadata
    """

    kind: str
    ids: dict[str, str]

    @property
    def metadata(self) -> dict[str, Any]:
        """Return it as Slack takes it."""
        return {"event_type": self.kind, "event_payload": self.ids}


@dataclass(frozen=True)
class Wire:
    """The way to one Slack workspace."""

    token: Callable[[], str]
    api_url: str

    def post(self, channel: str, message: Message, mark: Mark, *, thread_ts: str = "", is_broadcast: bool = False) -> SlackResponse:
        """Post a message, at most once: it is not repeated where Slack may have taken it. A broadcast reply is seen in the channel too."""
        client = self.client(is_repeatable=False)
        thread: dict[str, Any] = {"thread_ts": thread_ts, "reply_broadcast": is_broadcast} if thread_ts else {}
        # Links to consoles would unfold and show their content to the channel.
        common: dict[str, Any] = {"channel": channel, "metadata": mark.metadata, "unfurl_links": False, "unfurl_media": False, **thread}
        return _send(message, lambda **content: client.chat_postMessage(**common, **content))

    def edit(self, channel: str, ts: str, message: Message, mark: Mark) -> None:
        """Replace a message; the same edit twice is one edit."""
        client = self.client(is_repeatable=True)
        _send(message, lambda **content: client.chat_update(channel=channel, ts=ts, metadata=mark.metadata, **content))

    def edit_at_once(self, channel: str, ts: str, message: Message, mark: Mark) -> None:
        """Replace a message now or not at all: for what the next edit says better."""
        client = WebClient(token=self.token(), base_url=self.api_url, timeout=HASTY_TIMEOUT_S, retry_handlers=[], logger=logger)
        _send(message, lambda **content: client.chat_update(channel=channel, ts=ts, metadata=mark.metadata, **content))

    def attach(self, channel: str, thread_ts: str, *, filename: str, title: str, content: str, instead: Message, mark: Mark) -> None:
        """Attach a text file to a thread, or post `instead` where the bot may not."""
        client = self.client(is_repeatable=False)
        try:
            called(lambda: client.files_upload_v2(channel=channel, thread_ts=thread_ts, filename=filename, title=title, content=content))
        except DeliveryError as exc:
            if exc.code != "missing_scope":
                raise
            self.post(channel, instead, mark, thread_ts=thread_ts)

    def attach_image(self, channel: str, thread_ts: str, *, filename: str, title: str, alt: str, image: bytes) -> None:
        """Attach an image to a thread; `alt` tells what it shows to those who don't see it."""
        client = self.client(is_repeatable=False)
        common: dict[str, Any] = {"channel": channel, "thread_ts": thread_ts}
        called(lambda: client.files_upload_v2(file=image, filename=filename, title=title, alt_txt=alt, **common))

    def respond(self, response_url: str, text: str, blocks: list[dict[str, Any]] | None = None) -> None:
        """Answer through a response URL, seen by one person only."""
        if urlsplit(response_url).scheme != "https" and urlsplit(self.api_url).scheme == "https":
            raise DeliveryError("invalid_response_url", "a response URL is an https address")
        webhook = WebhookClient(response_url, timeout=TIMEOUT_S, retry_handlers=nothing_twice(), logger=logger)
        try:
            answer = webhook.send(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)
        except (OSError, HTTPException, SlackClientError) as exc:
            raise DeliveryError(NO_CONNECTION, f"response URL: {exc}") from exc
        if answer.status_code != 200:
            raise DeliveryError(answer.body[:80] or str(answer.status_code), f"response URL answered {answer.status_code}")

    def read(self, method: str, **asked: str) -> list[dict[str, Any]]:
        """Return messages, or none when the bot may not read them."""
        client = self.client(is_repeatable=True)
        try:
            answer = called(lambda: getattr(client, method)(include_all_metadata=True, limit=SEARCHED_MESSAGES, **asked))
        except DeliveryError as exc:
            logger.warning("channel could not be searched", extra={"method": method, "code": exc.code})
            return []
        return [message for message in answer.get("messages") or [] if isinstance(message, dict)]

    def client(self, *, is_repeatable: bool) -> WebClient:
        """Return a client; only a call that may happen twice is tried again after a broken connection."""
        handlers = anything_again() if is_repeatable else nothing_twice()
        return WebClient(token=self.token(), base_url=self.api_url, timeout=TIMEOUT_S, retry_handlers=handlers, logger=logger)


def called(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Call Slack.

    Raises:
        DeliveryError: Slack refused, with its own code; or it could not be reached.
    """
    try:
        return call()
    except SlackApiError as exc:
        raise _refusal(exc) from exc
    except (OSError, HTTPException, SlackClientError) as exc:
        raise DeliveryError(NO_CONNECTION, f"{type(exc).__name__}: {exc}") from exc


def ids_of(message: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the ids in a message's mark, none where it has no mark of this kind."""
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != kind:
        return {}
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, dict) else {}


def _send(message: Message, send: Callable[..., SlackResponse]) -> SlackResponse:
    """Send a message with its blocks, or as text alone when Slack does not take them."""
    found = faults(message)
    if found:
        logger.error("message is over Slack's limits, sent as text", extra={"faults": found[:5]})
    blocks = [] if found else list(message.blocks)
    try:
        return called(lambda: send(text=message.text, blocks=blocks))
    except DeliveryError as exc:
        if exc.code not in BLOCK_CODES or not blocks:
            raise
        logger.exception("Slack refused the blocks, sent as text")
        return called(lambda: send(text=message.text, blocks=[]))


def _refusal(exc: SlackApiError) -> DeliveryError:
    answer = exc.response
    said = answer.get("error") if isinstance(answer, SlackResponse) and isinstance(answer.data, dict) else None
    status = getattr(answer, "status_code", 0)
    code = str(said or ("ratelimited" if status == 429 else f"http_{status}"))
    details = answer.get("response_metadata") or {} if said else {}
    needed = f"; needed scope: {answer.get('needed')}" if said and answer.get("needed") else ""
    places = "; ".join(str(place) for place in details.get("messages", []))
    where = getattr(answer, "api_url", "")
    return DeliveryError(code, f"Slack refused {where}{needed}{': ' + places if places else ''}", retry_after_s=_wait_s(answer))


def _wait_s(answer: Any) -> float:
    """Return for how long Slack wants to be left alone, 0 where it does not say."""
    headers = getattr(answer, "headers", None) or {}
    waits = ["".join(value) for name, value in headers.items() if name.lower() == "retry-after"]
    return max((float(wait) for wait in waits if wait.isdigit()), default=0.0)
