"""What is done with whatever arrives on the queue."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alarms.delivery import parse_record
from bot.models.incident_file import IncidentFile
from tests.alarms.wrappings import WRAPPINGS, a_delivery, alarm_names, in_sns, in_sns_event, names, parsed, the_alarm

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


class TestWrappings:
    @pytest.mark.parametrize("wrapping", WRAPPINGS)
    @pytest.mark.parametrize("name", alarm_names())
    def test_every_alarm_is_the_same_in_every_wrapping(self, name: str, wrapping: str) -> None:
        """Raw delivery, an envelope, an event: the alarm and its key are one and the same."""
        alarm = the_alarm(name, wrapping)

        assert alarm == the_alarm(name, "raw")
        assert alarm.raw == a_delivery(name)

    def test_an_event_needs_no_text(self) -> None:
        """A function behind EventBridge or an alarm's own action gets the event parsed."""
        alarm = parse_record(json.dumps(a_delivery("lambda-action"))).alarm

        assert alarm is not None
        assert alarm.name == "orders-errors"

    def test_the_same_change_has_one_key_whatever_carries_it(self) -> None:
        """SNS, EventBridge and a direct action of one change must not make three threads."""
        keys = {the_alarm(name).dedup_key for name in ("metric", "eventbridge", "lambda-action")}

        assert keys == {"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:orders-errors@2026-05-14T03:12:07.086+00:00"}

    def test_every_message_id_is_kept_for_the_log(self) -> None:
        """SNS delivers at least once; its id finds the double."""
        assert parsed("metric").message_id == "0f7c1d2e-1111-2222-3333-444455556666"

    @pytest.mark.parametrize("name", alarm_names())
    def test_the_message_can_be_saved_in_an_incident_file(self, name: str) -> None:
        """The file carries the alarm untouched."""
        file = IncidentFile.model_validate({"version": 1, "target": {}, "alarm": the_alarm(name).raw})

        assert json.loads(file.to_json())["alarm"] == a_delivery(name)


class TestCommands:
    def test_a_command_of_ours_is_left_alone(self) -> None:
        """Its fields are checked by who carries it out."""
        delivery = parse_record('{"kind": "why", "text": "orders 502"}')

        assert (delivery.kind, delivery.payload) == ("command", {"kind": "why", "text": "orders 502"})

    def test_a_command_through_a_topic_is_dropped(self) -> None:
        """Whoever may publish to a topic must not speak as the bot's own endpoint."""
        assert parse_record(json.dumps(in_sns('{"kind": "why", "text": "orders"}'))).kind == "drop"


