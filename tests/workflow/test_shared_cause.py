"""What incidents with one cause have in common, and what they have not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.models.diagnosis import Answer, Citation, Diagnosis
from bot.models.incident import Findings
from bot.models.incident_file import IncidentFile, LogEvent, LogGroup, Target
from bot.models.receipt import Receipt
from bot.models.window import Window
from bot.workflow.shared_cause import fold_key

AT = datetime(2026, 5, 14, 3, 9, tzinfo=UTC)
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"


def findings(cause: str, hop: Any, cited: list[tuple[str, str, str]], name: str = "checkout", **sections: Any) -> Findings:
    """Return one function's findings."""
    target = Target(function_name=name, region="eu-west-1", account_id="123456789012")
    evidence = [Citation(section=section, ref=ref, text=text) for section, ref, text in cited]
    diagnosis = Diagnosis(cause=cause, playbook=cause, confidence=0.9, summary="It fails.", hop=hop, evidence=evidence)
    return Findings(
        answer=Answer(target=target, verdict="diagnosed", diagnoses=[diagnosis]),
        evidence=IncidentFile(version=1, target=target, **sections),
        receipt=Receipt(),
        window=Window.last(30, AT),
    )


def logged(text: str) -> list[tuple[str, str, str]]:
    """Return the citation of a log line."""
    return [("logs", "/aws/lambda/f", text)]


def throttled(function: str) -> Findings:
    """Return the findings where the account's pool is used up."""
    return findings("throttled-account-concurrency", "platform", [("metrics", "AWS/Lambda Throttles", "40")], function)


def without_module(function: str, layer: str) -> Findings:
    """Return the findings where a layer lacks a module."""
    return findings("import-error", "function", logged("No module named 'x'"), function, function={"Layers": [{"Arn": layer}]})


def waiting_for(function: str, text: str) -> Findings:
    """Return the findings where a dependency is slow."""
    return findings("slow-downstream", "downstream", logged(text), function)


def deployed(function: str, event_id: str, named: str, stack: str | None = STACK) -> Findings:
    """Return the findings where a change is to blame."""
    change = {
        "EventName": "UpdateFunctionCode20150331v2",
        "EventId": event_id,
        "EventTime": "2026-05-14T03:05:00Z",
        "requestParameters": {"functionName": named},
    }
    tags = {"aws:cloudformation:stack-id": stack} if stack else {}
    cited = [("changes", "changes[0].EventName", "UpdateFunctionCode20150331v2")]
    log = [LogGroup(group="g", events=[LogEvent(timestamp=int(AT.timestamp() * 1000), message="[ERROR] KeyError: 'a'")])]
    return findings("deployment-regression", "function", cited, function, changes=[change], tags=tags, logs=log)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (throttled("a"), throttled("b")),
        (without_module("a", "arn:layer:7"), without_module("b", "arn:layer:7")),
        (waiting_for("a", f"timeout while sending to {QUEUE}"), waiting_for("b", f"no answer from {QUEUE}: gave up")),
        (
            waiting_for("a", "read timed out: https://api.pay.example.com/v1/charge"),
            waiting_for("b", "Host api.pay.example.com: no answer"),
        ),
        (deployed("a", "e1", "a"), deployed("b", "e2", "b")),
        (deployed("a", "e1", "shared", None), deployed("b", "e1", "shared", None)),
    ],
    ids=["account", "layer", "arn", "host", "stack", "event"],
)
def test_is_the_same_for_functions_that_share_it(one: Findings, other: Findings) -> None:
    """Whatever else differs between them."""
    assert fold_key(one)
    assert fold_key(one) == fold_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (without_module("a", "arn:layer:7"), without_module("b", "arn:layer:8")),
        (waiting_for("a", "https://api.pay.example.com/v1"), waiting_for("b", "https://api.mail.example.com/v1")),
        (deployed("a", "e1", "a"), deployed("b", "e2", "b", STACK.replace("shop", "mail"))),
    ],
    ids=["layer", "host", "stack"],
)
def test_is_another_where_the_thing_is_another(one: Findings, other: Findings) -> None:
    """The same kind of failure is no shared cause."""
    assert fold_key(one) != fold_key(other)


@pytest.mark.parametrize(
    "alone",
    [
        findings("function-timeout", "function", logged("Task timed out after 3.00 seconds")),
        findings("import-error", "function", logged("No module named 'x'"), function={"Layers": []}),
        waiting_for("a", "the query in handler.py took 2900 ms"),
        deployed("a", "e1", "a", None),
    ],
    ids=["timeout", "own package", "nothing named", "own deployment"],
)
def test_is_none_where_nothing_shared_is_named(alone: Findings) -> None:
    """Strangers are not put together."""
    assert fold_key(alone) is None
