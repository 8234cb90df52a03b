"""Handler of the changing worker: what people clicked about changes, and the steps that are due, from the change queue.

It has no other way in. Nothing is done here but what `bot.workflow.changes.handle` decides from the table.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from bot import commands
from bot.bootstrap import audit_log, change_queue, changing_desk
from bot.commands import ClickCommand, TickCommand
from bot.entrypoints.batch import LambdaContext, TimeLeft, configure_logging, handle_records, need_time
from bot.errors import CommandError, StateError
from bot.ports import RetryQueue
from bot.settings import RemediateSettings
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.handle import handle

logger = logging.getLogger(__name__)

MIN_TIME_S: Final = 75.0
"""An update that somebody else began is waited for 30 s, our own about as long, and seeing it may take 7 s."""


@dataclass(frozen=True)
class Parts:
    """What the handler works with; one per process."""

    desk: ChangeDesk
    queue: RetryQueue
    copy_audit: Any
    """Copies what the audit bucket does not have yet."""


@lru_cache(maxsize=1)
def _parts() -> Parts:
    configure_logging()
    settings = RemediateSettings.from_environment(os.environ)
    return Parts(changing_desk(settings), change_queue(settings), audit_log(settings).copy_rest)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work on what a batch of the change queue holds."""
    return handle_batch(event, context, _parts())


def handle_batch(event: dict[str, Any], context: LambdaContext, parts: Parts) -> dict[str, Any]:
    """Handle each record by itself and report those that failed, which SQS delivers again."""
    return handle_records(event, context, parts.queue, lambda message_id, body, left: handle_record(message_id, body, parts, left))


def handle_record(message_id: str, body: str, parts: Parts, time_left_s: TimeLeft) -> None:
    """Handle one record.

    Raises:
        BotError: It must be delivered again, or end among the dead letters.
    """
    need_time(message_id, time_left_s, MIN_TIME_S)
    command = _command(message_id, body)
    facts = {"message_id": message_id, "kind": command.kind, "request_id": command.request_id}
    try:
        outcome = handle(parts.desk, command, owner=f"{message_id}:{uuid.uuid4().hex}", time_left_s=time_left_s)
    except Exception:
        logger.exception("change failed and will come again", extra=facts)
        raise
    logger.info("change message", extra={**facts, "outcome": outcome})
    if outcome == "busy":
        raise StateError(f"{message_id}: another worker is at this; the delivery comes again, in case that one dies")
    if isinstance(command, TickCommand) and command.step == "sweep":
        parts.copy_audit()


def _command(message_id: str, body: str) -> ClickCommand | TickCommand:
    """Read a message; what is none of ours ends among the dead letters, where an operator finds it."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise CommandError(f"{message_id}: is no JSON: {exc}") from exc
    if not isinstance(message, dict):
        raise CommandError(f"{message_id}: expected a command, found {type(message).__name__}")
    command = commands.decode(message)
    if not isinstance(command, ClickCommand | TickCommand) or command.queue != "change":
        raise CommandError(f"{message_id}: {command.kind} is not for this worker")
    return command
