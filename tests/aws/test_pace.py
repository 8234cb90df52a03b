"""The pace of all workers together, on the table's own conditions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.aws.folds import DynamoFolds
from bot.aws.incident_index import DynamoIncidentIndex
from bot.aws.pace import DynamoPace
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from tests.aws.test_state import an_incident, clients, clock
from tests.clock import SetClock
from tests.dynamodb import OneClient

__all__ = ["clients", "clock"]


@pytest.fixture
def table(clients: OneClient) -> Table:
    """Return an empty table."""
    return Table(clients, "state")


class TestSlots:
    def test_are_a_second_apart_for_many_workers(self, table: Table, clock: SetClock) -> None:
        """Each gets its own second, whoever asks first."""
        pace = DynamoPace(table, clock)
        with ThreadPoolExecutor(8) as pool:
            waits = list(pool.map(lambda _: pace.reserve("C1", patience_s=60), range(12)))

        assert sorted(wait for wait in waits if wait is not None) == pytest.approx(list(range(12)))

    def test_that_come_too_late_are_not_taken(self, table: Table, clock: SetClock) -> None:
        """Those who give up push nobody back."""
        pace = DynamoPace(table, clock)
        waits = [pace.reserve("C1", patience_s=2) for _ in range(6)]

        assert waits == [0, 1, 2, None, None, None]
        clock.move(3)
        assert pace.reserve("C1", patience_s=2) == 0

    def test_of_another_channel_are_free(self, table: Table, clock: SetClock) -> None:
        """The limit is one of each channel."""
        pace = DynamoPace(table, clock)
        pace.hold("C1", 30)

        assert pace.reserve("C1", patience_s=20) is None
        assert pace.reserve("C2", patience_s=20) == 0

    def test_are_held_as_long_as_asked(self, table: Table, clock: SetClock) -> None:
        """A shorter hold does not end a longer one."""
        pace = DynamoPace(table, clock)
        pace.hold("C1", 30)
        pace.hold("C1", 5)

        assert pace.reserve("C1", patience_s=60) == 30


class TestEdits:
    def test_are_left_to_the_one_who_is_at_it(self, table: Table, clock: SetClock) -> None:
        """Who is at it edits once more for all that came meanwhile."""
        pace = DynamoPace(table, clock)
        turn = pace.ask_edit("inc-1", "a")
        others = [pace.ask_edit("inc-1", owner) for owner in ("b", "c")]
        assert turn is not None

        again = pace.end_edit(turn)

        assert others == [None, None]
        assert again is not None
        assert pace.end_edit(again) is None
        assert pace.ask_edit("inc-1", "d") is not None

    def test_go_on_after_a_worker_that_died_or_failed(self, table: Table, clock: SetClock) -> None:
        """The lease ends by itself, or is given back."""
        pace = DynamoPace(table, clock)
        pace.ask_edit("inc-1", "a")
        clock.move(61)
        heir = pace.ask_edit("inc-1", "b")
        assert heir is not None
        pace.drop_edit(heir)

        assert pace.ask_edit("inc-1", "c") is not None


class TestFolds:
    def test_one_of_many_opens_first(self, table: Table, clock: SetClock) -> None:
        """The table decides; all others learn who it was."""
        folds = DynamoFolds(table, clock)
        with ThreadPoolExecutor(8) as pool:
            gates = list(pool.map(lambda i: folds.enter("C1", f"inc-{i}", storm_s=120), range(8)))

        assert sum(gate.is_first for gate in gates) == 1
        assert len({gate.leader for gate in gates}) == 1

    def test_a_storm_ends_when_nothing_opens(self, table: Table, clock: SetClock) -> None:
        """Each opening makes it last longer."""
        folds = DynamoFolds(table, clock)
        folds.enter("C1", "inc-1", storm_s=120)
        clock.move(100)
        folds.opened("C1")
        clock.move(100)
        during = folds.enter("C1", "inc-2", storm_s=120)
        clock.move(21)

        assert (during.is_first, during.leader) == (False, "inc-1")
        assert folds.enter("C1", "inc-3", storm_s=120).is_first

    def test_a_cause_is_told_of_by_one(self, table: Table, clock: SetClock) -> None:
        """While no more than the window passes between two of its victims."""
        folds = DynamoFolds(table, clock)
        with ThreadPoolExecutor(8) as pool:
            leads = list(pool.map(lambda i: folds.fold("layer|7", f"inc-{i}", window_s=1800), range(8)))
        clock.move(1700)
        later = folds.fold("layer|7", "inc-late", window_s=1800)
        clock.move(1801)

        assert {*leads, later} == {leads[0]}
        assert folds.lead_of("layer|7", window_s=1800) == ""
        assert folds.fold("layer|7", "inc-new", window_s=1800) == "inc-new"


class TestIndex:
    def test_lists_what_many_workers_open_at_once(self, table: Table, clock: SetClock) -> None:
        """None is lost, newest first."""
        store = DynamoIncidentStore(table, clock)
        index = DynamoIncidentIndex(store)
        now = clock.now().timestamp()
        incidents = [store.create(an_incident(str(i), function="f").model_copy(update={"opened_at": now - i})) for i in range(6)]
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(index.note_open, incidents))
        index.note_closed(incidents[0].id)

        assert [incident.id for incident in index.open_incidents()] == [incident.id for incident in incidents[1:]]
        assert [incident.id for incident in index.incidents_of("f", 2)] == [incident.id for incident in incidents[:2]]

    def test_mute_ends_by_itself_or_by_hand(self, table: Table, clock: SetClock) -> None:
        """Zero ends it."""
        index = DynamoIncidentIndex(DynamoIncidentStore(table, clock))
        now = clock.now().timestamp()
        index.mute("f", until=now + 60, by="U1")
        muted = index.muted_until("f")
        clock.move(61)
        over = index.muted_until("f")
        index.mute("g", until=now + 600, by="U1")
        index.mute("g", until=0, by="U1")

        assert (muted, over, index.muted_until("g")) == (now + 60, 0, 0)
