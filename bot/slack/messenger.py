"""Reports into Slack: post, edit, reply, attach; and answers through a response URL where the bot is no member."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.errors import DeliveryError
from bot.models.incident import Incident, Report
from bot.slack.blocks import Message, faults, text_chars
from bot.slack.escape import mrkdwn
from bot.slack.limits import MAX_BLOCKS, MAX_MESSAGE_CHARS
from bot.slack.render import EXCERPTS, excerpt_file, part_names, render_part, render_root
from bot.slack.retries import anything_again, nothing_twice

logger = logging.getLogger(__name__)

METADATA_TYPE: Final = "lambda_medic_incident"
"""Invisible mark on every message. Any app that may read the channel can read it, so it holds ids only.
Source: https://docs.slack.dev/messaging/message-metadata"""

ROOT: Final = "root"

BLOCK_CODES: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
"""Slack takes the text but not the blocks. Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors"""

NO_CONNECTION: Final = "no_connection"
"""Our own code: whether Slack took the message is not known."""

MAX_RESPONSES: Final = 5
"""Answers that one response URL takes. Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""

NO_FILE: Final = "A file can only be attached in a thread: invite me to the channel and ask again to get the long texts."

SEARCHED_MESSAGES: Final = 200
TIMEOUT_S: Final = 10


@dataclass(frozen=True)
class SlackMessenger:
    """Fills the port Messenger."""

    token: Callable[[], str]
    api_url: str

    def post(self, report: Report) -> tuple[str, str]:
        """Post the first message into the incident's channel and return the channel's id and the message's."""
        answer = self._post(report.incident.channel, render_root(report), _metadata(report, ROOT))
        return str(answer["channel"]), str(answer["ts"])

    def find(self, incident: Incident) -> tuple[str, str] | None:
        """Return the ids of the first message when it stands in the channel already.

        Only a retry after a crash asks. It needs channels:history (groups:history in a private channel), which the manifest does
        not ask for: without it the answer is None.
        """
        messages = self._read("conversations_history", channel=incident.channel, oldest=str(incident.opened_at - 60))
        for message in messages:
            marks = _marks(message)
            if marks.get("incident_id") == incident.id and marks.get("part") == ROOT:
                return incident.channel, str(message["ts"])
        return None

    def edit(self, report: Report) -> None:
        """Bring the first message up to date, in place."""
        incident = report.incident
        message = render_root(report)
        client = self._client(is_repeatable=True)
        common: dict[str, Any] = {"channel": incident.channel, "ts": incident.thread_ts, "metadata": _metadata(report, ROOT)}
        _send(message, lambda **content: client.chat_update(**common, **content))

    def parts(self, report: Report) -> tuple[str, ...]:
        """Return the names of the replies that the report makes, in order."""
        return part_names(report)

    def posted_parts(self, report: Report) -> frozenset[str]:
        """Return the replies of the report's event that stand in the thread already, as far as the bot may look."""
        incident = report.incident
        messages = self._read("conversations_replies", channel=incident.channel, ts=incident.thread_ts)
        return frozenset(str(marks["part"]) for message in messages if (marks := _marks(message)).get("event") == report.event)

    def reply(self, report: Report, part: str) -> None:
        """Post one reply into the thread."""
        if part == EXCERPTS:
            self._attach(report)
            return
        message = render_part(report, part)
        if message is not None:
            self._post(report.incident.channel, message, _metadata(report, part), thread_ts=report.incident.thread_ts)

    def respond(self, response_url: str, report: Report, parts: tuple[str, ...]) -> None:
        """Answer the person who asked where the bot cannot post: first message and replies, seen only by them."""
        rendered = [render_root(report), *(render_part(report, part) for part in parts if part != EXCERPTS)]
        messages = [message for message in rendered if message is not None]
        if any(message.overflow for message in messages):
            messages.append(Message(NO_FILE, ({"type": "context", "elements": [{"type": "plain_text", "text": NO_FILE}]},)))
        for message in joined(messages, MAX_RESPONSES):
            self._respond(response_url, message.text, list(message.blocks))

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who asked."""
        self._respond(response_url, mrkdwn(text), None)

    def _post(self, channel: str, message: Message, metadata: dict[str, Any], **thread: str) -> SlackResponse:
        client = self._client(is_repeatable=False)
        # Links to consoles would unfold and show their content to the channel.
        common: dict[str, Any] = {"channel": channel, "metadata": metadata, "unfurl_links": False, "unfurl_media": False, **thread}
        return _send(message, lambda **content: client.chat_postMessage(**common, **content))

    def _attach(self, report: Report) -> None:
        incident, content = report.incident, excerpt_file(report)
        client = self._client(is_repeatable=False)
        try:
            _call(
                lambda: client.files_upload_v2(
                    channel=incident.channel,
                    thread_ts=incident.thread_ts,
                    filename=f"{incident.id}-excerpts.txt",
                    title="Excerpts in full",
                    content=content,
                )
            )
        except DeliveryError as exc:
            if exc.code != "missing_scope":
                raise
            text = f"The long excerpts could not be attached (missing scope files:write). They are kept with incident {incident.id}."
            self._post(incident.channel, Message(text, ()), _metadata(report, EXCERPTS), thread_ts=incident.thread_ts)

    def _respond(self, response_url: str, text: str, blocks: list[dict[str, Any]] | None) -> None:
        if urlsplit(response_url).scheme != "https" and urlsplit(self.api_url).scheme == "https":
            raise DeliveryError("invalid_response_url", "a response URL is an https address")
        webhook = WebhookClient(response_url, timeout=TIMEOUT_S, retry_handlers=nothing_twice(), logger=logger)
        try:
            answer = webhook.send(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)
        except (OSError, HTTPException, SlackClientError) as exc:
            raise DeliveryError(NO_CONNECTION, f"response URL: {exc}") from exc
        if answer.status_code != 200:
            raise DeliveryError(answer.body[:80] or str(answer.status_code), f"response URL answered {answer.status_code}")

    def _read(self, method: str, **asked: str) -> list[dict[str, Any]]:
        """Return messages, or none when the bot may not read them."""
        client = self._client(is_repeatable=True)
        try:
            answer = _call(lambda: getattr(client, method)(include_all_metadata=True, limit=SEARCHED_MESSAGES, **asked))
        except DeliveryError as exc:
            logger.warning("channel could not be searched", extra={"method": method, "code": exc.code})
            return []
        return [message for message in answer.get("messages") or [] if isinstance(message, dict)]

    def _client(self, *, is_repeatable: bool) -> WebClient:
        handlers = anything_again() if is_repeatable else nothing_twice()
        return WebClient(token=self.token(), base_url=self.api_url, timeout=TIMEOUT_S, retry_handlers=handlers, logger=logger)


def joined(messages: Sequence[Message], limit: int) -> list[Message]:
    """Return at most `limit` messages with the same content, neighbours put together where they fit."""
    out = list(messages)
    while len(out) > limit:
        sizes = [text_chars([*left.blocks, *right.blocks]) for left, right in pairwise(out)]
        at = sizes.index(min(sizes))
        left, right = out[at], out[at + 1]
        both = Message(f"{left.text}\n{right.text}", (*left.blocks, *right.blocks), (*left.overflow, *right.overflow))
        if len(both.blocks) > MAX_BLOCKS or text_chars(list(both.blocks)) > MAX_MESSAGE_CHARS:
            # Nothing fits together any more: the texts alone are far smaller than the blocks.
            both = Message(both.text, ())
        out[at : at + 2] = [both]
    return out


def _send(message: Message, send: Callable[..., SlackResponse]) -> SlackResponse:
    """Send a message with its blocks, or as text alone when Slack does not take them."""
    found = faults(message)
    if found:
        logger.error("message is over Slack's limits, sent as text", extra={"faults": found[:5]})
    blocks = [] if found else list(message.blocks)
    try:
        return _call(lambda: send(text=message.text, blocks=blocks))
    except DeliveryError as exc:
        if exc.code not in BLOCK_CODES or not blocks:
            raise
        logger.exception("Slack refused the blocks, sent as text")
        return _call(lambda: send(text=message.text, blocks=[]))


def _call(call: Callable[[], SlackResponse]) -> SlackResponse:
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


def _refusal(exc: SlackApiError) -> DeliveryError:
    answer = exc.response
    said = answer.get("error") if isinstance(answer, SlackResponse) and isinstance(answer.data, dict) else None
    status = getattr(answer, "status_code", 0)
    code = str(said or ("ratelimited" if status == 429 else f"http_{status}"))
    details = answer.get("response_metadata") or {} if said else {}
    needed = f"; needed scope: {answer.get('needed')}" if said and answer.get("needed") else ""
    places = "; ".join(str(place) for place in details.get("messages", []))
    return DeliveryError(code, f"Slack refused {getattr(answer, 'api_url', '')}{needed}{': ' + places if places else ''}")


def _metadata(report: Report, part: str) -> dict[str, Any]:
    return {"event_type": METADATA_TYPE, "event_payload": {"incident_id": report.incident.id, "event": report.event, "part": part}}


def _marks(message: dict[str, Any]) -> dict[str, Any]:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != METADATA_TYPE:
        return {}
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, dict) else {}
