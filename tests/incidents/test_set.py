"""The open case set is whole: labels and files agree, every cause is there, and nothing in it belongs to anybody."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from bot.models.incident_file import IncidentFile

HERE: Final = Path(__file__).parent
FILES: Final = HERE / "files"
LABELS: Final[list[dict[str, Any]]] = json.loads((HERE / "labels.json").read_text("utf-8"))
IDS: Final = [row["id"] for row in LABELS]

KEYS: Final = {
    "id",
    "cause",
    "accept",
    "answerable",
    "helpful",
    "harmful_or_useless",
    "trap",
    "status",
    "front_door",
    "source",
}
OWN_ACCOUNTS: Final = {"123456789012", "111122223333"}
EXAMPLE_DOMAIN: Final = re.compile(r"(^|\.)example(\.(com|org|net))?$")
SECRET: Final = re.compile(r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|xox[abp]-|-----BEGIN|eyJ[A-Za-z0-9_-]{20,}\.")


def test_every_label_has_a_file_and_every_file_a_label() -> None:
    """No row without evidence, no evidence without a row, no id twice."""
    assert sorted(IDS) == sorted(path.stem for path in FILES.glob("*.json"))
    assert len(IDS) == len(set(IDS))


def test_the_set_is_large_and_a_quarter_of_it_is_healthy() -> None:
    """A build that sees faults everywhere must lose here."""
    controls = sum(row["answerable"] == "control" for row in LABELS)
    assert len(LABELS) >= 210
    assert controls >= 0.25 * len(LABELS)


def test_rows_are_complete() -> None:
    """Each row carries every key, a trap in words and the source of its wording."""
    for row in LABELS:
        assert set(row) == KEYS, row["id"]
        assert row["answerable"] in {"yes", "partly", "no", "control"}, row["id"]
        assert row["trap"], row["id"]
        assert row["source"].startswith("https://"), row["id"]
        assert (row["cause"] == "no-fault") == (row["answerable"] == "control"), row["id"]
        assert not set(row["helpful"]) & set(row["harmful_or_useless"]), row["id"]


def test_every_cause_has_a_case_that_an_expert_can_answer() -> None:
    """The vocabulary is covered, and no row names a cause outside it."""
    causes = pytest.importorskip("bot.playbooks.causes").CAUSES
    named = {row["cause"] for row in LABELS} - {"no-fault"}
    assert named == set(causes)
    assert {row["cause"] for row in LABELS if row["answerable"] == "yes"} == set(causes)
    assert {label for row in LABELS for label in row["accept"]} <= set(causes)


def test_only_actions_that_mend_a_cause_are_called_helpful() -> None:
    """A button that the vocabulary does not list for a cause is never asked for."""
    helps = pytest.importorskip("bot.playbooks.causes").helps
    wrong = [(row["id"], action) for row in LABELS for action in row["helpful"] if not helps(row["cause"], action)]
    assert wrong == []


def test_every_front_door_is_there() -> None:
    """Each way to reach a function occurs with several cases."""
    doors = Counter(row["front_door"] for row in LABELS)
    kinds = [
        "rest-api",
        "http-api",
        "websocket-api",
        "function-url",
        "alb",
        "cloudfront",
        "appsync",
        "event-source",
        "trigger",
        "direct-invoke",
    ]
    assert {kind for kind in kinds if doors[kind] < 4} == set()


@pytest.mark.parametrize("name", IDS)
def test_the_file_parses_and_its_door_is_the_labels(name: str) -> None:
    """A file is valid evidence, and no event lies after the moment of collection."""
    incident = IncidentFile.load(FILES / f"{name}.json")
    row = next(row for row in LABELS if row["id"] == name)
    assert (incident.target.kind or "unknown") == row["front_door"]
    collected = datetime.fromisoformat(incident.collected_at or "")
    for group in incident.logs or []:
        stamps = [event.timestamp for event in group.events]
        assert stamps == sorted(stamps), group.group
        assert all(stamp <= collected.timestamp() * 1000 for stamp in stamps), group.group


def test_nothing_in_the_set_belongs_to_anybody() -> None:
    """Accounts, mail domains and hosts are invented, and no secret lies about."""
    for path in FILES.glob("*.json"):
        text = path.read_text("utf-8")
        assert set(re.findall(r"(?<![\w-])\d{12}(?![\w-])", text)) <= OWN_ACCOUNTS, path.name
        domains = re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", text)
        assert [domain for domain in domains if not EXAMPLE_DOMAIN.search(domain)] == [], path.name
        assert SECRET.search(text) is None, path.name
