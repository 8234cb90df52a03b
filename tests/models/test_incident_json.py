"""Incident files read where memory is counted."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from bot.errors import IncidentFileError
from bot.models.incident_file import IncidentFile, LogEvent

HEAD: dict[str, Any] = {"version": 1, "target": {"function_name": "checkout"}}


def written(tmp_path: Path, content: bytes) -> Path:
    """Write a file."""
    path = tmp_path / "incident.json"
    path.write_bytes(content)
    return path


class TestRead:
    def test_events_are_kept_as_they_stand(self) -> None:
        events = [{"timestamp": 1, "message": "a \u20ac \U0001f600", "stream": "s"}, {"timestamp": 2, "message": "b"}]

        incident = IncidentFile.from_json(json.dumps({**HEAD, "logs": [{"group": "g", "events": events}]}))

        assert incident.logs is not None
        assert incident.logs[0].events == [LogEvent(1, "a \u20ac \U0001f600", "s"), LogEvent(2, "b")]

    def test_what_looks_like_an_event_elsewhere_stays_what_it_was(self) -> None:
        row = {"timestamp": 1, "message": "m"}

        incident = IncidentFile.from_json(json.dumps({**HEAD, "health": [row, {"inner": {**row, "stream": "s"}}], "later": [row]}))

        assert incident.health == [row, {"inner": {**row, "stream": "s"}}]
        assert incident.model_extra == {"later": [row]}

    @pytest.mark.parametrize("ascii_only", [True, False])
    def test_letters_outside_of_ascii_come_through(self, tmp_path: Path, ascii_only: bool) -> None:
        """Also where a letter of several bytes lies across the border of two chunks."""
        message = "\U0001f600é漢" * 40_000
        content = {**HEAD, "tags": {"Besitzer": "Jürgen"}, "logs": [{"group": "g", "events": [{"timestamp": 1, "message": message}]}]}

        incident = IncidentFile.load(written(tmp_path, json.dumps(content, ensure_ascii=ascii_only).encode()))

        assert incident.logs is not None
        assert incident.logs[0].events[0].message == message
        assert incident.tags == {"Besitzer": "Jürgen"}

    def test_a_byte_order_mark_is_passed_over(self, tmp_path: Path) -> None:
        assert IncidentFile.load(written(tmp_path, b"\xef\xbb\xbf" + json.dumps(HEAD).encode())).version == 1

    def test_reading_what_was_written_gives_the_same(self) -> None:
        incident = IncidentFile.from_json(json.dumps({**HEAD, "logs": [{"group": "g", "events": [{"timestamp": 1, "message": "m"}]}]}))

        assert IncidentFile.from_json(incident.to_json()) == incident


class TestRefuse:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "not valid JSON"),
            (b"{", "not valid JSON"),
            (b"[1]", "file: "),
            (b"[" * 100_000, "not valid JSON"),
            (json.dumps({**HEAD, "client": {"duration_ms": float("nan")}}).encode(), "NaN is no JSON number"),
            (b'{"version": 1, "target": {}, "tags": {"a": "\\ud800"}}', "surrogates not allowed"),
            (b'{"version": 1, "target": {}, "logs": [{"group": "g", "events": [{"timestamp": 1, "message": "\\udc00"}]}]}', "surrogates"),
            (b'{"version": 1, "target": {"region": "\xff"}}', "not UTF-8"),
            (json.dumps({**HEAD, "logs": [{"group": "g", "events": [{"timestamp": "noon", "message": "m"}]}]}).encode(), "timestamp"),
            (json.dumps({**HEAD, "logs": [{"group": "g", "events": [{"timestamp": 1, "message": 5}]}]}).encode(), "message"),
            (json.dumps({**HEAD, "version": 2}).encode(), "reads version 1, the file says 2"),
        ],
    )
    def test_a_file_that_is_not_valid_names_what_is_wrong(self, tmp_path: Path, content: bytes, message: str) -> None:
        path = written(tmp_path, content)

        with pytest.raises(IncidentFileError) as raised:
            IncidentFile.load(path)

        assert str(raised.value).startswith(f"{path}: ")
        assert message in str(raised.value)


class TestMemory:
    def test_stays_below_three_times_the_file(self, tmp_path: Path) -> None:
        lines = [
            {"timestamp": 1_778_728_320_000 + n, "stream": "2026/05/14/[$LATEST]ab12", "message": f"{n:08} " + "x" * 90}
            for n in range(20_000)
        ]
        path = written(tmp_path, json.dumps({**HEAD, "logs": [{"group": "g", "events": lines}]}).encode())
        lines.clear()

        tracemalloc.start()
        try:
            incident = IncidentFile.load(path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert incident.logs is not None
        assert peak < 3 * path.stat().st_size
