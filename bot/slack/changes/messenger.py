"""Changes into Slack: their message, their window, notes, and answers that one person sees."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bot.errors import DeliveryError
from bot.models.change import Change
from bot.models.incident import Report
from bot.slack.blocks import Message
from bot.slack.changes.message import change_message
from bot.slack.changes.notes import note_message
from bot.slack.changes.window import plan_view, problem_view
from bot.slack.elements import Block
from bot.slack.escape import mrkdwn, shortened
from bot.slack.limits import MAX_TEXT_CHARS
from bot.slack.messenger import SlackMessenger
from bot.slack.sending import Mark, Wire, called, ids_of
from bot.workflow.changes.desk import PlanWindow

logger = logging.getLogger(__name__)

METADATA_TYPE: Final = "lambda_medic_change"
"""The mark on every message of a change."""

MESSAGE: Final = "change"

GONE_VIEWS: Final = frozenset({"not_found", "expired_trigger_id"})
"""The person closed the window before it was filled. Source: https://docs.slack.dev/reference/methods/views.update#errors"""

REFUSED_VIEWS: Final = frozenset({"view_too_large", "invalid_arguments", "invalid_blocks", "invalid_view"})
"""Slack does not take the window as it is. Source: https://docs.slack.dev/reference/methods/views.update#errors"""


@dataclass(frozen=True)
class SlackChangeMessenger:
    """Fills the port ChangeMessenger."""

    token: Callable[[], str]
    api_url: str
    before_file: Callable[[str], None] = lambda channel: None
    """Waits for the channel's turn: a file that follows its message is one message more."""

    def show_plan(self, view_id: str, window: PlanWindow) -> None:
        """Fill a window that is open, or say in it why there is no plan. A window that was closed meanwhile is no fault."""
        try:
            self._show(view_id, plan_view(window))
        except DeliveryError as exc:
            if exc.code not in REFUSED_VIEWS:
                raise
            logger.exception("Slack refused the window of a plan", extra={"offer": window.offered.id})
            command = f" The same by hand: {window.command}" if window.command else ""
            self._show(view_id, problem_view(f"The plan cannot be shown here; `medic plan` prints it.{command}"))

    def show_problem(self, view_id: str, text: str) -> None:
        """Say in a window that is open why nothing more comes."""
        self._show(view_id, problem_view(text))

    def post_change(self, change: Change) -> str:
        """Post a change into its incident's thread, with what was too long for it as a file, and return the message's id."""
        return self._post(change, change_message(change), MESSAGE)

    def find_change(self, change: Change) -> str | None:
        """Return the id of a change's message when it stands already.

        Only a retry after a crash asks. It needs the same scopes as the incident's messenger for its first message, which the
        manifest does not ask for: without them the answer is None.
        """
        if not change.thread_ts:
            return None
        for message in self._wire.read("conversations_replies", channel=change.channel, ts=change.thread_ts):
            ids = ids_of(message, METADATA_TYPE)
            if ids.get("change_id") == change.id and ids.get("part") == MESSAGE:
                return str(message["ts"])
        return None

    def edit_change(self, change: Change) -> None:
        """Bring a change's message up to date, in place."""
        if not change.message_ts:
            logger.warning("change has no message to be edited", extra={"change": change.id})
            return
        self._wire.edit(change.channel, change.message_ts, change_message(change), _mark(change, MESSAGE))

    def note(self, change: Change, note: str) -> None:
        """Post one note into the thread."""
        self._post(change, note_message(change, note), note)

    def edit(self, report: Report) -> None:
        """Bring the incident's first message up to date."""
        SlackMessenger(self.token, self.api_url).edit(report)

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who clicked, and to nobody else."""
        self._wire.respond(response_url, _said(text))

    def tell_person(self, channel: str, thread_ts: str, user_id: str, text: str) -> None:
        """Say one thing to a person where no response URL came, in the thread; or in the app's own conversation where there is none."""
        client = self._wire.client(is_repeatable=False)
        if not channel:
            called(lambda: client.chat_postMessage(channel=user_id, text=_said(text), unfurl_links=False, unfurl_media=False))
            return
        thread: dict[str, Any] = {"thread_ts": thread_ts} if thread_ts else {}
        called(lambda: client.chat_postEphemeral(channel=channel, user=user_id, text=_said(text), **thread))

    def _post(self, change: Change, message: Message, part: str) -> str:
        answer = self._wire.post(change.channel, message, _mark(change, part), thread_ts=change.thread_ts)
        if message.overflow:
            self.before_file(change.channel)
            self._attach(change, message, part)
        return str(answer["ts"])

    def _attach(self, change: Change, message: Message, part: str) -> None:
        texts = [f"{change.plan.action} of {change.plan.function_name}, change {change.id}"]
        texts += [f"=== {excerpt.title}\n{excerpt.text}" for excerpt in message.overflow]
        missing = "The long texts could not be attached (missing scope files:write). `medic plan` prints the plan whole."
        try:
            self._wire.attach(
                change.channel,
                change.thread_ts,
                filename=f"{change.id}-{part}.txt",
                title="Texts in full",
                content="\n\n".join(texts) + "\n",
                instead=Message(missing, ()),
                mark=_mark(change, f"{part}-file"),
            )
        except DeliveryError as exc:
            # The message stands. Told as a fault, it would be posted again.
            logger.warning("long texts were not attached", extra={"change": change.id, "code": exc.code})

    def _show(self, view_id: str, view: Block) -> None:
        client = self._wire.client(is_repeatable=True)
        try:
            called(lambda: client.views_update(view_id=view_id, view=view))
        except DeliveryError as exc:
            if exc.code not in GONE_VIEWS:
                raise
            logger.info("window was closed before it was filled", extra={"code": exc.code})

    @property
    def _wire(self) -> Wire:
        return Wire(self.token, self.api_url)


def _mark(change: Change, part: str) -> Mark:
    return Mark(METADATA_TYPE, {"change_id": change.id, "incident_id": change.incident_id, "part": part})


def _said(text: str) -> str:
    return mrkdwn(shortened(text, MAX_TEXT_CHARS, escaped=True)[0]).strip() or "(nothing)"
