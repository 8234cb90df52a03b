"""Handler of the investigating worker: a batch of the work queue, of which each record succeeds or comes again by itself."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final, Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from bot import commands
from bot.alarms.delivery import Delivery, parse_record
from bot.bootstrap import investigating_desk, work_queue
from bot.errors import AlarmError, CommandError, StateError
from bot.log import SERVICE
from bot.ports import RetryQueue
from bot.settings import InvestigateSettings
from bot.workflow.desk import Desk
from bot.workflow.investigate import Outcome, investigate_alarm, investigate_question

logger = logging.getLogger(__name__)

MIN_TIME_S: Final = 30.0
"""A record that is begun with less than this would be cut off in the middle; it comes again with a whole function to itself."""


class LambdaContext(Protocol):
    """What is used of Lambda's context. Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function is stopped."""


@lru_cache(maxsize=1)
def _parts() -> tuple[Desk, RetryQueue]:
    # The workers' log lines go through Powertools' formatter, whichever module writes them.
    logging.getLogger("bot")
    copy_config_to_registered_loggers(Logger(service=SERVICE, name="lambda-medic", utc=True), include={"bot"})
    settings = InvestigateSettings.from_environment(os.environ)
    return investigating_desk(settings), work_queue(settings)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Investigate what a batch of the work queue holds."""
    desk, queue = _parts()
    return handle_batch(event, context, desk, queue)


def handle_batch(event: dict[str, Any], context: LambdaContext, desk: Desk, queue: RetryQueue) -> dict[str, Any]:
    """Handle each record by itself and report those that failed, which SQS delivers again."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def handle(record: SQSRecord) -> None:
        try:
            handle_record(record.message_id, record.body, desk, lambda: context.get_remaining_time_in_millis() / 1000)
        except Exception:
            queue.retry(record.receipt_handle, int(record.attributes.approximate_receive_count))
            raise

    response: dict[str, Any] = process_partial_response(event=event, record_handler=handle, processor=processor, context=None)  # type: ignore[assignment]
    return response


def handle_record(message_id: str, body: str, desk: Desk, time_left_s: Callable[[], float]) -> None:
    """Handle one record.

    Raises:
        BotError: It must be delivered again, or end among the dead letters.
    """
    if time_left_s() < MIN_TIME_S:
        raise StateError(f"{message_id}: {time_left_s():.0f} s are left, {MIN_TIME_S:.0f} s are needed; it comes again")
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


def _work(delivery: Delivery, desk: Desk, owner: str, time_left_s: Callable[[], float]) -> None:
    jobs: list[Callable[[], Outcome]] = [
        partial(investigate_alarm, desk, alarm, owner=owner, time_left_s=time_left_s) for alarm in delivery.alarms
    ]
    if delivery.kind == "command":
        command = commands.decode(delivery.payload)
        if not isinstance(command, commands.WhyCommand):
            raise CommandError(f"kind: {command.kind} is not for this worker")
        jobs.append(partial(investigate_question, desk, command, owner=owner, time_left_s=time_left_s))
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
