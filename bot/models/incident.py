"""An incident: what failed, from the first notice to the last word in its thread; or one question from chat."""

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

Severity = Literal["high", "normal"]
"""`high`: callers get a 5xx, as far as the evidence shows."""

Phase = Literal["investigating", "answered", "no-target", "broken-off"]
"""How far the investigation is. `broken-off`: it failed on the way and will be tried again from the queue."""

Worsening = Literal["victims", "severity", "reopened"]

ID_CHARS: Final = 12


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def incident_id_of(event_key: str) -> str:
    """Return the id of the incident that an event opens; the same event always opens the same one."""
    return f"inc-{hashlib.sha256(event_key.encode()).hexdigest()[:ID_CHARS]}"


class AlarmNote(_Frozen):
    """One alarm of an incident, as it stands. Times are seconds since 1970."""

    identity: str
    """What tells it from every other alarm: its ARN, with the contributor where it has one."""
    name: str
    state: AlarmState
    reason: str = ""
    changed_at: float
    fired: int = 0
    """How often it went into ALARM while the incident was open."""
    since: float | None = None
    """When it first did."""
    recovered_at: float | None = None


class Victim(_Frozen):
    """One function of an incident, with its alarms. `function` is empty where none was found behind the alarm."""

    incident_id: str
    """The function's own record; the incident's own id for the function that it began with."""
    function: str = ""
    account: str = ""
    region: str = ""
    cause: str = ""
    alarms: tuple[AlarmNote, ...] = ()
    version: int = 0
    """Of the function's record that this is a copy of."""

    @property
    def name(self) -> str:
        """Return what a list calls it."""
        return self.function or ", ".join(alarm.name for alarm in self.alarms)

    @property
    def since(self) -> float | None:
        """Return when its first alarm fired."""
        return min((alarm.since for alarm in self.alarms if alarm.since is not None), default=None)

    @property
    def recovered_at(self) -> float | None:
        """Return when its last alarm recovered; None while one has not."""
        return recovery_of(self.alarms)


def recovery_of(alarms: tuple[AlarmNote, ...]) -> float | None:
    """Return when the last of the alarms recovered; None while one of them has not."""
    if not alarms or any(alarm.recovered_at is None for alarm in alarms):
        return None
    return max(alarm.recovered_at for alarm in alarms if alarm.recovered_at is not None)


class Incident(_Frozen):
    """What the table knows of an incident. Times are seconds since 1970.

    `alarm_state`, `alarm_reason`, `alarm_changed_at`, `fired` and `recovered_at` speak of all alarms of all victims together: ALARM
    while one of them is, and recovered when all of them are OK.
    """

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
    function: str = ""
    """The function that it is about, as far as it is known."""
    account: str = ""
    region: str = ""
    cause: str = ""
    """Label of the first diagnosis."""
    severity: Severity = "normal"
    alarm_arn: str = ""
    """The alarm that it began with."""
    alarm_state: AlarmState | None = None
    alarm_reason: str = ""
    alarm_changed_at: float | None = None
    fired: int = 0
    """How often alarms went into ALARM while this incident was open."""
    recovered_at: float | None = None
    alarms: tuple[AlarmNote, ...] = ()
    """The alarms of its own function, the first one first."""
    victims: tuple[Victim, ...] = ()
    """Every function that one shared cause makes fail, its own first; empty while there is no other."""
    fold_key: str = ""
    """What the shared cause is known by; empty: nothing is shared."""
    folded_into: str = ""
    """Id of the incident that tells of this one; this one's thread, if it has one, only points there."""
    muted_until: float | None = None
    """Somebody wanted no word about its function before then."""
    channel_note: str = ""
    """Why it stands in this channel and not where the routes lead."""
    default_asked: str = ""
    """The default channel, once the incident had to go there."""
    examined_by: str = ""
    """The event that is being investigated; empty when none is."""
    examined_until: float = 0.0
    """After this the worker that investigates is taken for dead."""
    answered_by: str = ""
    """The event whose investigation gave the answer that stands in the thread."""
    answered_at: float | None = None
    """When the alarm changed, or the question was asked, that this answer is about."""
    notified_at: float | None = None
    """When people were last told: the first message, or a reply. An edit tells nobody."""
    told_victims: int = 0
    """Of how many functions people were told then."""
    told_severity: Severity = "normal"
    told_recovered: bool = False
    worse_at: float | None = None
    """When the channel was last told that it became worse."""
    version: int = 0
    """Counts the writes."""


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


class Asking(_Frozen):
    """How far the collectors are."""

    asked: int
    answered: int


class Report(_Frozen):
    """All that a message is made of. A message is a pure function of this.

    Replies that the workflow posts besides the parts of an answer, by name: `repeated` (fired again, nothing new), `joined` (another
    alarm of the same function fired), `worse` (shown in the channel as well, by `reply_broadcast`: more functions, a higher severity,
    or failing again after a recovery; `worse` of the report says which), `recovered`, `no-data`, `answer`. A thread whose incident was
    folded into another one gets no reply: its first message points to the thread of `lead`.
    """

    incident: Incident
    findings: Findings | None = None
    event: str = ""
    """Id of the event that is being reported; replies carry it, so that a retry finds what is posted already."""
    repeat_of: str = ""
    """Cause that was found before, when the alarm fired again and is reported into the same thread."""
    changes: tuple[Change, ...] = ()
    """What was asked for in this incident, oldest first."""
    lead: Incident | None = None
    """The incident that this one was folded into, for the link to its thread."""
    worse: tuple[Worsening, ...] = ()
    """For the reply `worse`: what became worse since people were last told."""
    progress: Asking | None = None
    """For the first message while the evidence is being collected."""


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


class Gate(_Frozen):
    """Whether an incident may open its thread before it is examined, or others of its channel have just opened theirs."""

    is_first: bool
    leader: str
    """Id of the incident that opened first."""
    since: float


class EditTurn(_Frozen):
    """The right to edit an incident's first message; whoever has it shows the newest state for all who want it shown."""

    incident_id: str
    owner: str
    wanted: int
    """How often an edit had been asked for when the turn began."""
    edited_at: float
    """When the message was edited last, 0 for never."""
