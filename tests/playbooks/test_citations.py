"""Every citation leads to what it cites: in logs word for word, elsewhere to a place that the file has."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bot.analysis.facts import Facts
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile
from bot.playbooks.engine import examine
from bot.playbooks.model import Playbook
from bot.playbooks.paths import PathError, parse_path, resolve
from bot.playbooks.shipped import load_with_shipped

FILES: Final = sorted((Path(__file__).parents[1] / "incidents" / "files").glob("*.json"))


@pytest.fixture(scope="module")
def playbooks() -> tuple[Playbook, ...]:
    """Return the shipped playbooks."""
    return tuple(load_with_shipped(None))


def fault_of(citation: Citation, incident: IncidentFile) -> str | None:
    """Return what is wrong with a citation, None for a good one."""
    if incident.state(citation.section) == "absent":
        return f"section {citation.section} was not read"
    if not citation.text:
        return "no text"
    if citation.section == "logs":
        return _log_fault(citation, incident)
    if citation.section == "metrics":
        return _metric_fault(citation, incident)
    try:
        path = parse_path(citation.ref)
    except PathError as exc:
        return str(exc)
    if path[0] != citation.section:
        return f"{citation.ref} is in another section than {citation.section}"
    return None if resolve(citation.ref, incident, Facts()).nodes else f"{citation.ref} leads nowhere"


def _log_fault(citation: Citation, incident: IncidentFile) -> str | None:
    events = [event for group in incident.logs or [] if group.group == citation.ref for event in group.events]
    return None if any(citation.text in event.message for event in events) else f"stands in no line of {citation.ref}"


def _metric_fault(citation: Citation, incident: IncidentFile) -> str | None:
    names = [f"{series.Namespace} {series.MetricName}" for series in incident.metrics or []]
    return None if any(citation.ref == name or citation.ref.startswith(f"{name} ") for name in names) else f"no series {citation.ref}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_cited_is_there(path: Path, playbooks: tuple[Playbook, ...]) -> None:
    """Of every playbook that speaks, and not only of those that win."""
    incident = IncidentFile.load(path)

    faults = [
        f"{assessment.playbook.id}: {citation.section} {citation.ref}: {citation.text[:80]!r}: {fault}"
        for assessment in examine(incident, playbooks).assessments
        for citation in assessment.evidence
        if (fault := fault_of(citation, incident))
    ]

    assert faults == []
