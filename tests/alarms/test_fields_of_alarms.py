"""What is read from each kind of alarm, with all that AWS writes differently from one to the next."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.alarms.delivery import parse_record
from bot.models.alarm import Alarm
from tests.alarms.wrappings import TOPIC, a_delivery, in_sns, names, the_alarm

AT = datetime(2026, 5, 14, 3, 12, 7, 86_000, tzinfo=UTC)


def with_changes(name: str, **changes: Any) -> Alarm:
    """Return the alarm of a delivery of which some fields are changed."""
    alarm = parse_record(json.dumps({**a_delivery(name), **changes})).alarm
    assert alarm is not None
    return alarm


class TestKinds:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("metric", "metric"),
            ("metric-old", "metric"),
            ("math", "math"),
            ("math-search", "math"),
            ("anomaly", "anomaly"),
            ("composite", "composite"),
            ("composite-without-children", "composite"),
            ("contributor", "contributor"),
            ("log-filter", "log-filter"),
            ("eventbridge", "metric"),
            ("eventbridge-composite", "composite"),
            ("eventbridge-contributor", "contributor"),
            ("lambda-action", "metric"),
        ],
    )
    def test_is_told_by_what_the_message_holds(self, name: str, kind: str) -> None:
        """No message says its kind."""
        assert the_alarm(name).kind == kind

    @pytest.mark.parametrize("name", [n for n in names() if n not in names("none-") and n not in ("metric-ok", "metric-insufficient-data")])
    def test_all_are_in_alarm(self, name: str) -> None:
        """The state is the new one and not the old one."""
        assert the_alarm(name).state == "ALARM"

    def test_recovery_and_missing_data_are_told_apart(self) -> None:
        """OK closes an incident, INSUFFICIENT_DATA says nothing of the function."""
        assert (the_alarm("metric-ok").state, the_alarm("metric-ok").previous_state) == ("OK", "ALARM")
        assert the_alarm("metric-insufficient-data").state == "INSUFFICIENT_DATA"


class TestMetricAlarm:
    def test_reads_every_field(self) -> None:
        """Lower-case dimension keys, an offset without a colon, a display name for the region."""
        alarm = the_alarm("metric")

        assert alarm.changed_at == AT
        assert (alarm.region, alarm.account_id) == ("eu-west-1", "111122223333")
        assert alarm.dimensions == ({"FunctionName": "orders"},)
        assert (alarm.metrics[0].namespace, alarm.metrics[0].name, alarm.metrics[0].stat) == ("AWS/Lambda", "Errors", "SUM")
        assert (alarm.threshold, alarm.comparison) == (0.0, "GreaterThanThreshold")
        assert (alarm.period_s, alarm.evaluation_periods) == (60, 3)
        assert alarm.late is False

    def test_looks_before_the_first_breaching_period(self) -> None:
        """Three periods of a minute, and five minutes for data that lags."""
        window = the_alarm("metric").window()

        assert window.start == AT - timedelta(minutes=8)
        assert window.end == AT + timedelta(minutes=2)

    def test_an_old_message_lacks_arn_and_actions(self) -> None:
        """The region then comes from its display name."""
        alarm = the_alarm("metric-old", "raw")

        assert alarm.arn is None
        assert alarm.region == "eu-west-1"
        assert alarm.dedup_key == "111122223333:eu-west-1:orders-errors@2019-11-07T09:25:30.000+00:00"

    def test_an_unknown_region_name_is_read_from_the_topic(self) -> None:
        """A region newer than this build still has its code in the topic's ARN."""
        message = {**a_delivery("metric-old"), "Region": "Antarctica (South Pole)", "AWSAccountId": None}

        alarm = parse_record(json.dumps(in_sns(json.dumps(message)))).alarm

        assert alarm is not None
        assert (alarm.region, alarm.account_id) == (TOPIC.split(":")[3], TOPIC.split(":")[4])

    def test_a_percentile_has_no_statistic(self) -> None:
        """ExtendedStatistic stands in its place."""
        assert the_alarm("metric-percentile").metrics[0].stat == "p90"

    def test_a_notice_after_a_mute_window_is_late(self) -> None:
        """New in 2026; the alarm is older than its notice."""
        assert the_alarm("metric-muted").late is True
        assert the_alarm("eventbridge-muted").late is True

    @pytest.mark.parametrize(
        "written", ["2026-05-14T03:12:07.086+0000", "2026-05-14T03:12:07.086Z", "2026-05-14T05:12:07.086+02:00", "2026-05-14T03:12:07.086"]
    )
    def test_times_are_read_in_every_spelling(self, written: str) -> None:
        """AWS writes the offset without a colon; a time without any means UTC."""
        assert with_changes("metric", StateChangeTime=written).changed_at == AT

    def test_a_missing_time_is_the_envelopes(self) -> None:
        """The notice is sent within the second."""
        message = {k: v for k, v in a_delivery("metric").items() if k != "StateChangeTime"}

        alarm = parse_record(json.dumps(in_sns(json.dumps(message)))).alarm

        assert alarm is not None
        assert alarm.changed_at - AT < timedelta(seconds=1)

    @pytest.mark.parametrize(
        "dimensions",
        [[{"name": "FunctionName", "value": "orders"}], [{"Name": "FunctionName", "Value": "orders"}], {"FunctionName": "orders"}],
    )
    def test_dimensions_are_read_in_every_shape(self, dimensions: Any) -> None:
        """SNS, the API and EventBridge each have their own."""
        trigger = {**a_delivery("metric")["Trigger"], "Dimensions": dimensions}

        assert with_changes("metric", Trigger=trigger).dimensions == ({"FunctionName": "orders"},)

    def test_senseless_periods_do_not_move_the_window(self) -> None:
        """A period of ages would ask CloudWatch for ages."""
        trigger = {**a_delivery("metric")["Trigger"], "Period": 604_800, "EvaluationPeriods": 100_000}

        window = with_changes("metric", Trigger=trigger).window()

        assert window.end - window.start < timedelta(days=8)


