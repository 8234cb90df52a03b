"""What the bot answers to a person who asked for something else than a diagnosis. Times are seconds since 1970."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from bot.models.audit import AuditEntry
from bot.models.diagnosis import Strict

Grade = Literal["right", "partly", "wrong"]

GRADES: Final[tuple[Grade, ...]] = ("right", "partly", "wrong")

IncidentState = Literal["investigating", "open", "recovered", "not-found", "broken-off"]


class IncidentLine(Strict):
    """One incident in a list."""

    id: str
    title: str
    """The function, else the alarm or the question."""
    state: IncidentState
    cause: str = ""
    """The first diagnosis, empty when there is none."""
    opened_at: float
    recovered_at: float | None = None
    fired: int = 0
    channel: str = ""
    thread_ts: str = ""
    grade: Grade | None = None


class ChangeLine(Strict):
    """One change in a list."""

    id: str
    words: str
    function_name: str
    requested_by: str
    expires_at: float
    channel: str
    thread_ts: str


class Vote(Strict):
    """What one person says of a diagnosis."""

    grade: Grade
    user_id: str
    at: float
    cause: str = ""
    """The true cause, a label of the vocabulary or free text; empty when it was not said."""
    note: str = ""


class NoteReply(Strict):
    """One thing said."""

    text: str


class StatusReply(Strict):
    """What is open now, and what waits for approval."""

    incidents: tuple[IncidentLine, ...] = ()
    waiting: tuple[ChangeLine, ...] = ()


class HistoryReply(Strict):
    """The last incidents of a function."""

    function_name: str
    incidents: tuple[IncidentLine, ...] = ()
    muted_until: float = 0.0


class PlaybookLine(Strict):
    """One playbook in a list."""

    id: str
    title: str
    hop: str


class PlaybooksReply(Strict):
    """What the bot can recognise."""

    playbooks: tuple[PlaybookLine, ...]


class PlaybookReply(Strict):
    """One playbook."""

    id: str
    title: str
    doc: str
    remediations: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class AuditReply(Strict):
    """What was done to a function through the bot, newest first."""

    function_name: str
    entries: tuple[AuditEntry, ...] = ()


class HelpReply(Strict):
    """What this person may do."""

    are_changes_configured: bool = False
    may_ask: bool = False
    may_approve: bool = False


class HomeReply(Strict):
    """The app's home of one person."""

    incidents: tuple[IncidentLine, ...] = ()
    waiting: tuple[ChangeLine, ...] = ()
    """Changes that this person may approve."""
    recent: tuple[IncidentLine, ...] = ()
    """The last verdicts, with their grades."""
    at: float = 0.0


class GradeWindow(Strict):
    """The form that asks for the true cause."""

    incident_id: str
    grade: Grade
    said: str = ""
    """What the bot said the cause is."""
    causes: tuple[str, ...] = Field(default=())


Reply = NoteReply | StatusReply | HistoryReply | PlaybooksReply | PlaybookReply | AuditReply | HelpReply
