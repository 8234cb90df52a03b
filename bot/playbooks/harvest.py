"""An incident with people's verdict, made into cases that the playbooks are tested with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from bot.errors import InputError
from bot.models.incident_file import IncidentFile
from bot.models.replies import Vote
from bot.playbooks.causes import CAUSES


@dataclass(frozen=True)
class Harvested:
    """One case as a file, by its place below a folder of playbooks."""

    place: PurePosixPath
    text: str


def cases_from(incident_id: str, evidence: IncidentFile, said: str, votes: Sequence[Vote]) -> tuple[Harvested, ...]:
    """Return the cases: the true cause's playbook must match, and one that was wrong must stay silent.

    Args:
        incident_id: Names the files.
        evidence: The incident file, redacted when it was gathered.
        said: The cause that the bot named first; empty for none.
        votes: What people say.

    Raises:
        InputError: Nobody has said anything, or what they say names no cause of the vocabulary.
    """
    if not votes:
        raise InputError(f"{incident_id}: nobody has graded it, so it is not known what the case must come to")
    cause = _true_cause(said, votes)
    if cause not in CAUSES:
        raise InputError(f"{incident_id}: {cause or 'no cause'} is no cause of the vocabulary; it must be named to make a case")
    wanted = [(cause, "match", {"first": True})]
    if said and said != cause and any(vote.grade == "wrong" for vote in votes):
        wanted.append((said, "silent", {}))
    return tuple(_case(incident_id, evidence, playbook, expect, more, votes) for playbook, expect, more in wanted)


def _true_cause(said: str, votes: Sequence[Vote]) -> str:
    """Return what most people name; whoever says "right" names what the bot said."""
    named = Counter(said if vote.grade == "right" else vote.cause for vote in votes)
    named.pop("", None)
    return named.most_common(1)[0][0] if named else ""


def _case(incident_id: str, evidence: IncidentFile, playbook: str, expect: str, more: dict[str, Any], votes: Sequence[Vote]) -> Harvested:
    grades = Counter(vote.grade for vote in votes)
    notes = "; ".join(vote.note for vote in votes if vote.note)
    said = ", ".join(f"{count} × {grade}" for grade, count in sorted(grades.items()))
    because = f"Incident {incident_id}, graded {said}." + (f" {notes}" if notes else "")
    case = {"because": because, "incident": json.loads(evidence.to_json()), "expect": expect, **more}
    text = yaml.safe_dump(case, sort_keys=False, allow_unicode=True, width=140)
    return Harvested(PurePosixPath("cases") / playbook / f"{incident_id}.yaml", text)
