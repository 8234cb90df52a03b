# ruff: noqa: E501 - rows of values stay whole
from __future__ import annotations

import json
import os
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot.analysis.analyse import analyse
from bot.analysis.facts import Facts
from bot.analysis.texts import iter_texts
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile
from tests.analysis.incidents import FUNCTION_GROUP, ID, START_MS, a_log, an_incident, report


def corpus_files() -> list[Path]:
    """Return the incident files of the shared corpus, where it is at hand."""
    named = os.environ.get("LAMBDA_MEDIC_CORPUS")
    folder = Path(named) if named else Path(__file__).parents[2].parent / "shared" / "corpus" / "dev"
    return sorted((folder / "files").glob("*.json"))


CORPUS = corpus_files()
needs_corpus = pytest.mark.skipif(not CORPUS, reason="no corpus: set LAMBDA_MEDIC_CORPUS to its folder")


def citations(value: object) -> Iterator[Citation]:
    """Yield every citation below a fact."""
    if isinstance(value, Citation):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from citations(item)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from citations(getattr(value, name))


def with_noise(document: dict[str, Any], count: int) -> dict[str, Any]:
    """Weave healthy invocations around each log group's own events."""
    rng = random.Random(7)  # noqa: S311 - the same traffic in every run
    chatter = ("cache warm, 0 errors", "GET /errors/403 200", '{"level":"info","failed":0}', "caught ValueError('x'), answered 400")
    for log in document.get("logs") or []:
        events = log["events"]
        if not events or not log["group"].startswith("/aws/lambda/"):
            continue
        first = min(event["timestamp"] for event in events)
        for _ in range(count):
            request_id, stream = str(uuid.UUID(int=rng.getrandbits(128), version=4)), f"s{rng.getrandbits(32)}"
            lines = (
                f"START RequestId: {request_id} Version: $LATEST",
                rng.choice(chatter),
                f"END RequestId: {request_id}",
                report(request_id),
            )
            at = first + rng.randint(-600_000, 60_000)
            events += [{"timestamp": at + i, "stream": stream, "message": line} for i, line in enumerate(lines)]
        events.sort(key=lambda event: event["timestamp"])
    return document


def without_counts(facts: Facts) -> dict[str, Any]:
    """Return the facts that healthy traffic must not change."""
    return facts.model_dump(exclude={"runs", "health"})


@needs_corpus
class TestCorpus:
    @pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
    def test_every_citation_stands_in_the_file(self, path: Path) -> None:
        """A log citation is a verbatim part of a message of its group."""
        incident = IncidentFile.load(path)
        messages = {group.group: [event.message for event in group.events] for group in incident.logs or []}

        for cite in citations(analyse(incident)):
            assert cite.text
            assert len(cite.text) <= 300
            if cite.section == "logs":
                assert any(cite.text in message for message in messages[cite.ref]), cite
            else:
                assert incident.state(cite.section) != "absent", cite

    @pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
    def test_healthy_traffic_changes_nothing(self, path: Path) -> None:
        """One failing run among hundreds of good ones reads as it does alone."""
        alone = analyse(IncidentFile.load(path))
        noisy = analyse(IncidentFile.from_json(json.dumps(with_noise(json.loads(path.read_text()), 60))))

        assert without_counts(noisy) == without_counts(alone)


class TestAnalyse:
    def test_an_empty_file_has_no_facts(self) -> None:
        """Everything is unknown, and nothing is claimed."""
        facts = analyse(an_incident(function_name=None))

        assert facts.model_dump(exclude_defaults=True) == {}

    def test_the_same_file_gives_the_same_facts(self) -> None:
        """Byte for byte."""
        incident = an_incident(logs=[a_log("[ERROR] KeyError: 'x'", report())], client={"status": 502, "headers": {"b": "1", "a": "2"}})

        assert analyse(incident).model_dump_json() == analyse(incident).model_dump_json()

    def test_the_order_of_events_in_the_file_does_not_matter(self) -> None:
        """Newest first, as some tools export them."""
        lines = (
            f"START RequestId: {ID} Version: 1",
            "[ERROR] KeyError: 'x'\nTraceback (most recent call last):",
            f"END RequestId: {ID}",
            report(),
        )
        events = a_log(*lines, stream="s")["events"]
        forward = analyse(an_incident(logs=[{"group": FUNCTION_GROUP, "events": events}]))
        backward = analyse(an_incident(logs=[{"group": FUNCTION_GROUP, "events": events[::-1]}]))

        assert forward == backward
        assert forward.runs.failed == 1

    @pytest.mark.parametrize(
        ("function", "family"),
        [
            ({"Runtime": "nodejs22.x"}, "nodejs"),
            ({"Runtime": "provided.al2023"}, "provided"),
            ({"PackageType": "Image"}, "image"),
            ({}, None),
        ],
    )
    def test_the_runtime_family(self, function: dict[str, str], family: str | None) -> None:
        """From the runtime's name, or the package type."""
        assert analyse(an_incident(function=function)).runtime_family == family

    @pytest.mark.parametrize(
        "sections",
        [
            {"function": {"VpcConfig": {}, "Timeout": "3", "LoggingConfig": None}},
            {"concurrency": {"AccountLimit": None, "ProvisionedConcurrencyConfigs": [None]}},
            {"resource_policy": {"Statement": {"Effect": "Allow"}}},
            {"resource_policy": {"Statement": [{"Principal": None, "Condition": None}, "x"]}},
            {"gateway": {"integrations": None, "authorizers": None, "stage": None, "kind": 3}},
            {"gateway": {"integrations": [None, {"route": 1}], "Origins": [], "DefaultCacheBehavior": {"LambdaFunctionAssociations": []}}},
            {"network": {"route_tables": [{}], "security_groups": [{}], "vpc_endpoints": [{}], "network_acls": [{}], "dhcp_options": [{}]}},
            {"changes": [{}, {"EventTime": "soon", "EventName": None}, {"EventName": "X", "EventTime": 5}]},
            {"denials": [{}, {"errorCode": "AccessDenied"}, {"errorMessage": "AccessDenied", "userIdentity": 3}]},
            {"event_sources": [{}, {"LastProcessingResult": None}]},
            {"health": [{"eventTypeCode": 1}], "traces": [{"Segments": [{"Document": "{}"}]}]},
            {"alarm": {"Trigger": None}},
            {"client": {"body": "[1,2", "headers": {"x-cache": None, "x-amzn-errortype": ["a"]}}},
            {"logs": [a_log("", "{", '{"type":"platform.report"}', '{"type":"platform.report","record":7}', "REPORT RequestId:", "(", "\x00", "[ERROR]")]},
            {"logs": [a_log('{"status":', "", '{"status": null}', group="access")]},
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("kind", ["rest-api", "cloudfront", "trigger", "function-url"])
    def test_odd_values_are_taken_as_unknown(self, sections: dict[str, Any], kind: str) -> None:
        """A partial or strange section is no reason to fail."""
        incident = an_incident(kind=kind, **sections)

        assert isinstance(analyse(incident), Facts)
        assert all(text.message for text in iter_texts(incident))

    def test_healthy_runs_do_not_make_facts_grow(self) -> None:
        """Two thousand good runs leave one row, the one that failed."""
        document = {"version": 1, "target": {"function_name": "checkout"}, "logs": [a_log(report(tail="Status: timeout"))]}
        facts = analyse(IncidentFile.from_json(json.dumps(with_noise(document, 2_000))))

        assert (facts.runs.total, facts.runs.timed_out, len(facts.invocations)) == (2_001, 1, 1)
        assert facts.first_failure_ms is not None
        assert facts.first_failure_ms <= START_MS