class TestOtherKinds:
    def test_math_has_the_dimensions_of_all_its_metrics(self) -> None:
        """The Trigger itself has none."""
        alarm = the_alarm("math")

        assert alarm.dimensions == ({"FunctionName": "orders"},)
        assert [m.name for m in alarm.metrics] == ["Errors", "Invocations"]
        assert alarm.expressions == ("100*e/MAX([e,i])",)

    def test_an_anomaly_has_no_threshold(self) -> None:
        """It has a band."""
        assert the_alarm("anomaly").threshold is None

    def test_a_composite_names_the_children_that_made_it_change(self) -> None:
        """Only those; where none are named, the rule's."""
        arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:orders-errors"

        assert the_alarm("composite").children == (arn,)
        assert the_alarm("composite-without-children").children == (arn, "cart-errors")
        assert the_alarm("eventbridge-composite").children == (arn,)
        assert the_alarm("eventbridge-composite").suppressed_by == "Alarm"

    def test_each_contributor_has_its_own_key(self) -> None:
        """One message for each of them comes from one alarm at one moment."""
        alarm = the_alarm("contributor")

        assert alarm.dimensions == ({"FunctionName": "orders"},)
        assert alarm.dedup_key.endswith("#a1b2c3d4e5f60718")
        assert the_alarm("eventbridge-contributor").dedup_key == alarm.dedup_key

    def test_an_event_has_its_threshold_in_a_text_of_json(self) -> None:
        """And the region as a code, and dimensions as a map."""
        alarm = the_alarm("eventbridge")

        assert (alarm.threshold, alarm.period_s, alarm.evaluation_periods) == (0.0, 60, 3)
        assert alarm.region == "eu-west-1"
        assert alarm.metrics[0].dimensions == {"FunctionName": "orders"}
