"""A storm of alarms: one incident for one cause, none lost, one post a second."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bot.aws.folds import DynamoFolds
from bot.aws.incident_index import DynamoIncidentIndex
from bot.aws.pace import DynamoPace
from bot.aws.state import DynamoIncidentStore
from bot.models.incident import Incident
from tests.memory_table import MemoryTable
from tests.workflow.conftest import World
from tests.workflow.storm import WORKERS, SimulatedTime, Storm, StormAccount, TimedMessenger, storm_alarms

ALARMS = 300
FUNCTIONS = 40
REFUSED = frozenset({3, 11, 30})
"""Calls that Slack refuses for the rate."""


def a_storm(world: World, *, is_shared: bool, is_in_memory: bool = True, **slack: object) -> tuple[Storm, TimedMessenger]:
    """Return the storm before it breaks out; every tenth alarm is delivered twice."""
    clock = SimulatedTime(WORKERS)
    table = MemoryTable() if is_in_memory else world.store.table
    messenger = TimedMessenger(clock=clock, **slack)  # type: ignore[arg-type]
    account = StormAccount(clock, is_shared)
    store = DynamoIncidentStore(table, clock)
    desk = replace(
        world.desk,
        store=store,
        index=DynamoIncidentIndex(store),
        folds=DynamoFolds(table, clock),
        pace=DynamoPace(table, clock),
        messenger=messenger,
        clock=clock,
        sleep=clock.sleep,
        resolve=account.resolve,
        collect=account.collect,
    )
    storm = Storm(desk, clock)
    return storm, messenger


def incidents_shown(storm: Storm, messenger: TimedMessenger) -> list[Incident]:
    """Return the incidents that have a thread of their own, as their first messages show them now."""
    shown = [root.shown.incident for root in messenger.roots]
    return [incident for incident in shown if not incident.folded_into]


def assert_paced(messenger: TimedMessenger) -> None:
    """At most one post a second into the one channel."""
    gaps = [later - earlier for earlier, later in pairwise(sorted(messenger.posted_at))]
    assert min(gaps) >= 1 - 1e-3


def blown(storm: Storm, alarms: int, functions: int) -> None:
    """Let a storm blow over."""
    for number, alarm in enumerate(storm_alarms(alarms, functions)):
        storm.send(alarm, after_s=number * 60 / alarms)
        if number % 10 == 0:
            storm.send(alarm, after_s=number * 60 / alarms)
    storm.blow()


def test_with_one_cause_is_one_incident_with_all_victims(world: World) -> None:
    """300 alarms, 40 functions, one broken layer: one thread, and each alarm listed in it."""
    storm, messenger = a_storm(world, is_shared=True, refused=REFUSED)

    blown(storm, ALARMS, FUNCTIONS)

    assert storm.dead == []
    assert len(messenger.roots) == 1
    (incident,) = incidents_shown(storm, messenger)
    assert {victim.function for victim in incident.victims} == {f"fn-{number:02}" for number in range(FUNCTIONS)}
    assert len(incident.victims) == FUNCTIONS
    assert {alarm.name for victim in incident.victims for alarm in victim.alarms} == {f"alarm-{n:03}" for n in range(ALARMS)}
    assert incident.fired == ALARMS
    assert_paced(messenger)
    assert len(messenger.messages) < 20


def test_without_one_is_an_incident_for_each_function(world: World) -> None:
    """The same alarms, each function with a cause of its own: 40 threads, one alarm in none of them twice."""
    storm, messenger = a_storm(world, is_shared=False, refused=REFUSED)

    blown(storm, ALARMS, FUNCTIONS)

    assert storm.dead == []
    incidents = incidents_shown(storm, messenger)
    assert len(messenger.roots) == len(incidents) == FUNCTIONS
    assert {incident.function for incident in incidents} == {f"fn-{number:02}" for number in range(FUNCTIONS)}
    assert sorted(alarm.name for incident in incidents for alarm in incident.alarms) == [f"alarm-{n:03}" for n in range(ALARMS)]
    assert all(incident.victims == () for incident in incidents)
    assert_paced(messenger)


def test_on_the_table_of_aws_is_one_incident_too(world: World) -> None:
    """The same with DynamoDB's own conditions, a smaller storm."""
    storm, messenger = a_storm(world, is_shared=True, is_in_memory=False)

    blown(storm, 24, 6)

    assert storm.dead == []
    (incident,) = incidents_shown(storm, messenger)
    assert len(incident.victims) == 6
    assert incident.fired == 24
    assert_paced(messenger)


def test_while_slack_is_down_loses_nothing(world: World) -> None:
    """Slack is away for ten minutes from the first alarm on; then there is one thread, in order."""
    storm, messenger = a_storm(world, is_shared=True)
    start = storm.clock.now().timestamp()
    messenger.outage = (start - 1, start + 600)

    blown(storm, 30, 1)

    assert storm.dead == []
    (root,) = messenger.roots
    assert root.shown.incident.fired == 30
    replies = messenger.replies(root)
    assert replies.index("evidence") < replies.index("receipt")
    assert len(replies) == len(set(replies))
