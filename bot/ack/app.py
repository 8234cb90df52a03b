"""The Bolt app: what each subcommand of the slash command answers, and what it puts on the queue."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from slack_bolt import Ack, App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError

from bot import question
from bot.ack.wording import HELP, NOT_QUEUED, USAGE, escaped, on_it, unknown_subcommand
from bot.commands import MAX_TEXT_CHARS, Command, WhyCommand
from bot.errors import BotError, CommandError

logger = logging.getLogger(__name__)

ANY_COMMAND: Final = re.compile(r"^/")
"""A workspace may name the command as it likes; the signature says that it is ours."""


class Queue(Protocol):
    """Takes commands for the workers."""

    def send(self, command: Command) -> str:
        """Return the queue's own id of the message."""


@dataclass(frozen=True)
class Reply:
    """What only the person who asked sees."""

    text: str
    command: Command | None = None
    """What has to be on the queue before this text is said."""


def build_app(queue: Queue, clock: Callable[[], float]) -> App:
    """Return the Bolt app. Requests reach it with their signature already checked."""
    app = App(
        name="lambda-medic",
        logger=logging.getLogger("bot.ack.bolt"),
        process_before_response=True,
        # A token would make Bolt call auth.test while it is built; nothing here calls Slack.
        authorize=_authorize,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        raise_error_for_unhandled_request=True,
    )

    @app.command(ANY_COMMAND)
    def answer_command(ack: Ack, body: dict[str, Any]) -> BoltResponse:
        reply = reply_to(body, asked_at=clock())
        return ack(response_type="ephemeral", text=_queued(reply, queue))

    @app.error
    def answer_error(error: Exception, body: dict[str, Any]) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            logger.warning("request was of no kind that is handled", extra={"type": str(body.get("type", ""))[:40]})
            return BoltResponse(status=404, body="")
        logger.error("request failed", exc_info=error)
        return BoltResponse(status=500, body="")

    return app


def reply_to(body: Mapping[str, Any], *, asked_at: float) -> Reply:
    """Return what a slash command is answered with, and the command that it asks for."""
    name = str(body.get("command") or "/lambda")
    text = str(body.get("text") or "").strip()
    subcommand, rest = [*text.split(None, 1), "", ""][:2]
    if subcommand.lower() in {"", "help"}:
        return Reply(HELP.format(command=name))
    if subcommand.lower() != "why":
        return Reply(unknown_subcommand(subcommand) + "\n" + HELP.format(command=name))
    if not rest or len(rest) > MAX_TEXT_CHARS:
        return Reply(USAGE.format(command=name))
    try:
        question.parse(rest)
    except CommandError as exc:
        return Reply(f"I did not understand that. {escaped(str(exc))}\n{USAGE.format(command=name)}")
    command = WhyCommand(
        request_id=str(body.get("trigger_id") or ""),
        text=rest,
        user_id=str(body.get("user_id") or ""),
        channel_id=str(body.get("channel_id") or ""),
        team_id=str(body.get("team_id") or ""),
        response_url=str(body.get("response_url") or ""),
        asked_at=asked_at,
    )
    return Reply(on_it(rest), command)


def _queued(reply: Reply, queue: Queue) -> str:
    """Put the command on the queue and return what to say; when the queue did not take it, say so."""
    if reply.command is None:
        return reply.text
    # Before the ack: Lambda freezes the process once the response is out.
    try:
        message_id = queue.send(reply.command)
    except BotError:
        logger.exception("command was not queued", extra={"request_id": reply.command.request_id})
        return NOT_QUEUED
    logger.info("command queued", extra={"request_id": reply.command.request_id, "message_id": message_id, "kind": reply.command.kind})
    return reply.text


def _authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)
