"""What each kind of request leads to: a window where a click needs one, a command on its queue, and then the answer.

Everything is done before the answer: Lambda freezes the process once the response is out. A person always learns of a click that
leads to nothing: in private, in the form, or, where not even that can be sent, by the mark that Slack puts on a failed click.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from slack_bolt import BoltResponse

from bot.ack.clicks import channel_of, click_of, is_in_window, message_of
from bot.ack.directory import options_for
from bot.ack.events import home_of, mention_of
from bot.ack.forms import input_blocks, submission_of
from bot.ack.message import message_text
from bot.ack.payload import at, items_at, text_at
from bot.ack.slash import ask_metadata, reply_to
from bot.ack.windows import FUNCTION_ACTION, View, ask_window, loading_window, notice_window
from bot.ack.wording import NOT_QUEUED, NOT_QUEUED_PLAIN, not_opened
from bot.commands import MODAL_VERBS, ClickCommand, Command
from bot.errors import BotError, DeliveryError

logger = logging.getLogger(__name__)

ASK_VERB: Final = "ask"

Body = Mapping[str, Any]


class Queue(Protocol):
    """Takes commands for the workers."""

    def send(self, command: Command) -> str:
        """Return the queue's own id of the message."""


class Windows(Protocol):
    """Opens windows and tells one person something. Every method raises BotError when it could not."""

    def open_window(self, trigger_id: str, view: View) -> str:
        """Open a window and return its id."""

    def push_window(self, trigger_id: str, view: View) -> str:
        """Open a window on top of another."""

    def fill_window(self, view_id: str, view: View) -> None:
        """Put other content into an open window."""

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who clicked."""


@dataclass(frozen=True)
class Answers:
    """The outside that requests are answered with, and for one request the key that it has for want of a better one."""

    queue: Queue
    slack: Windows
    names: Callable[[], Sequence[str]]
    clock: Callable[[], float]
    signed: str = ""

    def of(self, signed: str) -> Answers:
        """Return the same for one request; `signed` tells it from every other where Slack sent no id with it."""
        return replace(self, signed=signed)

    def command(self, body: Body) -> BoltResponse:
        """Answer the slash command."""
        reply = reply_to(body, asked_at=self.clock(), signed=self.signed)
        if reply.window:
            is_open = self._try_window(lambda: self._ask(body, text_at(body, "channel_id")))
            return _done() if is_open else _said(reply.text)
        if reply.command and not self._queued(reply.command):
            return _said(reply.instead or NOT_QUEUED)
        return _said(reply.text) if reply.text else _done()

    def click(self, body: Body) -> BoltResponse:
        """Answer a button or a menu."""
        command = click_of(body, asked_at=self.clock(), signed=self.signed)
        if command is None:
            logger.info("click is none of ours", extra={"action_id": text_at(next(iter(items_at(body, "actions")), {}), "action_id")[:80]})
            return _done()
        if command.verb == ASK_VERB:
            return self._opened(body, lambda: self._ask(body, channel_of(body)))
        if command.verb not in MODAL_VERBS:
            return _done() if self._queued(command) else self._told(body, NOT_QUEUED)
        return self._click_with_window(body, command)

    def form(self, body: Body) -> BoltResponse:
        """Answer a submitted window: close it, or show what is wrong."""
        found = submission_of(body, asked_at=self.clock(), signed=self.signed)
        if found is None:
            logger.info("window is none of ours", extra={"callback_id": text_at(body, "view", "callback_id")[:80]})
            return _done()
        if isinstance(found, dict):
            return _faults(found)
        if self._queued(found):
            return _done()
        # A fault at the field leaves the window open with all that was typed, to be submitted once more.
        fields = input_blocks(body)
        if fields and fields[0]:
            return _faults({fields[0]: NOT_QUEUED_PLAIN})
        return BoltResponse(status=200, body={"response_action": "update", "view": notice_window(NOT_QUEUED)})

    def options(self, body: Body) -> BoltResponse:
        """Answer the type-ahead; with nothing rather than with an error, which Slack would show in the menu."""
        is_ours = text_at(body, "action_id") == FUNCTION_ACTION
        return BoltResponse(status=200, body={"options": options_for(text_at(body, "value"), self.names()) if is_ours else []})

    def message(self, body: Body) -> BoltResponse:
        """Answer the shortcut on a message."""
        message = at(body, "message")
        text = message_text(message) if isinstance(message, Mapping) else ""
        command = message_of(body, text, asked_at=self.clock(), signed=self.signed)
        return _done() if self._queued(command) else self._told(body, NOT_QUEUED)

    def shortcut(self, body: Body) -> BoltResponse:
        """Answer the shortcut that is everywhere: open the form."""
        return self._opened(body, lambda: self._ask(body, ""))

    def mention(self, body: Body) -> BoltResponse:
        """Answer a mention of the bot."""
        return self._event(mention_of(body, asked_at=self.clock(), signed=self.signed))

    def home(self, body: Body) -> BoltResponse:
        """Answer somebody's opening the app's home."""
        return self._event(home_of(body, asked_at=self.clock(), signed=self.signed))

    def _event(self, command: Command | None) -> BoltResponse:
        # Slack sends an event again, up to three times, when it was not taken.
        return _done() if command is None or self._queued(command) else BoltResponse(status=503, body="")

    def _click_with_window(self, body: Body, command: ClickCommand) -> BoltResponse:
        """Open the window first, for the trigger does not wait for the queue."""
        view = loading_window(command.verb, command.subject)
        show = self.slack.push_window if is_in_window(body) else self.slack.open_window
        try:
            view_id = show(text_at(body, "trigger_id"), view)
        except BotError as exc:
            return self._told(body, _not_opened(exc))
        if self._queued(replace(command, view_id=view_id)):
            return _done()
        try:
            self.slack.fill_window(view_id, notice_window(NOT_QUEUED))
        except BotError:
            logger.warning("window could not say that nothing was started", exc_info=True)
            return self._told(body, NOT_QUEUED)
        return _done()

    def _ask(self, body: Body, channel_id: str) -> None:
        show = self.slack.push_window if is_in_window(body) else self.slack.open_window
        show(text_at(body, "trigger_id"), ask_window(ask_metadata(body, channel_id)))

    def _try_window(self, show: Callable[[], None]) -> bool:
        try:
            show()
        except BotError:
            logger.warning("window could not be opened", exc_info=True)
            return False
        return True

    def _opened(self, body: Body, show: Callable[[], None]) -> BoltResponse:
        try:
            show()
        except BotError as exc:
            return self._told(body, _not_opened(exc))
        return _done()

    def _told(self, body: Body, text: str) -> BoltResponse:
        """Tell the person who clicked, where that can be done; a failed answer is shown as one by Slack itself."""
        response_url = text_at(body, "response_url")
        try:
            if response_url:
                self.slack.tell(response_url, text)
            else:
                show = self.slack.push_window if is_in_window(body) else self.slack.open_window
                show(text_at(body, "trigger_id"), notice_window(text))
        except BotError:
            logger.exception("the person could not be told", extra={"user_id": text_at(body, "user", "id")})
            return BoltResponse(status=503, body="")
        return _done()

    def _queued(self, command: Command) -> bool:
        try:
            message_id = self.queue.send(command)
        except BotError:
            logger.exception("command was not queued", extra={"request_id": command.request_id, "kind": command.kind})
            return False
        facts = {"request_id": command.request_id, "message_id": message_id, "kind": command.kind, "queue": command.queue}
        logger.info("command queued", extra=facts | ({"verb": command.verb} if isinstance(command, ClickCommand) else {}))
        return True


def _not_opened(exc: BotError) -> str:
    logger.warning("window could not be opened", exc_info=exc)
    return not_opened(exc.code if isinstance(exc, DeliveryError) else "")


def _done() -> BoltResponse:
    return BoltResponse(status=200, body="")


def _said(text: str) -> BoltResponse:
    return BoltResponse(status=200, body={"text": text, "response_type": "ephemeral"})


def _faults(errors: Mapping[str, str]) -> BoltResponse:
    return BoltResponse(status=200, body={"response_action": "errors", "errors": dict(errors)})
