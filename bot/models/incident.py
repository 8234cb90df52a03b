"""An incident: one alarm, or one question from chat, from the first notice to the last word in its thread."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.models.alarm import AlarmState
from bot.models.change import Change
from bot.models.diagnosis import Answer
from bot.models.incident_file import IncidentFile
from bot.models.receipt import Receipt
from bot.models.window import Window

Phase = Literal["investigating", "answered", "no-target", "broken-off"]
"""How far the investigation is. `broken-off`: it failed on the way and will be tried again from the queue."""

ID_CHARS: Final = 12


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def incident_id_of(event_key: str) -> str:
    """Return the id of the incident that an event opens; the same event always opens the same one."""
    return f"inc-{hashlib.sha256(event_key.encode()).hexdigest()[:ID_CHARS]}"


class Incident(_Frozen):
    """What the table knows of an incident. Times are seconds since 1970."""

    id: str
    origin: Literal["alarm", "question"]
    title: str
    """The alarm's name, or the question as it was typed."""
    opened_at: float
    channel: str
    thread_ts: str = ""
    """Slack's id of the first message; empty while it is not posted."""
    phase: Phase = "investigating"
    problem: str = ""
    """Why there is no answer, in words for a person."""
    asked_by: str = ""
    """Slack's user id of the person who asked."""
    alarm_arn: str = ""
    alarm_state: AlarmState | None = None
    alarm_reason: str = ""
    alarm_changed_at: float | None = None
    fired: int = 0
    """How often the alarm went into ALARM while this incident was open."""
    recovered_at: float | None = None
    answered_by: str = ""
    """The event whose investigation gave the answer that stands in the thread."""


class Impact(_Frozen):
    """What callers notice, as far as the evidence shows it."""

    status: int | None = None
    since: float | None = None
    """The first failure that was seen."""


class Findings(_Frozen):
    """One investigation: what it found, on what evidence, at what cost."""

    answer: Answer
    evidence: IncidentFile
    receipt: Receipt
    window: Window
    impact: Impact = Impact()
    notes: tuple[str, ...] = ()
    """Sentences for the thread, for example how the function was found."""
    complete: bool = True
    """False: log events were left out to fit the table; `evidence` says how many."""


class Report(_Frozen):
    """All that a message is made of. A message is a pure function of this."""

    incident: Incident
    findings: Findings | None = None
    event: str = ""
    """Id of the event that is being reported; replies carry it, so that a retry finds what is posted already."""
    repeat_of: str = ""
    """Cause that was found before, when the alarm fired again and is reported into the same thread."""
    changes: tuple[Change, ...] = ()
    """What was asked for in this incident, oldest first."""


class Claim(_Frozen):
    """The right to work on one event until the lease ends."""

    event: str
    """Id of the event: a hash of its key."""
    key: str
    owner: str
    standing: Literal["new", "resumed", "done", "busy"]
    """`resumed`: an earlier worker began and died. `busy`: another one is at it. `done`: nothing is left to do."""
    steps: dict[str, str] = Field(default_factory=dict)
    """What was already done, with what was noted at each step."""
