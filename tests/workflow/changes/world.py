"""Everything that a change touches, in memory: an incident of the function `orders` whose timeout is too short, and people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.commands import ClickCommand
from bot.models.change import Change, Offered, offer_id_of
from bot.models.diagnosis import Action, Answer, Citation, Diagnosis, RemediationOffer
from bot.models.incident import Findings, Incident
from bot.models.incident_file import IncidentFile, Target
from bot.models.receipt import Receipt
from bot.models.window import Window
from bot.remediations.offers import REMEDIATIONS
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.rules import Rule, Rules
from tests.clock import SetClock
from tests.workflow.changes.fakes.aws import ACCOUNT_ID, REGION, PretendAws
from tests.workflow.changes.fakes.chat import FakeChangeMessenger, FakeGroups
from tests.workflow.changes.fakes.queue import FakeQueue
from tests.workflow.changes.fakes.store import FakeAudit, FakeChangeStore, FakeIncidents
from tests.workflow.changes.fakes.watch import Watch, Watched

CHANNEL = "C0ALARMS"
THREAD = "1779790000.000001"
INCIDENT = "inc-0123456789ab"
EVENT = "event-1"

ASKER, APPROVER, SECOND, STRANGER = "U0ASKER", "U0APPROVER", "U0SECOND", "U0STRANGER"
TEAM = "S0ONCALL"

RULE = Rule(may_ask=("anyone",), may_approve=(APPROVER, TEAM))


@dataclass
class World:
    """The ports, with a desk on them."""

    clock: SetClock
    incidents: FakeIncidents
    changes: FakeChangeStore
    audit: FakeAudit
    queue: FakeQueue
    messenger: FakeChangeMessenger
    aws: PretendAws
    groups: FakeGroups
    rules: list[Rules]
    """One element: the rules as they are now."""
    numbers: list[int] = field(default_factory=lambda: [0])

    @property
    def desk(self) -> ChangeDesk:
        """Return a desk on the ports."""
        return self.watched(lambda name: None)

    def watched(self, watch: Watch, **settings: Any) -> ChangeDesk:
        """Return a desk whose every call to a port is told."""
        self.aws.watch = watch

        def port(fake: Any, name: str) -> Any:
            return Watched(fake, name, watch)

        desk = ChangeDesk(
            incidents=port(self.incidents, "incidents"),
            changes=port(self.changes, "changes"),
            audit=port(self.audit, "audit"),
            queue=port(self.queue, "queue"),
            messenger=port(self.messenger, "messenger"),
            aws=self.aws,
            clock=self.clock,
            groups=port(self.groups, "groups"),
            rules=lambda: self.rules[0],
            remedies=lambda action: REMEDIATIONS[action](lambda seconds: None),
        )
        return replace(desk, **settings)

    @property
    def offer_id(self) -> str:
        """Return the offer's id."""
        return next(iter(self.changes.offers))

    @property
    def change(self) -> Change:
        """Return the only change, or the last one."""
        return self.changes.all[-1]

    def click(self, verb: str, subject: str, user_id: str, **fields: Any) -> ClickCommand:
        """Return a click of a person; each is a new one."""
        self.numbers[0] += 1
        given = {
            "request_id": f"click-{self.numbers[0]}",
            "channel_id": CHANNEL,
            "response_url": f"https://hooks.example/{user_id}",
            "thread_ts": THREAD,
        }
        return ClickCommand(**{**given, **fields}, verb=verb, subject=subject, user_id=user_id)

    def form(self, user_id: str = ASKER, values: dict[str, Any] | None = None, **fields: Any) -> ClickCommand:
        """Return the sending of the plan's form."""
        given: dict[str, Any] = {"channel_id": "", "thread_ts": "", "response_url": "", "values": json.dumps(values or {})}
        return self.click("request", self.offer_id, user_id, **{**given, **fields})

    def button(self, verb: str, user_id: str, change: Change | None = None, **fields: Any) -> ClickCommand:
        """Return a click on a button of a change's message."""
        change = change or self.change
        given = {"message_ts": change.message_ts, "channel_id": change.channel}
        return self.click(verb, change.token, user_id, **{**given, **fields})

    def said_to(self, user_id: str) -> list[str]:
        """Return what a person was told in private."""
        return [text for to, text in self.messenger.told if user_id in to]


def an_offer(action: Action = "raise-timeout", params: dict[str, Any] | None = None) -> RemediationOffer:
    """Return an offer of a diagnosis."""
    params = {"from_seconds": 3, "to_seconds": 10} if params is None else params
    return RemediationOffer(action=action, params=params, why="runs are cut at 3 s", risk="low")


def findings(offers: Iterable[RemediationOffer], clock: SetClock, function_name: str = "orders") -> Findings:
    """Return an investigation whose first diagnosis makes these offers."""
    target = Target(function_name=function_name, region=REGION, account_id=ACCOUNT_ID)
    diagnosis = Diagnosis(
        cause="function-timeout",
        playbook="function-timeout",
        confidence=0.9,
        summary="orders stopped at its limit",
        hop="function",
        evidence=[Citation(section="logs", ref="/aws/lambda/orders", text="Task timed out after 3.00 seconds")],
        remediations=list(offers),
    )
    return Findings(
        answer=Answer(target=target, verdict="diagnosed", diagnoses=[diagnosis]),
        evidence=IncidentFile(version=1, target=target, function={"FunctionName": function_name, "Timeout": 3, "MemorySize": 128}),
        receipt=Receipt(),
        window=Window(start=clock.now() - timedelta(minutes=10), end=clock.now()),
    )


def an_incident(clock: SetClock, **fields: Any) -> Incident:
    """Return an incident with a thread and an answer."""
    given = {
        "id": INCIDENT,
        "origin": "alarm",
        "title": "orders-errors",
        "opened_at": clock.now().timestamp() - 120,
        "channel": CHANNEL,
        "thread_ts": THREAD,
        "phase": "answered",
        "alarm_arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:orders-errors",
        "alarm_state": "ALARM",
        "answered_by": EVENT,
    }
    return Incident(**{**given, **fields})


def a_world(*rules: Rule, offers: Iterable[RemediationOffer] | None = None) -> World:
    """Return a world with one function, one incident, its offers, and the rules given (none: one that lets anyone ask)."""
    clock = SetClock()
    world = World(
        clock=clock,
        incidents=FakeIncidents(clock),
        changes=FakeChangeStore(clock),
        audit=FakeAudit(),
        queue=FakeQueue(clock),
        messenger=FakeChangeMessenger(),
        aws=PretendAws(),
        groups=FakeGroups({TEAM: {SECOND}}),
        rules=[Rules(rules=rules or (RULE,))],
    )
    world.aws.add("orders")
    world.incidents.create(an_incident(clock))
    made = tuple(offers) if offers is not None else (an_offer(),)
    world.incidents.save(INCIDENT, EVENT, findings(made, clock))
    for index, offer in enumerate(made):
        offered = Offered(id=offer_id_of(INCIDENT, EVENT, index), incident_id=INCIDENT, event=EVENT, index=index, action=offer.action)
        world.changes.keep_offer(offered)
    return world


def replace_rule(**fields: Any) -> Rule:
    """Return the world's rule, changed."""
    return RULE.model_copy(update=fields)
