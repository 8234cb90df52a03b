"""A batch of a queue: each record succeeds or comes again by itself. What the workers share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from bot.errors import StateError
from bot.log import SERVICE
from bot.ports import RetryQueue

TimeLeft = Callable[[], float]


class LambdaContext(Protocol):
    """What is used of Lambda's context. Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function is stopped."""


def configure_logging() -> None:
    """Let the workers' log lines go through Powertools' formatter, whichever module writes them."""
    logging.getLogger("bot")
    copy_config_to_registered_loggers(Logger(service=SERVICE, name="lambda-medic", utc=True), include={"bot"})


def handle_records(
    event: dict[str, Any], context: LambdaContext, queue: RetryQueue, handle: Callable[[str, str, TimeLeft], None]
) -> dict[str, Any]:
    """Hand each record's id and body over and report those that failed, which SQS delivers again."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def handle_one(record: SQSRecord) -> None:
        try:
            handle(record.message_id, record.body, lambda: context.get_remaining_time_in_millis() / 1000)
        except Exception:
            queue.retry(record.receipt_handle, int(record.attributes.approximate_receive_count))
            raise

    response: dict[str, Any] = process_partial_response(event=event, record_handler=handle_one, processor=processor, context=None)  # type: ignore[assignment]
    return response


def need_time(message_id: str, time_left_s: TimeLeft, needed_s: float) -> None:
    """Refuse a record that would be cut off in the middle; it comes again with a whole function to itself.

    Raises:
        StateError: Too little is left.
    """
    if time_left_s() < needed_s:
        raise StateError(f"{message_id}: {time_left_s():.0f} s are left, {needed_s:.0f} s are needed; it comes again")
