"""The incident store, against moto's DynamoDB."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from bot.aws import archive
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.errors import LeaseLostError, StateError
from bot.models.diagnosis import Answer, Citation, Diagnosis
from bot.models.incident import AlarmNote, Findings, Incident, incident_id_of
from bot.models.incident_file import IncidentFile, LogEvent, LogGroup, Target
from bot.models.receipt import Receipt
from bot.models.window import Window
from tests.clock import SetClock
from tests.dynamodb import OneClient, make_table

ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-errors"
HOUR = 3600.0


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[OneClient]:
    """Make the table as the template makes it: one key, `pk`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        make_table(client, "state")
        yield OneClient(client)


@pytest.fixture
def clock() -> SetClock:
    """Return a clock that stands still."""
    return SetClock()


@pytest.fixture
def store(clients: OneClient, clock: SetClock) -> DynamoIncidentStore:
    """Return a store on an empty table."""
    return DynamoIncidentStore(Table(clients, "state"), clock)


def an_incident(key: str = "a", **fields: Any) -> Incident:
    """Return an incident."""
    return Incident(id=incident_id_of(key), origin="alarm", title="checkout-errors", opened_at=0, channel="C1", alarm_arn=ARN, **fields)


def a_note(state: Any = "ALARM", reason: str = "", *, at: float, name: str = "checkout-errors") -> AlarmNote:
    """Return a state of an alarm."""
    return AlarmNote(identity=f"arn:{name}", name=name, state=state, reason=reason, changed_at=at)


def an_investigation(events: int = 2, noise: int = 0) -> Findings:
    """Return an investigation whose log has `events` events with `noise` incompressible letters each."""
    rng = random.Random(7)  # noqa: S311
    lines = [LogEvent(timestamp=i, message=f"{i} " + "".join(chr(rng.randint(33, 126)) for _ in range(noise))) for i in range(events)]
    lines[0] = LogEvent(timestamp=0, message="Task timed out after 3.00 seconds")
    target = Target(function_name="checkout", region="eu-west-1")
    cited = Citation(section="logs", ref="/aws/lambda/checkout", text="Task timed out after 3.00 seconds", count=1)
    diagnosis = Diagnosis(
        cause="function-timeout", playbook="function-timeout", confidence=0.9, summary="It timed out.", hop="function", evidence=[cited]
    )
    return Findings(
        answer=Answer(target=target, verdict="diagnosed", diagnoses=[diagnosis]),
        evidence=IncidentFile(version=1, target=target, resource_policy=None, logs=[LogGroup(group="/aws/lambda/checkout", events=lines)]),
        receipt=Receipt(seconds=1.5),
        window=Window.last(30, datetime(2026, 5, 14, tzinfo=UTC)),
    )


class TestClaim:
    def test_lets_one_worker_in(self, store: DynamoIncidentStore) -> None:
        """A second delivery of the same event finds it taken."""
        first = store.claim("alarm|1", owner="a", lease_s=60)
        second = store.claim("alarm|1", owner="b", lease_s=60)

        assert (first.standing, second.standing) == ("new", "busy")

    def test_lets_one_of_many_in_at_the_same_time(self, store: DynamoIncidentStore) -> None:
        """The condition is judged by the table and not by the workers."""
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(lambda i: store.claim("k", owner=str(i), lease_s=60), range(16)))

        assert sorted(claim.standing for claim in claims) == ["busy"] * 15 + ["new"]

    def test_resumes_with_the_steps_when_the_lease_has_ended(self, store: DynamoIncidentStore, clock: SetClock) -> None:
        """A killed worker leaves what it had done."""
        claim = store.claim("k", owner="a", lease_s=60)
        store.record(claim, "announced", "123.4")
        clock.move(61)

        resumed = store.claim("k", owner="b", lease_s=60)

        assert (resumed.standing, resumed.steps) == ("resumed", {"announced": "123.4"})

    def test_resumes_at_once_after_a_release(self, store: DynamoIncidentStore) -> None:
        """A worker that failed on the way says so, and its retry need not wait."""
        store.release(store.claim("k", owner="a", lease_s=600))

        assert store.claim("k", owner="b", lease_s=60).standing == "resumed"

    def test_is_done_after_finish(self, store: DynamoIncidentStore, clock: SetClock) -> None:
        """Nothing is left to do, however late the second delivery comes."""
        store.finish(store.claim("k", owner="a", lease_s=60))
        clock.move(9999)

        assert store.claim("k", owner="b", lease_s=60).standing == "done"

    def test_stops_a_worker_that_lost_its_lease(self, store: DynamoIncidentStore, clock: SetClock) -> None:
        """A worker that was frozen must not go on when another has taken over."""
        old = store.claim("k", owner="a", lease_s=60)
        clock.move(61)
        new = store.claim("k", owner="b", lease_s=60)

        with pytest.raises(LeaseLostError, match="taken over"):
            store.record(old, "announced")
        with pytest.raises(LeaseLostError, match="taken over"):
            store.finish(old)
        store.release(old)

        assert store.claim("k", owner="c", lease_s=60).standing == "busy"
        assert store.record(new, "announced").steps == {"announced": ""}


