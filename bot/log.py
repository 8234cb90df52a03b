"""JSON log lines with the standard library: what the ack path can afford.

The workers log through Powertools' Logger; both write one JSON object a line with `level`, `message`, `service` and the facts in `extra`.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

SERVICE: Final = "lambda-medic"

_OWN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "aws_request_id"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line; whatever stands in `extra` becomes a key."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "level": record.levelname,
            "message": record.getMessage(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "service": SERVICE,
            "logger": record.name,
        }
        line.update({key: value for key, value in vars(record).items() if key not in _OWN_FIELDS})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send the log lines of this package to one stream as JSON, and nowhere else.

    Lambda's own handler on the root logger would print each line a second time as text, so propagation ends here.
    """
    logger = logging.getLogger("bot")
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter())
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
