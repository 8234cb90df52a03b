"""The queues, reached without an SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.ack.endpoint import JsonEndpoint
from bot.commands import Command, QueueName, encode
from bot.errors import EndpointError


@dataclass(frozen=True)
class Queues:
    """Takes commands for the workers, each on the queue that it names.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """

    endpoint: JsonEndpoint
    urls: Mapping[QueueName, str]

    def send(self, command: Command) -> str:
        """Put a command on its queue and return SQS's message id, the proof that it is safe.

        Raises:
            EndpointError: The queue did not take it.
        """
        answer = self.endpoint.call("SendMessage", {"QueueUrl": self.urls[command.queue], "MessageBody": encode(command)})
        message_id = answer.get("MessageId")
        if not isinstance(message_id, str):
            raise EndpointError(f"sqs SendMessage at {self.endpoint.url}: the answer has no MessageId, so nothing proves that it was taken")
        return message_id
