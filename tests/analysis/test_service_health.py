from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.facts import HealthEvent
from tests.analysis.incidents import START_MS, a_log, an_incident

TARGET = {"function_name": "checkout", "region": "eu-west-1", "front_door": {"kind": "rest-api"}}
OPEN = {"service": "LAMBDA", "region": "eu-west-1", "eventTypeCategory": "issue", "statusCode": "open"}


def event_of(row: dict[str, Any], **sections: Any) -> HealthEvent:
    (event,) = analyse(an_incident(target=TARGET, health=[row], **sections)).health_events
    return event


class TestConcern:
    @pytest.mark.parametrize(
        ("service", "region", "concerns"),
        [
            ("LAMBDA", "eu-west-1", "function"),
            ("APIGATEWAY", "eu-west-1", "function"),
            ("CLOUDFRONT", "global", "dependency"),
            ("DYNAMODB", "eu-west-1", "dependency"),
            ("LAMBDA", "us-east-1", "elsewhere"),
            ("WORKSPACES", "eu-west-1", "elsewhere"),
        ],
    )
    def test_region_and_service_tell_whose_trouble_it_is(self, service: str, region: str, concerns: str) -> None:
        """An account sees the events of all its regions; most of them are nothing to this function."""
        assert event_of({**OPEN, "service": service, "region": region}).concerns == concerns

    def test_the_code_names_the_service_where_nothing_else_does(self) -> None:
        """Some recordings keep the event's type only."""
        event = event_of({"eventTypeCode": "AWS_LAMBDA_OPERATIONAL_ISSUE", "region": "eu-west-1", "statusCode": "open"})

        assert (event.service, event.is_issue, event.cite[0].text) == ("LAMBDA", True, "AWS_LAMBDA_OPERATIONAL_ISSUE")


class TestOpen:
    @pytest.mark.parametrize(
        ("row", "is_open"),
        [
            ({}, True),
            ({"statusCode": "closed"}, False),
            ({"statusCode": "upcoming"}, False),
            ({"statusCode": "closed", "startTime": "2026-05-14T03:00:00Z", "endTime": "2026-05-14T04:00:00Z"}, True),
            ({"statusCode": "closed", "startTime": "2026-05-13T03:00:00Z", "endTime": "2026-05-13T04:00:00Z"}, False),
            ({"statusCode": "closed", "startTime": START_MS - 1000, "endTime": START_MS + 1000}, True),
            ({"statusCode": "closed", "startTime": "long ago", "endTime": "later"}, False),
        ],
    )
    def test_an_event_that_is_over_counts_for_failures_within_it(self, row: dict[str, Any], is_open: bool) -> None:
        """Who asks a day later still gets the cause of yesterday's failures."""
        log = a_log("[ERROR] KeyError: 'id'\nTraceback (most recent call last):")

        assert event_of({**OPEN, **row}, logs=[log]).is_open is is_open

    def test_an_announced_change_is_no_issue(self) -> None:
        """Account notifications and scheduled changes fail nothing."""
        assert event_of({**OPEN, "eventTypeCategory": "scheduledChange"}).is_issue is False