class TestWhatIsNoAlarm:
    @pytest.mark.parametrize("name", names("none-"))
    def test_harmless_things_are_dropped_with_a_reason(self, name: str) -> None:
        """They belong in the log, not in a thread and not among the dead letters."""
        delivery = parse_record(json.dumps(a_delivery(name)))

        assert delivery.kind == "drop"
        assert delivery.reason

    @pytest.mark.parametrize("body", ["", " \n", "hello", "null", "[]", "17", '"ALARM"', "{}", '{"Records": []}', '{"Records": [1, null]}'])
    def test_texts_without_a_sign_of_an_alarm_are_dropped(self, body: str) -> None:
        """A person's message, an empty one, JSON of something else."""
        assert parse_record(body).kind == "drop"

    @pytest.mark.parametrize("wrapping", ["raw", "sns", "sns-event"])
    def test_a_cut_alarm_is_a_dead_letter(self, wrapping: str) -> None:
        """CloudWatch never says it again, so somebody must look."""
        message = json.dumps(a_delivery("metric"))

        delivery = parse_record(WRAPPINGS[wrapping](message[: len(message) // 2]))

        assert delivery.kind == "dead-letter"
        assert "was it cut?" in delivery.reason

    def test_a_cut_envelope_is_a_dead_letter(self) -> None:
        """Inside an envelope the alarm's keys stand with escaped quotes."""
        body = WRAPPINGS["sns"](json.dumps(a_delivery("metric")))

        assert parse_record(body[:-200]).kind == "dead-letter"

    def test_an_unreadable_message_with_an_alarms_subject_is_a_dead_letter(self) -> None:
        """The subject is CloudWatch's own."""
        assert parse_record(json.dumps(in_sns("?"))).kind == "dead-letter"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"NewStateValue": "RED"}, "NewStateValue: expected ALARM, OK, INSUFFICIENT_DATA; found 'RED'"),
            ({"NewStateValue": None}, "NewStateValue"),
            ({"StateChangeTime": "yesterday"}, "StateChangeTime: expected a time"),
            ({"StateChangeTime": "0001-01-01T00:00:00.000+0000"}, "StateChangeTime"),
            ({"AlarmName": 7, "AlarmArn": None}, "AlarmName: expected a name; found 7"),
        ],
    )
    def test_an_alarm_without_what_it_takes_is_a_dead_letter_that_names_the_field(self, change: dict[str, Any], field: str) -> None:
        """The reason tells the operator what to look at."""
        delivery = parse_record(json.dumps({**a_delivery("metric"), **change}))

        assert delivery.kind == "dead-letter"
        assert field in delivery.reason

    @pytest.mark.parametrize(
        "junk",
        [
            "x" * 262_144,
            "[" * 262_144,
            '{"a":' * 43_690,
            '{"Message": "' + "\\" * 262_000,
            "9" * 262_144,
            json.dumps({"Records": [{"Sns": {"Type": "Notification", "TopicArn": "t", "Message": "y" * 262_000}}]}),
            json.dumps({"kind": ["why"] * 20_000}),
            '{"AlarmName": "' + "z" * 262_000,
        ],
        ids=["text", "brackets", "objects", "backslashes", "digits", "envelope", "kind", "cut-alarm"],
    )
    def test_a_quarter_of_a_megabyte_of_junk_is_done_with_at_once(self, junk: str) -> None:
        """Neither a crash nor a wait: the batch has other records."""
        started = time.perf_counter()

        delivery = parse_record(junk)

        assert delivery.kind in ("drop", "dead-letter")
        assert len(delivery.reason) < 200
        assert time.perf_counter() - started < 2

    def test_envelopes_without_end_are_dropped(self) -> None:
        """An envelope in an envelope in an envelope."""
        body = json.dumps(a_delivery("metric"))
        for _ in range(9):
            body = json.dumps(in_sns(body))

        assert parse_record(body).kind == "drop"

    def test_an_alarm_nested_beyond_what_can_be_written_again_is_refused(self) -> None:
        """It would break later, when the incident file is saved."""
        deep: Any = "x"
        for _ in range(300):
            deep = [deep]

        assert parse_record(json.dumps({**a_delivery("metric"), "Extra": deep})).kind == "dead-letter"


class TestAnyInput:
    @given(st.text())
    def test_any_text_has_an_answer(self, body: str) -> None:
        """Nothing on the queue can crash the batch."""
        assert parse_record(body).kind in ("drop", "dead-letter")

    @given(
        st.dictionaries(
            st.sampled_from([*a_delivery("metric"), *a_delivery("eventbridge"), "Records", "Sns", "kind", "Type", "TopicArn"]), JSON
        )
    )
    def test_any_json_with_an_alarms_keys_has_an_answer(self, message: dict[str, Any]) -> None:
        """Known keys with senseless values; what is read can always be saved."""
        delivery = parse_record(json.dumps(message))

        for alarm in delivery.alarms:
            assert alarm.window() is not None
            assert IncidentFile.model_validate({"version": 1, "target": {}, "alarm": alarm.raw}).to_json().encode()

    @given(name=st.sampled_from(alarm_names()), data=st.data())
    def test_a_single_broken_field_never_crashes(self, name: str, data: st.DataObject) -> None:
        """Whatever one field of a real delivery turns into, there is an alarm or a reason."""
        message = a_delivery(name)
        holder = data.draw(st.sampled_from([message, *(v for v in message.values() if isinstance(v, dict) and v)]))
        holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(JSON)

        delivery = parse_record(json.dumps(message))

        assert delivery.alarm is not None or delivery.reason or delivery.kind == "command"

    @given(before=st.lists(JSON, max_size=3), after=st.lists(JSON, max_size=3))
    def test_junk_beside_a_good_record_takes_nothing_from_it(self, before: list[Any], after: list[Any]) -> None:
        """Whatever else is in the event, the alarm comes through."""
        good = in_sns_event(json.dumps(a_delivery("metric")))["Records"]

        delivery = parse_record(json.dumps({"Records": [*before, *good, *after]}))

        assert the_alarm("metric") in delivery.alarms

    @given(st.text(min_size=1).filter(str.strip))
    def test_any_name_and_description_are_kept(self, text: str) -> None:
        """Customers write emoji, quotes and markup; only half a surrogate pair is replaced."""
        alarm = parse_record(json.dumps({**a_delivery("metric"), "AlarmName": text, "AlarmDescription": text})).alarm

        assert alarm is not None
        assert alarm.name == text.encode("utf-8", "replace").decode()
        assert alarm.description == alarm.name
