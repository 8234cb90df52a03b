"""Charts: what is drawn, in words and as a picture, by CloudWatch and without it."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from PIL import Image

from bot.errors import InputError
from bot.evidence.chart import IAM_ACTIONS, PNG, widget, widget_image
from bot.models.chart import ChartPlan
from bot.models.incident import Report
from bot.slack.chart import draw
from bot.slack.chart_plan import chart_plan
from bot.slack.render import part_names
from tests.slack.factories import NOW, a_charted_report, a_report, a_series, a_timeout, an_answer, with_evidence
from tests.slack.validation import HOSTILE


def plan_of(report: Report) -> ChartPlan:
    """Return the chart of a report that has one."""
    plan = chart_plan(report)
    assert plan is not None
    return plan


class TestPlan:
    def test_shows_failures_and_what_explains_them(self) -> None:
        """Errors against the alarm's threshold, duration against the function's timeout, the deployment and the alarm as moments."""
        plan = plan_of(a_charted_report())

        failures, times = plan.panels
        assert [line.label for line in failures.lines] == ["errors", "5xx answers"]
        assert (failures.limit, failures.limit_label) == (5.0, "alarm threshold")
        assert [line.label for line in times.lines] == ["duration (maximum)"]
        assert (times.limit, times.limit_label) == (3000.0, "timeout of the function")
        assert [mark.label for mark in plan.marks] == ["UpdateFunctionConfiguration", "alarm"]

    def test_says_in_words_what_it_shows(self) -> None:
        """Whoever does not see the picture knows what is in it."""
        assert plan_of(a_charted_report()).alt == (
            "Chart. errors: highest 20 at 03:00 UTC; 5xx answers: highest 20 at 03:00 UTC; alarm threshold 5; "
            "duration (maximum): highest 3,000 ms at 03:00 UTC; timeout of the function 3,000 ms; "
            "UpdateFunctionConfiguration at 02:59 UTC; alarm at 03:02 UTC."
        )

    def test_shows_concurrency_where_that_is_the_cause(self) -> None:
        """Duration tells nothing of a throttled function."""
        report = with_evidence(
            a_report(an_answer(diagnoses=[a_timeout(cause="throttled-reserved-concurrency")])),
            metrics=[
                s.model_dump()
                for s in (
                    a_series("Throttles", [9.0]),
                    a_series("ConcurrentExecutions", [5.0], "Maximum"),
                    a_series("Duration", [1.0], "Maximum"),
                )
            ],
            concurrency={"ReservedConcurrentExecutions": 5},
        )

        assert [(panel.unit, panel.limit) for panel in plan_of(report).panels] == [("count", None), ("runs at once", 5.0)]

    @pytest.mark.parametrize(
        "metrics",
        [
            None,
            [],
            [a_series("Errors", [0.0, 0.0]).model_dump()],
            [a_series("Errors", []).model_dump()],
            [a_series("Custom", [1.0]).model_dump()],
        ],
    )
    def test_is_none_where_nothing_is_to_be_seen(self, metrics: Any) -> None:
        """A flat line helps nobody."""
        report = with_evidence(a_report(), metrics=metrics)

        assert chart_plan(report) is None
        assert "chart" not in part_names(report)

    def test_comes_after_the_evidence(self) -> None:
        """The picture must not hold the words back."""
        assert part_names(a_charted_report())[:2] == ("evidence", "chart")

    def test_survives_an_alarm_that_it_cannot_read(self) -> None:
        """Then there is no threshold, but a chart."""
        assert plan_of(with_evidence(a_charted_report(), alarm={"AlarmName": 5, "NewStateValue": "??"})).panels[0].limit is None


class TestDraw:
    def test_makes_a_picture_that_a_phone_shows(self) -> None:
        """Two panels, some tens of kilobytes."""
        image = draw(plan_of(a_charted_report()))

        assert image is not None
        assert image.startswith(PNG)
        assert len(image) < 200_000
        with Image.open(io.BytesIO(image)) as opened:
            assert opened.width == 1200
            assert 600 < opened.height < 1000

    @pytest.mark.parametrize("value", [0.001, 1.0, 1e12, 3e9])
    def test_draws_every_size_of_value(self, value: float) -> None:
        """One point, a gap, values of any size."""
        report = with_evidence(a_report(), metrics=[a_series("Errors", [value]).model_dump()])

        assert draw(plan_of(report)) is not None

    def test_draws_hostile_names(self) -> None:
        """In a picture nothing is live, but it must be drawn."""
        plan = plan_of(a_charted_report())
        hostile = plan.model_copy(
            update={
                "title": HOSTILE.replace("\ud800", ""),
                "marks": tuple(m.model_copy(update={"label": "\u202e<!channel> 日本 " * 9}) for m in plan.marks),
            }
        )

        assert draw(hostile) is not None


class OneClient:
    """Fills the port AwsClients with one client, or fails as an unknown profile does."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str, region: str | None = None) -> Any:
        """Return it."""
        if self._client is None:
            raise InputError("no region is set")
        return self._client


