"""What a workspace holds, and the Web API methods that the bot calls, as strict as Slack about what they are sent."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.demo.block_limits import block_faults, total_chars

MAX_TEXT_CHARS: Final = 40_000
"""Longer texts are cut. Source: https://docs.slack.dev/reference/methods/chat.postMessage"""

MAX_TOTAL_BLOCK_CHARS: Final = 13_200
"""Not documented; seen by users. Source: https://github.com/slackapi/bolt-js/issues/2509"""


@dataclass(frozen=True)
class File:
    """An uploaded file."""

    id: str
    name: str
    title: str = ""
    content: bytes = b""


@dataclass(frozen=True)
class Message:
    """A message as it stands now."""

    channel: str
    ts: str
    text: str
    blocks: tuple[dict[str, Any], ...] = ()
    thread_ts: str | None = None
    metadata: dict[str, Any] | None = None
    files: tuple[File, ...] = ()
    edits: int = 0


class SlackError(Exception):
    """A refusal in Slack's own words."""

    def __init__(self, code: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass
class Workspace:
    """The state behind the methods; safe to use from several threads."""

    token: str
    channels: tuple[str, ...]
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    """What was sent to response URLs."""
    _uploads: dict[str, File] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _changed: float = field(default_factory=time.monotonic)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def threads(self) -> list[list[Message]]:
        """Return every thread, first message first, in the order they were begun."""
        with self._lock:
            ordered = sorted(self.messages.values(), key=lambda m: m.ts)
        heads = [m for m in ordered if m.thread_ts is None]
        return [[head, *(m for m in ordered if m.thread_ts == head.ts and m.channel == head.channel)] for head in heads]

    def quiet_for(self) -> float:
        """Return the seconds since anything was written."""
        with self._lock:
            return time.monotonic() - self._changed

    def call(self, method: str, token: str, arguments: Mapping[str, Any], base_url: str) -> dict[str, Any]:
        """Carry out a Web API method.

        Raises:
            SlackError: As Slack would refuse.
        """
        known: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
            "auth.test": lambda _arguments, _url: {"user_id": "U0MEDIC", "bot_id": "B0MEDIC", "team_id": "T0DEMO", "team": "Demo"},
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._complete_upload,
        }
        if token != self.token:
            raise SlackError("invalid_auth")
        if method not in known:
            raise SlackError("unknown_method")
        with self._lock:
            answer = known[method](arguments, base_url)
            self._changed = time.monotonic()
        return answer

    def take_upload(self, file_id: str, content: bytes) -> bool:
        """Keep the bytes of an announced file."""
        with self._lock:
            file = self._uploads.get(file_id)
            if file is None:
                return False
            self._uploads[file_id] = replace(file, content=content)
            return True

    def take_answer(self, body: dict[str, Any]) -> None:
        """Keep what came to a response URL."""
        with self._lock:
            self.answers.append(body)
            self._changed = time.monotonic()

    def _post(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        message = self._checked(arguments, ts=f"{int(time.time())}.{next(self._serial):06d}")
        thread = arguments.get("thread_ts")
        if thread and (message.channel, str(thread)) not in self.messages:
            raise SlackError("thread_not_found")
        message = replace(message, thread_ts=str(thread) if thread else None)
        self.messages[message.channel, message.ts] = message
        return {"channel": message.channel, "ts": message.ts, "message": {"type": "message", "text": message.text, "ts": message.ts}}

    def _update(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        ts = str(arguments.get("ts", ""))
        old = self.messages.get((str(arguments.get("channel", "")), ts))
        if old is None:
            raise SlackError("message_not_found")
        new = self._checked(arguments, ts=ts)
        self.messages[new.channel, ts] = replace(new, thread_ts=old.thread_ts, files=old.files, edits=old.edits + 1)
        return {"channel": new.channel, "ts": ts, "text": new.text}

    def _checked(self, arguments: Mapping[str, Any], ts: str) -> Message:
        channel = self._channel(arguments)
        blocks = _decoded(arguments.get("blocks")) or []
        text = str(arguments.get("text") or "")
        if not text and not blocks:
            raise SlackError("no_text")
        if faults := block_faults(blocks):
            raise SlackError("invalid_blocks", tuple(faults))
        if total_chars(blocks) > MAX_TOTAL_BLOCK_CHARS:
            raise SlackError("msg_blocks_too_long")
        metadata = _decoded(arguments.get("metadata"))
        return Message(channel=channel, ts=ts, text=text[:MAX_TEXT_CHARS], blocks=tuple(blocks), metadata=metadata)

    def _history(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        heads = [thread[0] for thread in self.threads() if thread[0].channel == self._channel(arguments)]
        return {"messages": [_shown(message) for message in reversed(heads)], "has_more": False}

    def _replies(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        channel, ts = self._channel(arguments), str(arguments.get("ts", ""))
        found = next((thread for thread in self.threads() if thread[0].channel == channel and thread[0].ts == ts), None)
        if found is None:
            raise SlackError("thread_not_found")
        return {"messages": [_shown(message) for message in found], "has_more": False}

    def _channel(self, arguments: Mapping[str, Any]) -> str:
        channel = str(arguments.get("channel", ""))
        if channel not in self.channels:
            raise SlackError("channel_not_found")
        return channel

    def _upload_url(self, arguments: Mapping[str, Any], base_url: str) -> dict[str, Any]:
        name = str(arguments.get("filename") or "")
        if not name or not str(arguments.get("length") or "").isdigit():
            raise SlackError("invalid_arguments")
        file = File(id=f"F{next(self._serial):09d}", name=name)
        self._uploads[file.id] = file
        return {"upload_url": f"{base_url}/upload/{file.id}", "file_id": file.id}

    def _complete_upload(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        wanted = _decoded(arguments.get("files")) or []
        unknown = [item for item in wanted if item.get("id") not in self._uploads]
        if unknown or not wanted:
            raise SlackError("file_not_found")
        files = tuple(replace(self._uploads.pop(item["id"]), title=str(item.get("title") or "")) for item in wanted)
        channel = str(arguments.get("channel_id") or "")
        if channel:
            if channel not in self.channels:
                raise SlackError("channel_not_found")
            thread = arguments.get("thread_ts")
            comment = str(arguments.get("initial_comment") or "")
            ts = f"{int(time.time())}.{next(self._serial):06d}"
            self.messages[channel, ts] = Message(channel, ts, comment, thread_ts=str(thread) if thread else None, files=files)
        return {"files": [{"id": file.id, "title": file.title, "name": file.name} for file in files]}


def _shown(message: Message) -> dict[str, Any]:
    """Return a message as the reading methods do."""
    shown: dict[str, Any] = {"type": "message", "user": "U0MEDIC", "bot_id": "B0MEDIC", "ts": message.ts, "text": message.text}
    if message.blocks:
        shown["blocks"] = list(message.blocks)
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.metadata:
        shown["metadata"] = message.metadata
    if message.files:
        shown["files"] = [{"id": file.id, "name": file.name, "title": file.title} for file in message.files]
    return shown


def _decoded(value: Any) -> Any:
    """Return a structured argument: in a form it arrives as JSON text."""
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError as exc:
        raise SlackError("invalid_arguments") from exc
