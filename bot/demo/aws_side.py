"""The AWS side of the demo as a person would look it up: the broken functions' configuration, alarms, the audit trail, the queues."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.demo.broken import Broken, Clients
from bot.demo.deploy import Stack

EVERY_S: Final = 0.7

SHOWN_ENTRIES: Final = 30


@dataclass
class AwsSide:
    """Reads the local AWS over and over while the demo runs; says when something is different."""

    aws: Clients
    stack: Stack
    changed: Callable[[], None] = lambda: None
    watched: list[Broken] = field(default_factory=list)
    on_read: Callable[[Broken], object] = lambda _broken: None
    """Told of each function whenever it was read."""
    _first: dict[str, dict[str, Any]] = field(default_factory=dict)
    _last: dict[str, Any] = field(default_factory=dict)
    _ending: threading.Event = field(default_factory=threading.Event)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def shown(self) -> dict[str, Any]:
        """Return the last state that was read."""
        return self._last

    def watch(self, broken: Broken) -> None:
        """Show a function from now on; what it is like now is what later changes are compared with."""
        self._first.setdefault(broken.function_name, self.configuration(broken.function_name))
        self.watched.append(broken)
        self.read()

    def keep_reading(self) -> None:
        """Read until the end."""
        while not self._ending.wait(EVERY_S):
            with contextlib.suppress(BotoCoreError, ClientError):
                self.read()

    def end(self) -> None:
        """Read no more."""
        self._ending.set()

    def read(self) -> None:
        """Read everything once."""
        with self._reading:
            self._read()

    def _read(self) -> None:
        functions = []
        for broken in list(self.watched):
            now = self.configuration(broken.function_name)
            first = self._first[broken.function_name]
            rows = [{"name": name, "value": value, "was": first.get(name)} for name, value in now.items()]
            functions.append(
                {"name": broken.function_name, "alarm": broken.alarm_name, "state": self._alarm(broken.alarm_name), "rows": rows}
            )
            self.on_read(broken)
        found = {"functions": functions, "audit": self._audit(), "queues": self._queues()}
        if found != self._last:
            self._last = found
            self.changed()

    def configuration(self, name: str) -> dict[str, Any]:
        """Return what can be changed about a function, by the names that AWS gives it."""
        client = self.aws.client("lambda")
        read = client.get_function_configuration(FunctionName=name)
        reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
        return {
            "Timeout": f"{read['Timeout']} s",
            "MemorySize": f"{read['MemorySize']} MB",
            "EphemeralStorage": f"{read.get('EphemeralStorage', {}).get('Size', 512)} MB",
            "TracingConfig": read.get("TracingConfig", {}).get("Mode", "PassThrough"),
            "ReservedConcurrency": "none" if reserved is None else str(reserved),
            "ResourcePolicy": _callers(self._policy(name)),
        }

    def _policy(self, name: str) -> list[dict[str, Any]]:
        try:
            policy = json.loads(self.aws.client("lambda").get_policy(FunctionName=name)["Policy"])
        except (ClientError, KeyError, ValueError):
            return []
        statements: list[dict[str, Any]] = policy.get("Statement", [])
        return statements

    def _alarm(self, name: str) -> str:
        alarms = self.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return str(alarms[0]["StateValue"]) if alarms else ""

    def _queues(self) -> list[dict[str, Any]]:
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        queues = {
            "work": self.stack.work_queue_url,
            "work, dead": self.stack.dead_letter_queue_url,
            "changes": self.stack.change_queue_url,
            "changes, dead": self.stack.change_dead_letter_queue_url,
        }
        rows = []
        for label, url in queues.items():
            if url:
                read = self.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
                waiting, running, delayed = (int(read.get(name, 0)) for name in wanted)
                rows.append({"name": label, "waiting": waiting, "running": running, "delayed": delayed, "is_dead": "dead" in label})
        return rows

    def _audit(self) -> list[dict[str, Any]]:
        """Return the newest entries, newest first."""
        pages = (
            self.aws.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.stack.table_name,
                FilterExpression="begins_with(pk, :audit)",
                ExpressionAttributeValues={":audit": {"S": "audit#"}},
                ConsistentRead=True,
            )
        )
        entries = [entry for page in pages for item in page["Items"] if (entry := _entry(item))]
        return sorted(entries, key=lambda entry: -entry["number"])[:SHOWN_ENTRIES]


def _entry(item: dict[str, Any]) -> dict[str, Any] | None:
    """Return an entry of the audit trail from its item, whichever attribute holds its JSON."""
    for value in item.values():
        with contextlib.suppress(ValueError, TypeError):
            entry = json.loads(value["S"]) if "S" in value and value["S"].startswith("{") else None
            if isinstance(entry, dict) and "event" in entry and "number" in entry:
                shown = ("number", "event", "at", "by", "action", "function_name", "details", "before")
                return {name: entry.get(name) for name in shown}
    return None


def _callers(statements: list[dict[str, Any]]) -> str:
    """Return who may invoke, as short as a narrow panel needs it."""
    said = []
    for statement in statements:
        principal = statement.get("Principal")
        service = principal.get("Service", principal.get("AWS", "")) if isinstance(principal, dict) else str(principal or "")
        source = (statement.get("Condition") or {}).get("ArnLike", {}).get("AWS:SourceArn", "")
        said.append(f"{str(service).partition('.')[0]} {source.split(':', 5)[-1]}".strip())
    return "; ".join(said) or "none"