def cloudwatch() -> Any:
    """Return a client that never reaches AWS."""
    return boto3.client(
        "cloudwatch", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b", config=Config(retries={"max_attempts": 1})
    )


class TestWidget:
    def test_asks_cloudwatch_for_the_same_chart(self) -> None:
        """Panels against the two axes, limits across, moments down."""
        asked = widget(plan_of(a_charted_report()))

        assert asked["metrics"][0] == [
            "AWS/Lambda",
            "Errors",
            "FunctionName",
            "checkout",
            {"stat": "Sum", "period": 60, "label": "errors", "yAxis": "left"},
        ]
        assert asked["metrics"][-1][-1]["yAxis"] == "right"
        assert asked["annotations"]["horizontal"] == [
            {"value": 5.0, "label": "alarm threshold", "yAxis": "left"},
            {"value": 3000.0, "label": "timeout of the function", "yAxis": "right"},
        ]
        assert [mark["label"] for mark in asked["annotations"]["vertical"]] == ["UpdateFunctionConfiguration", "alarm"]
        assert asked["end"] == NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        assert asked["region"] == "eu-west-1"

    def test_returns_the_picture_that_cloudwatch_drew(self) -> None:
        """The call takes the widget as JSON."""
        plan, client = plan_of(a_charted_report()), cloudwatch()
        with Stubber(client) as stubber:
            stubber.add_response(
                "get_metric_widget_image",
                {"MetricWidgetImage": PNG + b"x"},
                {"MetricWidget": json.dumps(widget(plan)), "OutputFormat": "png"},
            )
            assert widget_image(plan, OneClient(client)) == PNG + b"x"

    @pytest.mark.parametrize("code", ["AccessDenied", "InvalidAction", "InternalFailure", "Throttling"])
    def test_leaves_it_to_us_where_cloudwatch_refuses(self, code: str) -> None:
        """No permission, or an AWS of one's own that has no such call."""
        client = cloudwatch()
        with Stubber(client) as stubber:
            stubber.add_client_error("get_metric_widget_image", code)
            assert widget_image(plan_of(a_charted_report()), OneClient(client)) is None

    def test_leaves_it_to_us_where_there_is_no_client_or_no_picture(self) -> None:
        """An error page is no chart."""
        client = cloudwatch()
        with Stubber(client) as stubber:
            stubber.add_response("get_metric_widget_image", {"MetricWidgetImage": b"<html>"})
            assert widget_image(plan_of(a_charted_report()), OneClient(client)) is None
        assert widget_image(plan_of(a_charted_report()), OneClient(None)) is None

    def test_names_its_permission(self) -> None:
        """The deployment grants what is declared."""
        assert {"cloudwatch:GetMetricWidgetImage"} == IAM_ACTIONS
