"""What stands in front of the function, and how long it waits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.incidents import facts_of


class TestFrontDoor:
    @pytest.mark.parametrize(
        ("kind", "gateway", "limit_ms"),
        [
            ("rest-api", None, 29_000),
            ("rest-api", {"integrations": [{"timeoutInMillis": 60_000}]}, 60_000),
            ("rest-api", {"integrations": [{"timeoutInMillis": 5_000}]}, 5_000),
            ("http-api", None, 30_000),
            ("websocket-api", None, 29_000),
            ("appsync", None, 30_000),
            ("alb", None, None),
            ("function-url", None, None),
            ("cloudfront", None, None),
            ("cloudfront", {"DefaultCacheBehavior": {"LambdaFunctionAssociations": {"Items": [{"EventType": "viewer-request"}]}}}, 5_000),
        ],
    )
    def test_each_has_its_own_limit(self, kind: str, gateway: dict[str, Any] | None, limit_ms: int | None) -> None:
        """And some have none."""
        found = facts_of(kind=kind, function={"Timeout": 30}, gateway=gateway).front_door

        assert found.limit_ms == limit_ms
        assert found.function_outlives_it == (None if limit_ms is None else limit_ms < 30_000)

    def test_the_targets_route_decides_between_integrations(self) -> None:
        """Another route's timeout is not its own."""
        gateway = {"integrations": [{"route": "GET /a", "timeoutInMillis": 3_000, "type": "AWS_PROXY"}, {"route": "GET /b", "type": "AWS"}]}
        target = {"function_name": "checkout", "front_door": {"kind": "rest-api", "route": "GET /a"}}
        found = facts_of(target=target, gateway=gateway).front_door

        assert (found.limit_ms, found.is_proxy) == (3_000, True)

    @pytest.mark.parametrize(
        "gateway",
        [
            {"stage": {"DefaultRouteSettings": {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 0.0}}},
            {"stage": {"methodSettings": {"*/*": {"throttlingRateLimit": 0}}}},
            {"usagePlans": [{"throttle": {"rateLimit": 0.0}}]},
        ],
    )
    def test_a_limit_of_zero_refuses_every_call(self, gateway: dict[str, Any]) -> None:
        """Infrastructure as code sets it by mistake."""
        assert facts_of(kind="http-api", gateway=gateway).front_door.gateway_throttle_zero is True

    def test_a_limit_that_is_not_set_is_none(self) -> None:
        """Absent and non-zero alike."""
        gateway = {"stage": {"DefaultRouteSettings": {"ThrottlingBurstLimit": 500, "DataTraceEnabled": False}}}

        assert facts_of(kind="http-api", gateway=gateway).front_door.gateway_throttle_zero is False
