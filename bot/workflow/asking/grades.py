"""What people say of a diagnosis: right, partly, or wrong with the true cause."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.commands import ClickCommand
from bot.errors import CommandError, InputError
from bot.models.replies import GRADES, GradeWindow, NoteReply, Reply, Vote
from bot.playbooks.causes import CAUSES
from bot.workflow.asking.desk import AskDesk

MAX_NOTE_CHARS: Final = 2000


def grade(desk: AskDesk, command: ClickCommand) -> Reply | None:
    """Open the form for the true cause, or keep what was said; returns what to tell the person, if anything.

    Raises:
        InputError: There is no such incident.
    """
    incident = desk.desk.store.incident(command.subject)
    if incident is None:
        raise InputError("this incident is not kept any more")
    if command.view_id and not command.values:
        findings = desk.desk.store.load(incident.id, incident.answered_by) if incident.answered_by else None
        said = findings.answer.diagnoses[0].cause if findings and findings.answer.diagnoses else ""
        window = GradeWindow(incident_id=incident.id, grade=_grade(command), said=said, causes=tuple(sorted(CAUSES)))
        desk.messenger.show_grade(command.view_id, window)
        return None
    values = _values(command.values)
    vote = Vote(
        grade=_grade(command),
        user_id=command.user_id,
        at=command.asked_at,
        cause=str(values.get("cause") or "")[:100],
        note=str(values.get("note") or "")[:MAX_NOTE_CHARS],
    )
    desk.feedback.vote(incident.id, vote)
    return NoteReply(text="Thank you. Your verdict is kept with the evidence, and can become a case that the playbooks are tested with.")


def _grade(command: ClickCommand) -> Any:
    if command.verb not in GRADES:
        raise CommandError(f"verb: {command.verb!r} is no grade")
    return command.verb


def _values(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        values = json.loads(text)
    except ValueError as exc:
        raise CommandError(f"values: no JSON ({exc})") from exc
    if not isinstance(values, dict):
        raise CommandError(f"values: expected an object, found {type(values).__name__}")
    return values