def joined(store: DynamoIncidentStore, own: str, at: float) -> str:
    """Join the open incident of one function, or open one's own; a quarter of an hour after a recovery it is the same still."""
    store.create(an_incident().model_copy(update={"id": own}))
    known = store.join("function|checkout", own, at=at, open_s=HOUR, reopen_s=HOUR / 4)
    store.attach(ARN, known, fired_at=at)
    store.note_alarm(known, a_note(at=at))
    return known


class TestJoin:
    def test_opens_an_incident_and_keeps_to_it(self, store: DynamoIncidentStore) -> None:
        """An alarm that fires again while its incident is open belongs to it."""
        assert [joined(store, "inc-1", 100), joined(store, "inc-2", 200)] == ["inc-1", "inc-1"]

    def test_opens_one_for_many_at_the_same_time(self, store: DynamoIncidentStore) -> None:
        """Seven alarms of one function fire at once."""
        with ThreadPoolExecutor(7) as pool:
            found = list(pool.map(lambda i: joined(store, f"inc-{i}", 100), range(7)))

        assert len(set(found)) == 1

    def test_goes_on_with_one_that_has_just_recovered(self, store: DynamoIncidentStore) -> None:
        """Flapping is no new incident."""
        joined(store, "inc-1", 100)
        store.note_alarm("inc-1", a_note("OK", at=150))

        assert joined(store, "inc-2", 150 + HOUR / 8) == "inc-1"

    def test_opens_another_long_after_a_recovery(self, store: DynamoIncidentStore) -> None:
        """What recovered and fails again is another incident."""
        joined(store, "inc-1", 100)
        store.note_alarm("inc-1", a_note("OK", at=150))

        assert joined(store, "inc-2", 151 + HOUR / 4) == "inc-2"

    def test_opens_another_when_nothing_was_heard_for_long(self, store: DynamoIncidentStore) -> None:
        """Most alarms have no OK action; last week's thread is not today's."""
        joined(store, "inc-1", 100)

        assert joined(store, "inc-2", 100 + HOUR) == "inc-2"

    def test_gives_a_retry_its_own_incident(self, store: DynamoIncidentStore) -> None:
        """Also when the alarm recovered before the retry came."""
        joined(store, "inc-1", 100)
        store.note_alarm("inc-1", a_note("OK", at=150))

        assert joined(store, "inc-1", 100 + 2 * HOUR) == "inc-1"


class TestRecover:
    def test_names_the_incident_that_it_closes(self, store: DynamoIncidentStore) -> None:
        """A retry of the same OK gets the same answer."""
        store.attach(ARN, "inc-1", fired_at=100)

        assert [store.recover(ARN, at=150), store.recover(ARN, at=150)] == ["inc-1", "inc-1"]
        assert store.attached(ARN) == "inc-1"

    def test_does_nothing_when_it_is_older_than_the_alarm(self, store: DynamoIncidentStore) -> None:
        """SQS keeps no order: this OK was before the ALARM."""
        store.attach(ARN, "inc-1", fired_at=100)

        assert store.recover(ARN, at=50) == ""
        assert store.attach(ARN, "inc-1", fired_at=110) is None

    def test_is_remembered_when_it_comes_before_its_alarm(self, store: DynamoIncidentStore) -> None:
        """The ALARM that is handed over later learns that it is over already."""
        assert store.recover(ARN, at=150) == ""

        assert store.attach(ARN, "inc-1", fired_at=100) == 150


