"""Where the answers are gathered: sections and gaps, open until the deadline, redacted on the way in."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.evidence.redact import redact, redact_tree


class Harvest:
    """The sections and gaps of one investigation. Thread-safe; what comes after `close` is dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sections: dict[str, Any] = {}
        self._groups: dict[str, dict[str, Any]] = {}
        self._gaps: list[dict[str, str]] = []
        self._is_open = True

    def answer(self, section: str, value: Any) -> None:
        """Keep an answer. Objects are merged by key and lists are joined; None says that AWS has none."""
        clean = redact_tree(_as_json(value))
        with self._lock:
            if self._is_open:
                self._sections[section] = _merged(self._sections.get(section), clean)

    def log_group(self, group: str, events: list[dict[str, Any]]) -> None:
        """Keep what was read of a log group so far, in the place of what was kept of it before.

        The messages are redacted already, when they are read: a group is handed in again after each step.
        """
        with self._lock:
            if self._is_open:
                self._groups[group] = {"group": group, "events": events}

    def gap(self, section: str, operation: str, code: str, message: str) -> None:
        """Keep a question that failed."""
        row = {"section": section, "operation": operation, "code": code, "message": redact(message)}
        with self._lock:
            if self._is_open and row not in self._gaps:
                self._gaps.append(row)

    def close(self) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, str]]]:
        """Return sections, log groups and gaps, and take in nothing more."""
        with self._lock:
            self._is_open = False
            gaps = sorted(self._gaps, key=lambda row: (row["section"], row["operation"], row["message"]))
            return self._sections, list(self._groups.values()), gaps


def _as_json(value: Any) -> Any:
    """Return an answer of boto3 as JSON would hold it, so that a saved file and a fresh one are diagnosed alike."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return value


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **new}
    if isinstance(old, list) and isinstance(new, list):
        return old + new
    return old if new is None and old is not None else new
