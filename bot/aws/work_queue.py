"""The work queue, as the worker sees it: how soon a failed delivery comes again."""

from __future__ import annotations

import logging
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.ports import AwsClients

logger = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 15
RETRY_FACTOR: Final = 3

LONGEST_RETRY_S: Final = 720
"""The queue's own visibility timeout; a longer wait would only be cut by the next delivery's."""


def retry_delay_s(deliveries: int) -> int:
    """Return after how many seconds a delivery that failed for the n-th time comes again: soon at first, then ever later.

    With six deliveries a fault of a quarter of an hour, such as Slack being down, loses nothing.
    """
    return int(min(LONGEST_RETRY_S, FIRST_RETRY_S * RETRY_FACTOR ** max(0, deliveries - 1)))


class WorkQueue:
    """Fills the port RetryQueue with SQS.

    Lambda leaves a record that a batch reports as failed invisible until its visibility timeout ends, which is six times the
    function's own: a person who asked would wait twelve minutes for an answer that a moment's fault delayed.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """

    def __init__(self, aws: AwsClients, url: str) -> None:
        self._aws = aws
        self._url = url

    def retry(self, receipt_handle: str, deliveries: int) -> None:
        """Let a failed delivery come again soon. Where that cannot be asked for, it still comes, only later."""
        delay_s = retry_delay_s(deliveries)
        try:
            self._aws.client("sqs").change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=delay_s)
        except (BotoCoreError, ClientError):
            logger.warning("retry could not be hastened", exc_info=True)
