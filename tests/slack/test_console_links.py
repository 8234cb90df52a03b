"""Addresses of the AWS console, compared with ones that the console itself wrote."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import console_links
from bot.slack.blocks import Composer

START = datetime(2026, 5, 14, 2, 55, tzinfo=UTC)
END = datetime(2026, 5, 14, 3, 12, 9, 500_000, tzinfo=UTC)

CLOUDWATCH = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#"


class TestLogEvents:
    def test_names_stream_and_moment(self) -> None:
        """Names are encoded twice and their % written as $; the query part once."""
        url = console_links.log_events("eu-west-1", "/aws/lambda/checkout", "2026/05/14/[$LATEST]ab12", 1778728321000)

        assert url == (
            f"{CLOUDWATCH}logsV2:log-groups/log-group/$252Faws$252Flambda$252Fcheckout/log-events/"
            "2026$252F05$252F14$252F$255B$2524LATEST$255Dab12$3Fstart$3D1778728321000"
        )

    def test_leads_to_the_group_where_no_stream_is_known(self) -> None:
        """Files of others name none."""
        url = console_links.log_events("eu-west-1", "API-Gateway-Execution-Logs_a1b2c3d4e5/prod", None, 5)

        assert url.endswith("#logsV2:log-groups/log-group/API-Gateway-Execution-Logs_a1b2c3d4e5$252Fprod/log-events$3Fstart$3D5")


class TestInsights:
    def test_fills_in_query_groups_and_time(self) -> None:
        """The shape that the console puts into its own address bar."""
        url = console_links.insights(
            "eu-west-1", ["/aws/lambda/checkout"], "fields @timestamp, @message\n| filter @message like /x=~'y/", START, END
        )

        assert url == (
            f"{CLOUDWATCH}logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-05-14T03*3a12*3a09.500Z~start~'2026-05-14T02*3a55*3a00.000Z"
            "~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40message*20like*20*2fx*3d*7e*27y*2f"
            "~source~(~'*2faws*2flambda*2fcheckout))"
        )


class TestMetricGraph:
    def test_draws_each_series_with_its_statistic(self) -> None:
        """As in an address copied from a graph."""
        series = [("AWS/Lambda", "Errors", {"FunctionName": "checkout"}, "Sum"), ("AWS/Lambda", "Duration", {}, "p99")]

        url = console_links.metric_graph("eu-west-1", series, START, END)

        assert url == (
            f"{CLOUDWATCH}metricsV2:graph=~(metrics~(~(~'AWS*2fLambda~'Errors~'FunctionName~'checkout~(stat~'Sum))~(~'AWS*2fLambda~'Duration~(stat~'p99)))"
            "~view~'timeSeries~stacked~false~region~'eu-west-1~start~'2026-05-14T02*3a55*3a00.000Z~end~'2026-05-14T03*3a12*3a09.500Z~period~60)"
        )


class TestOthers:
    def test_leads_to_a_change_in_the_event_history(self) -> None:
        """By the event's id, or by the resource where the id is not known."""
        assert console_links.trail_event("eu-west-1", "90c72977-31e0-4079-9a74-ee25e5d7aadf") == (
            "https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/90c72977-31e0-4079-9a74-ee25e5d7aadf"
        )
        assert console_links.trail_of("eu-west-1", "checkout").endswith("#/events?ResourceName=checkout")

    @pytest.mark.parametrize(
        ("qualifier", "place"),
        [(None, "checkout"), ("$LATEST", "checkout"), ("7", "checkout/versions/7"), ("live", "checkout/aliases/live")],
    )
    def test_leads_to_the_function_that_callers_use(self, qualifier: str | None, place: str) -> None:
        """A version and an alias have pages of their own."""
        assert console_links.function("eu-west-1", "checkout", qualifier) == (
            f"https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/{place}?tab=monitoring"
        )

    def test_leads_to_stages(self) -> None:
        """REST APIs and the newer ones have different pages."""
        assert console_links.rest_stage("eu-west-1", "a1b2", "prod").endswith("/apigateway/home?region=eu-west-1#/apis/a1b2/stages/prod")
        assert console_links.rest_stage("eu-west-1", "a1b2", None).endswith("#/apis/a1b2/stages")
        assert console_links.api("eu-west-1", "a1b2").endswith("/apigateway/main/deploy/stages?api=a1b2&region=eu-west-1")
        assert console_links.alarm("eu-west-1", "checkout errors/5xx").endswith("#alarmsV2:alarm/checkout%20errors%2F5xx")

    @pytest.mark.parametrize(
        ("region", "host"),
        [
            ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
            ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
            ("us-east-1", "us-east-1.console.aws.amazon.com"),
        ],
    )
    def test_knows_the_console_of_each_partition(self, region: str, host: str) -> None:
        """An account in one partition is unknown to the consoles of the others."""
        assert console_links.function(region, "x").startswith(f"https://{host}/lambda/")


class TestHostileNames:
    @given(st.text(), st.text(), st.text())
    def test_stay_inside_the_address(self, region: str, name: str, stream: str) -> None:
        """Whatever a name holds, the address leads to the console and can be sent as a link."""
        urls = [
            console_links.log_events(region, name, stream, 1),
            console_links.insights(region, [name], stream, START, END),
            console_links.metric_graph(region, [(name, name, {stream: name}, stream)], START, END),
            console_links.trail_event(region, name),
            console_links.function(region, name, stream),
            console_links.rest_stage(region, name, stream),
            console_links.api(region, name),
            console_links.alarm(region, name),
        ]

        for url in urls:
            host = url.removeprefix("https://").split("/", 1)[0]
            assert host.endswith((".console.aws.amazon.com", ".console.amazonaws.cn", ".console.amazonaws-us-gov.com"))
            composer = Composer()
            composer.links("t", [url])
            if len(url) <= 3000:
                assert composer.blocks[0]["elements"][1]["elements"][0]["elements"][0]["type"] == "link"
