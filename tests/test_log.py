"""Log lines of the ack path."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from bot import log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Send the package's lines to a buffer, and put the logger back as it was."""
    logger = logging.getLogger("bot")
    before = (logger.handlers[:], logger.level, logger.propagate)
    stream = io.StringIO()
    log.configure(stream=stream)
    yield stream
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


class TestJsonFormatter:
    def test_writes_one_object_a_line_with_the_facts(self, lines: io.StringIO) -> None:
        """CloudWatch Logs Insights finds fields only in JSON."""
        logging.getLogger("bot.ack.app").info("command queued", extra={"request_id": "1.2", "bytes": 3})

        line = json.loads(lines.getvalue())
        assert (line["level"], line["message"], line["request_id"], line["bytes"]) == ("INFO", "command queued", "1.2", 3)
        assert (line["service"], line["logger"]) == ("lambda-medic", "bot.ack.app")

    def test_keeps_a_traceback_in_its_line(self, lines: io.StringIO) -> None:
        """A line that breaks is several events in CloudWatch."""
        try:
            int("boom\nsecond line")
        except ValueError:
            logging.getLogger("bot").exception("request failed")

        assert len(lines.getvalue().splitlines()) == 1
        assert "boom" in json.loads(lines.getvalue())["exception"]

    def test_survives_what_is_no_json(self, lines: io.StringIO) -> None:
        """A log line must never be the fault."""
        logging.getLogger("bot").warning("odd", extra={"what": {1, 2}.__class__, "raw": b"\xff"})

        assert json.loads(lines.getvalue())["message"] == "odd"
