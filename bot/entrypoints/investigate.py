"""Handler of the investigating worker: a batch of the work queue, of which each record succeeds or comes again by itself."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final

from bot import commands
from bot.alarms.delivery import Delivery, parse_record
from bot.bootstrap import asking_desk, work_queue
from bot.entrypoints.batch import LambdaContext, configure_logging, handle_records, need_time
from bot.errors import AlarmError, CommandError, StateError
from bot.ports import RetryQueue
from bot.settings import InvestigateSettings
from bot.workflow.asking.desk import AskDesk
from bot.workflow.asking.handle import answer_person
from bot.workflow.investigate import investigate_alarm
from bot.workflow.once import Outcome

logger = logging.getLogger(__name__)

MIN_TIME_S: Final = 30.0
"""A record that is begun with less than this would be cut off in the middle; it comes again with a whole function to itself."""


@lru_cache(maxsize=1)
def _parts() -> tuple[AskDesk, RetryQueue]:
    configure_logging()
    settings = InvestigateSettings.from_environment(os.environ)
    return asking_desk(settings), work_queue(settings)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Investigate what a batch of the work queue holds."""
    desk, queue = _parts()
    return handle_batch(event, context, desk, queue)


def handle_batch(event: dict[str, Any], context: LambdaContext, desk: AskDesk, queue: RetryQueue) -> dict[str, Any]:
    """Handle each record by itself and report those that failed, which SQS delivers again."""
    return handle_records(event, context, queue, lambda message_id, body, left: handle_record(message_id, body, desk, left))


def handle_record(message_id: str, body: str, desk: AskDesk, time_left_s: Callable[[], float]) -> None:
    """Handle one record.

    Raises:
        BotError: It must be delivered again, or end among the dead letters.
    """
    need_time(message_id, time_left_s, MIN_TIME_S)
    delivery = parse_record(body)
    facts = {"message_id": message_id, "kind": delivery.kind}
    for reason in (*filter(None, [delivery.reason]), *delivery.refused):
        logger.warning("delivery was not read", extra={**facts, "reason": reason, "bytes": len(body)})
    if delivery.kind == "drop":
        return
    if delivery.kind == "dead-letter":
        raise AlarmError(f"{message_id}: {delivery.reason}")
    try:
        _work(delivery, desk, f"{message_id}:{uuid.uuid4().hex}", time_left_s)
    except Exception:
        logger.exception("delivery failed and will come again", extra=facts)
        raise


def _work(delivery: Delivery, desk: AskDesk, owner: str, time_left_s: Callable[[], float]) -> None:
    jobs: list[Callable[[], Outcome]] = [
        partial(investigate_alarm, desk.desk, alarm, owner=owner, time_left_s=time_left_s) for alarm in delivery.alarms
    ]
    if delivery.kind == "command":
        command = commands.decode(delivery.payload)
        if isinstance(command, commands.TickCommand):
            raise CommandError(f"kind: {command.kind} is not for this worker")
        jobs.append(partial(answer_person, desk, command, owner=owner, time_left_s=time_left_s))
    failures: list[Exception] = []
    for job in jobs:
        try:
            if job() == "busy":
                failures.append(StateError("another worker is at this event; the delivery comes again, in case that one dies"))
        except Exception as exc:
            # One alarm of a delivery takes none of the others with it.
            failures.append(exc)
    if failures:
        raise failures[0]
