"""The front door's metrics, by the dimensions that its kind goes by."""

from __future__ import annotations

from botocore.stub import ANY

from bot.evidence.collectors.gateway import Gateway
from bot.models.incident_file import FrontDoor
from tests.evidence.fakes import a_run, ask, stubbed

METRICS_ASKED = {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY, "ScanBy": "TimestampAscending"}


class TestMetrics:
    def test_a_rest_api_goes_by_its_name_and_an_http_api_by_its_id(self) -> None:
        """CloudWatch knows a REST API by name only."""
        for gateway, dimension in (
            (Gateway(FrontDoor(kind="rest-api", id="a1", stage="prod"), name="shop"), {"ApiName": "shop", "Stage": "prod"}),
            (Gateway(FrontDoor(kind="http-api", id="a1", stage="prod"), name="shop"), {"ApiId": "a1", "Stage": "prod"}),
        ):
            with stubbed(
                "cloudwatch",
                ("get_metric_data", METRICS_ASKED, {"MetricDataResults": []}),
            ) as aws:
                _, sections, _ = ask("gateway-metrics", a_run(aws, needs={"gateway": gateway}))

            assert {tuple(s["Dimensions"].items()) for s in sections["metrics"]} == {tuple(dimension.items())}
