"""Playbooks and incidents that the tests of the engine are made from."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from bot.analysis.facts import Facts
from bot.models.incident_file import IncidentFile
from bot.playbooks.loader import parse
from bot.playbooks.model import Playbook

TIMEOUT = """
    id: function-timeout
    cause: function-timeout
    title: The function reached its own timeout
    doc: Lambda stopped the invocation.
    hop: function
    references: [https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html]
    signals:
      - id: platform-line
        confidence: 0.9
        when:
          text:
            pattern: 'Task timed out after (?P<seconds>[0-9.]+) seconds'
            in: [function-log]
            source: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
    unless:
      - because: Such a long timeout is another matter.
        when: {value: {path: function.Timeout, gt: 600}}
    summary: "{{ function }} stopped at its {{ seconds }} s limit {{ count | times }}."
    remediations:
      - action: raise-timeout
    advice:
      - Give every call a timeout of its own.
    check: the function's Timeout
"""

DOWNSTREAM = """
    id: slow-downstream
    cause: slow-downstream
    title: A dependency is slow
    doc: The function waits.
    hop: downstream
    signals:
      - id: read-timed-out
        confidence: 0.8
        when: {text: {pattern: 'Read timed out on (?P<host>[a-z.]+)', source: a recorded line}}
    summary: "{{ host }} did not answer."
    check: the dependency's own latency
"""

EXIT = """
    id: runtime-exit
    cause: runtime-exit
    title: The process ended
    doc: It ended.
    hop: function
    signals:
      - id: exit-line
        confidence: 0.7
        when: {text: {pattern: 'Runtime exited with error: exit status (?P<code>[0-9]+)', source: a recorded line}}
    summary: The process ended with {{ code }}.
    check: the last lines
"""


def text_of(playbook: str) -> str:
    """Return a playbook of this module as a file would hold it."""
    return dedent(playbook).lstrip()


def faults_of(text: str, name: str = "made") -> list[str]:
    """Return what the loader says of a playbook's text."""
    return parse(dedent(text).lstrip(), Path(f"{name}.yaml"))[1]


def a_playbook(text: str = TIMEOUT, **changes: Any) -> Playbook:
    """Return a playbook, with keys changed."""
    source, faults = parse(dedent(text).lstrip(), Path(f"{dedent(text).split()[1]}.yaml"))
    assert not faults, faults
    assert source.playbook is not None
    if not changes:
        return source.playbook
    return Playbook.model_validate({**source.playbook.model_dump(by_alias=True, exclude_unset=True), **changes})


def write_set(folder: Path, *texts: str) -> Path:
    """Write playbooks into a folder, each under its id."""
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        plain = text_of(text)
        (folder / f"{plain.split()[1]}.yaml").write_text(plain, "utf-8")
    return folder


def invocation(request_id: str, *lines: str, duration_ms: float = 20.0, status: str | None = None) -> list[str]:
    """Return the lines of one invocation in Lambda's text format; each of its own lines names it, as Python's runtime does."""
    ending = f"\tStatus: {status}" if status else ""
    return [
        f"START RequestId: {request_id} Version: $LATEST",
        *lines,
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {duration_ms:.0f} ms\t"
        f"Memory Size: 128 MB\tMax Memory Used: 40 MB{ending}",
    ]


def request_id(number: int) -> str:
    """Return a request id."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def timed_out(number: int, *before: str) -> list[str]:
    """Return the lines of an invocation that timed out."""
    name = request_id(number)
    return invocation(name, *before, f"2026-05-14T03:12:01.000Z {name} Task timed out after 3.00 seconds", duration_ms=3000.0)


def an_incident(*lines: str, **sections: Any) -> IncidentFile:
    """Return an incident file whose function log holds the lines; without any, it holds no logs at all."""
    content: dict[str, Any] = {"version": 1, "target": {"function_name": "checkout"}, **sections}
    if lines:
        events = [
            {"timestamp": 1_778_728_320_000 + 10 * number, "stream": "2026/05/14/[$LATEST]ab12", "message": line}
            for number, line in enumerate(lines)
        ]
        content["logs"] = [{"group": "/aws/lambda/checkout", "events": events}, *content.get("logs", [])]
    return IncidentFile.from_json(json.dumps(content))


NO_FACTS = Facts()