class TestIncident:
    def test_is_added_once(self, store: DynamoIncidentStore) -> None:
        """A retry gets the incident as it stands, with what was noted meanwhile."""
        store.create(an_incident())
        store.change(an_incident().id, thread_ts="1.2", phase="answered")

        again = store.create(an_incident())

        assert (again.thread_ts, again.phase) == ("1.2", "answered")
        assert store.incident(again.id) == again

    def test_that_is_unknown_cannot_be_changed(self, store: DynamoIncidentStore) -> None:
        """A change that goes nowhere is an error and not a new incident."""
        with pytest.raises(StateError, match="no such incident"):
            store.change("inc-none", phase="answered")

    def test_notes_states_of_the_alarm_in_their_own_order(self, store: DynamoIncidentStore) -> None:
        """Each newer state once; a late one not at all."""
        incident = store.create(an_incident())

        fired = store.note_alarm(incident.id, a_note("ALARM", "3 > 1", at=100))
        twice = store.note_alarm(incident.id, a_note("ALARM", "3 > 1", at=100))
        recovered = store.note_alarm(incident.id, a_note("OK", "0", at=200))
        late = store.note_alarm(incident.id, a_note("INSUFFICIENT_DATA", "", at=150))
        again = store.note_alarm(incident.id, a_note("ALARM", "4 > 1", at=300))

        assert fired is not None
        assert (fired.fired, fired.alarm_reason) == (1, "3 > 1")
        assert (twice, late) == (None, None)
        assert recovered is not None
        assert recovered.recovered_at == 200
        assert again is not None
        assert (again.fired, again.recovered_at) == (2, None)

    def test_has_recovered_when_all_of_its_alarms_have(self, store: DynamoIncidentStore) -> None:
        """Each alarm keeps its own state."""
        incident = store.create(an_incident())
        for name in ("a", "b"):
            store.note_alarm(incident.id, a_note(at=100, name=name))

        half = store.note_alarm(incident.id, a_note("OK", at=200, name="a"))
        whole = store.note_alarm(incident.id, a_note("OK", at=300, name="b"))

        assert half is not None
        assert (half.alarm_state, half.recovered_at, half.fired) == ("ALARM", None, 2)
        assert whole is not None
        assert (whole.alarm_state, whole.recovered_at) == ("OK", 300)

    def test_notes_many_alarms_at_the_same_time(self, store: DynamoIncidentStore) -> None:
        """None of them replaces another."""
        incident = store.create(an_incident())
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: store.note_alarm(incident.id, a_note(at=100 + i, name=f"alarm-{i}")), range(24)))

        known = store.incident(incident.id)
        assert known is not None
        assert {alarm.name for alarm in known.alarms} == {f"alarm-{i}" for i in range(24)}

    def test_lists_the_newest_state_of_each_victim(self, store: DynamoIncidentStore) -> None:
        """Workers copy a victim's record in any order; an older copy never replaces a newer one."""
        lead = store.create(an_incident("lead", function="checkout"))
        victim = store.create(an_incident("victim", function="orders"))
        older = store.note_alarm(victim.id, a_note(at=100))
        newer = store.note_alarm(victim.id, a_note("OK", at=200))
        assert older is not None
        assert newer is not None

        store.list_victim(lead.id, newer)
        known = store.list_victim(lead.id, older)

        assert [victim.function for victim in known.victims] == ["checkout", "orders"]
        assert known.victims[1].recovered_at == 200

    def test_is_examined_by_one_worker_at_a_time(self, store: DynamoIncidentStore, clock: SetClock) -> None:
        """Until that one is done, or taken for dead."""
        incident = store.create(an_incident())

        first = store.examine(incident.id, "e1", lease_s=60)
        again = store.examine(incident.id, "e1", lease_s=60)
        other = store.examine(incident.id, "e2", lease_s=60)
        clock.move(61)
        heir = store.examine(incident.id, "e2", lease_s=60)

        assert (first is not None, again is not None, other, heir is not None) == (True, True, None, True)


class TestSave:
    def test_gives_back_what_was_kept(self, store: DynamoIncidentStore) -> None:
        """The answer can be replayed from its evidence, the three states of a section included."""
        stored = an_investigation()

        assert store.save("inc-1", "e1", stored) is True

        loaded = store.load("inc-1", "e1")
        assert loaded == stored
        assert loaded is not None
        assert loaded.evidence.to_json() == stored.evidence.to_json()
        assert loaded.evidence.state("resource_policy") == "none"
        assert store.load("inc-1", "e2") is None

    def test_keeps_a_large_file_in_several_items(self, store: DynamoIncidentStore) -> None:
        """An item may have 400 KB; a file of a megabyte loses nothing."""
        stored = an_investigation(events=400, noise=3000)

        assert store.save("inc-1", "e1", stored) is True
        assert store.load("inc-1", "e1") == stored

    def test_says_how_many_events_were_left_out(self) -> None:
        """What does not fit is left out with a note, and never what the answer cites."""
        packed = archive.pack(an_investigation(events=400, noise=300), max_bytes=40_000)

        kept = archive.unpack("inc-1", packed.head, b"".join(packed.chunks), packed.sha256)
        assert kept.complete is False
        assert kept.evidence.logs is not None
        events = kept.evidence.logs[0].events
        assert 0 < len(events) < 400
        assert events[0].message == "Task timed out after 3.00 seconds"
        assert kept.evidence.model_dump()["stored"] == {"log_events": len(events), "of": 400}

    def test_finds_damage(self, store: DynamoIncidentStore, clients: OneClient) -> None:
        """A part that is missing is said, and not replayed as an empty log."""
        store.save("inc-1", "e1", an_investigation())
        clients.dynamodb.delete_item(TableName="state", Key={"pk": {"S": "file#inc-1#e1#0"}})

        with pytest.raises(StateError, match="missing"):
            store.load("inc-1", "e1")


class TestOutage:
    def test_names_the_operation_the_key_and_the_code(self, clock: SetClock) -> None:
        """A throttled table is told apart from a lost claim."""
        client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        with Stubber(client) as stubber:
            stubber.add_client_error("update_item", "ProvisionedThroughputExceededException")

            with pytest.raises(StateError, match=r"update_item event#.* in state: ProvisionedThroughputExceededException"):
                DynamoIncidentStore(Table(OneClient(client), "state"), clock).claim("k", owner="a", lease_s=60)
        client.close()
