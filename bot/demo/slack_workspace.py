"""What a workspace holds, and the Web API methods that the bot calls, as strict as Slack about what they are sent."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.demo import slack_directory as directory
from bot.demo.block_limits import block_faults, total_chars, with_ids
from bot.demo.slack_answers import Answers
from bot.demo.slack_files import File, Files
from bot.demo.slack_views import SlackError, Views

MAX_TEXT_CHARS: Final = 40_000
"""Longer texts are cut. Source: https://docs.slack.dev/reference/methods/chat.postMessage"""

MAX_TOTAL_BLOCK_CHARS: Final = 13_200
"""Not documented; seen by users. Source: https://github.com/slackapi/bolt-js/issues/2509"""

__all__ = ["File", "Message", "SlackError", "Workspace"]


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
    user: str = directory.BOT_USER
    only_for: str = ""
    """The one person who sees it; empty: everybody."""
    is_broadcast: bool = False
    """A reply that stands in the channel as well."""


@dataclass
class Workspace:
    """The state behind the methods; safe to use from several threads."""

    token: str
    channels: tuple[str, ...]
    scopes: frozenset[str] = field(default_factory=directory.installed_scopes)
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    private: dict[str, Message] = field(default_factory=dict)
    """What one person alone sees, by its time stamp."""
    views: Views = field(default_factory=Views)
    answers: Answers = field(default_factory=Answers)
    files: Files = field(default_factory=lambda: Files({}, {}))
    posted_at: list[tuple[str, float]] = field(default_factory=list)
    """Channel and monotonic time of each message, to see whether the bot keeps the pace that Slack asks for."""
    version: int = 0
    """Grows with each change."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    _changed: float = field(default_factory=time.monotonic)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._moved = threading.Condition(self.lock)

    def threads(self) -> list[list[Message]]:
        """Return every thread, first message first, in the order they were begun."""
        with self.lock:
            ordered = sorted(self.messages.values(), key=lambda m: m.ts)
        heads = [m for m in ordered if m.thread_ts is None]
        return [[head, *(m for m in ordered if m.thread_ts == head.ts and m.channel == head.channel)] for head in heads]

    def all_messages(self) -> list[Message]:
        """Return everything that stands, private answers included, oldest first."""
        with self.lock:
            return sorted([*self.messages.values(), *self.private.values()], key=lambda m: m.ts)

    def quiet_for(self) -> float:
        """Return the seconds since anything was written."""
        with self.lock:
            return time.monotonic() - self._changed

    def wait_for_change(self, version: int, within_s: float) -> int:
        """Wait until something is newer than a version, at most so long, and return the version of now."""
        with self._moved:
            self._moved.wait_for(lambda: self.version != version, within_s)
            return self.version

    def touch(self) -> None:
        """Say that something changed."""
        with self._moved:
            self._changed = time.monotonic()
            self.version += 1
            self._moved.notify_all()

    def call(self, method: str, token: str, arguments: Mapping[str, Any], base_url: str) -> dict[str, Any]:
        """Carry out a Web API method.

        Raises:
            SlackError: As Slack would refuse.
        """
        known: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
            "auth.test": lambda _arguments, _url: {
                "user_id": directory.BOT_USER,
                "bot_id": directory.BOT_ID,
                "team_id": directory.TEAM_ID,
                "team": directory.TEAM_NAME,
            },
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.history": self._history,
            "conversations.info": self._info,
            "conversations.replies": self._replies,
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._complete_upload,
            "usergroups.users.list": self._group,
            "users.info": self._user,
            "views.open": lambda arguments, _url: self.views.open(arguments),
            "views.push": lambda arguments, _url: self.views.push(arguments),
            "views.update": lambda arguments, _url: self.views.update(arguments),
            "views.publish": lambda arguments, _url: self.views.publish(arguments),
        }
        if token != self.token:
            raise SlackError("invalid_auth")
        if method not in known:
            raise SlackError("unknown_method")
        needed = directory.METHOD_SCOPES[method]
        if needed and not self.scopes.intersection(needed):
            raise SlackError("missing_scope", (f"needed: {','.join(needed)}",))
        if isinstance(arguments.get("view"), str):
            arguments = {**arguments, "view": decoded(arguments["view"])}
        with self.lock:
            answer = known[method](arguments, base_url)
            self.touch()
        return answer

    def take_upload(self, file_id: str, content: bytes) -> bool:
        """Keep the bytes of an announced file."""
        with self.lock:
            return self.files.take(file_id, content)

    def take_answer(self, answer_id: str, body: dict[str, Any]) -> str:
        """Do what came to a response URL, and return Slack's answer to it.

        Raises:
            SlackError: The address is used up, too old or unknown, or the content is refused.
        """
        with self.lock:
            place = self.answers.use(answer_id, body)
            if body.get("delete_original"):
                self._remove(place.channel, place.message_ts)
            elif body.get("replace_original") and place.message_ts:
                self._put_instead(place.channel, place.message_ts, body)
            else:
                thread = str(body.get("thread_ts") or "") or None
                message = self.composed({**body, "channel": place.channel}, ts=self.new_ts())
                only_for = "" if body.get("response_type") == "in_channel" else place.user
                self.keep(replace(message, thread_ts=thread, only_for=only_for))
            self.touch()
        return "ok"

    def say(self, channel: str, user: str, text: str, *, thread_ts: str | None = None, only_for: str = "") -> Message:
        """Let a person, or Slack itself, say something."""
        with self.lock:
            message = Message(channel, self.new_ts(), text[:MAX_TEXT_CHARS], thread_ts=thread_ts, user=user, only_for=only_for)
            self.keep(message)
            self.touch()
        return message

    def keep(self, message: Message) -> None:
        """Let a message stand."""
        if message.only_for:
            self.private[message.ts] = message
        else:
            self.messages[message.channel, message.ts] = message
            self.posted_at.append((message.channel, time.monotonic()))

    def new_ts(self) -> str:
        """Return a time stamp that no message has."""
        return f"{int(time.time())}.{next(self._serial):06d}"

    def composed(self, arguments: Mapping[str, Any], ts: str) -> Message:
        """Return a message that Slack would take."""
        channel, _ = self._conversation(arguments)
        blocks = decoded(arguments.get("blocks")) or []
        text = str(arguments.get("text") or "")
        if not text and not blocks:
            raise SlackError("no_text")
        if faults := block_faults(blocks):
            raise SlackError("invalid_blocks", tuple(faults))
        if total_chars(blocks) > MAX_TOTAL_BLOCK_CHARS:
            raise SlackError("msg_blocks_too_long")
        metadata = decoded(arguments.get("metadata"))
        return Message(channel=channel, ts=ts, text=text[:MAX_TEXT_CHARS], blocks=tuple(with_ids(blocks)), metadata=metadata)

    def _post(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        message = self.composed(arguments, ts=self.new_ts())
        thread = arguments.get("thread_ts")
        if thread and (message.channel, str(thread)) not in self.messages:
            raise SlackError("thread_not_found")
        is_broadcast = bool(thread) and str(arguments.get("reply_broadcast")).lower() in {"true", "1"}
        only_for = self._conversation(arguments)[1]
        message = replace(message, thread_ts=str(thread) if thread else None, is_broadcast=is_broadcast, only_for=only_for)
        self.keep(message)
        return {"channel": message.channel, "ts": message.ts, "message": {"type": "message", "text": message.text, "ts": message.ts}}

    def _post_ephemeral(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        user, thread = str(arguments.get("user") or ""), arguments.get("thread_ts")
        if directory.person(user) is None:
            raise SlackError("user_not_in_channel")
        message = self.composed(arguments, ts=self.new_ts())
        self.keep(replace(message, only_for=user, thread_ts=str(thread) if thread else None))
        return {"message_ts": message.ts}

    def _update(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        ts = str(arguments.get("ts", ""))
        old = self.messages.get((str(arguments.get("channel", "")), ts))
        if old is None:
            raise SlackError("message_not_found")
        if old.user != directory.BOT_USER:
            raise SlackError("cant_update_message")
        self._put_instead(old.channel, ts, arguments)
        return {"channel": old.channel, "ts": ts, "text": self.messages[old.channel, ts].text}

    def _delete(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        channel, ts = self._channel(arguments), str(arguments.get("ts", ""))
        if (channel, ts) not in self.messages:
            raise SlackError("message_not_found")
        self._remove(channel, ts)
        return {"channel": channel, "ts": ts}

    def _put_instead(self, channel: str, ts: str, arguments: Mapping[str, Any]) -> None:
        """Replace a message's content; who sees it, its thread and its files stay."""
        old = self.private.get(ts) or self.messages.get((channel, ts))
        if old is None:
            raise SlackError("message_not_found")
        new = self.composed({**arguments, "channel": channel}, ts=ts)
        stays = {"thread_ts": old.thread_ts, "files": old.files, "only_for": old.only_for, "is_broadcast": old.is_broadcast}
        # Slack marks a message as edited when its words change, not its buttons alone.
        edits = old.edits + 1
        new = replace(new, edits=edits, metadata=new.metadata or old.metadata, **stays)  # type: ignore[arg-type]
        if new.only_for:
            self.private[ts] = new
        else:
            self.messages[channel, ts] = new

    def _remove(self, channel: str, ts: str) -> None:
        self.private.pop(ts, None)
        self.messages.pop((channel, ts), None)

    def _history(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        heads = [thread[0] for thread in self.threads() if thread[0].channel == self._channel(arguments)]
        return {"messages": [shown(message) for message in reversed(heads)], "has_more": False}

    def _replies(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        channel, ts = self._channel(arguments), str(arguments.get("ts", ""))
        found = next((thread for thread in self.threads() if thread[0].channel == channel and thread[0].ts == ts), None)
        if found is None:
            raise SlackError("thread_not_found")
        return {"messages": [shown(message) for message in found], "has_more": False}

    def _info(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        channel = self._channel(arguments)
        return {"channel": {"id": channel, "name": directory.channel_name(channel), "is_member": True, "is_archived": False}}

    def _conversation(self, arguments: Mapping[str, Any]) -> tuple[str, str]:
        """Return a channel, or the app's own conversation with a person and who that is."""
        given = str(arguments.get("channel", ""))
        one = directory.person(given) or directory.person(f"U{given[1:]}" if given.startswith("D") else "")
        return (directory.conversation_with(one.id), one.id) if one else (self._channel(arguments), "")

    def _channel(self, arguments: Mapping[str, Any]) -> str:
        channel = str(arguments.get("channel", ""))
        if channel not in self.channels:
            raise SlackError("channel_not_found")
        return channel

    def _group(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        members = directory.GROUPS.get(str(arguments.get("usergroup") or ""))
        if members is None:
            raise SlackError("no_such_subteam")
        return {"users": list(members)}

    def _user(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        one = directory.person(str(arguments.get("user") or ""))
        if one is None:
            raise SlackError("user_not_found")
        return {"user": {"id": one.id, "name": one.handle, "real_name": one.name, "tz": "UTC", "is_bot": False}}

    def _upload_url(self, arguments: Mapping[str, Any], base_url: str) -> dict[str, Any]:
        file = self.files.announce(f"F{next(self._serial):09d}", dict(arguments))
        if file is None:
            raise SlackError("invalid_arguments")
        return {"upload_url": f"{base_url}/upload/{file.id}", "file_id": file.id}

    def _complete_upload(self, arguments: Mapping[str, Any], _url: str) -> dict[str, Any]:
        channel = str(arguments.get("channel_id") or "")
        if channel and channel not in self.channels:
            raise SlackError("channel_not_found")
        files = self.files.finish(decoded(arguments.get("files")) or [])
        if files is None:
            raise SlackError("file_not_found")
        if channel:
            thread = arguments.get("thread_ts")
            comment = str(arguments.get("initial_comment") or "")
            self.keep(Message(channel, self.new_ts(), comment, thread_ts=str(thread) if thread else None, files=files))
        return {"files": [{"id": file.id, "title": file.title, "name": file.name} for file in files]}


def shown(message: Message) -> dict[str, Any]:
    """Return a message as the reading methods and the payloads of clicks do."""
    out: dict[str, Any] = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    if message.user == directory.BOT_USER:
        out |= {"bot_id": directory.BOT_ID, "app_id": directory.APP_ID}
    if message.blocks:
        out["blocks"] = list(message.blocks)
    if message.thread_ts:
        out["thread_ts"] = message.thread_ts
    if message.metadata:
        out["metadata"] = message.metadata
    if message.files:
        out["files"] = [{"id": file.id, "name": file.name, "title": file.title} for file in message.files]
    return out


def decoded(value: Any) -> Any:
    """Return a structured argument: in a form it arrives as JSON text."""
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError as exc:
        raise SlackError("invalid_arguments") from exc
