"""The queues, as who writes to them sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.commands import Command, QueueName, encode
from bot.errors import StateError
from bot.ports import AwsClients

LONGEST_DELAY_S: Final = 900
"""Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


@dataclass(frozen=True)
class SqsCommandQueue:
    """Fills the port CommandQueue; knows the queues that its function may write to."""

    aws: AwsClients
    urls: Mapping[QueueName, str]

    def send(self, command: Command, *, delay_s: int = 0) -> None:
        """Put a command on its queue, to be delivered after at most 900 seconds; what is due later must be sent again then.

        Raises:
            StateError: It was not taken.
        """
        url = self.urls.get(command.queue)
        if url is None:
            raise StateError(
                f"{command.kind}: goes to the {command.queue} queue, this function writes to: {', '.join(self.urls) or 'none'}"
            )
        delay_s = max(0, min(LONGEST_DELAY_S, int(delay_s)))
        try:
            self.aws.client("sqs").send_message(QueueUrl=url, MessageBody=encode(command), DelaySeconds=delay_s)
        except (BotoCoreError, ClientError) as exc:
            raise StateError(f"send_message to {url}: {exc}") from exc
