"""A DynamoDB client whose single calls are atomic, as the service's are; moto judges a condition and writes in two steps."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class OneClient:
    """Fills the port AwsClients with one client, whose calls wait for one another."""

    dynamodb: Any
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client."""
        return _Serial(self.dynamodb, self.lock)


class _Serial:
    def __init__(self, client: Any, lock: threading.Lock) -> None:
        self._client = client
        self._lock = lock

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._client, name)

        def called(**kwargs: Any) -> Any:
            with self._lock:
                return member(**kwargs)

        return called


def make_table(dynamodb: Any, name: str) -> None:
    """Make a table as the template makes it: one key, `pk`."""
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
