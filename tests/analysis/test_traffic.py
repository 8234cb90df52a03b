"""The metrics' sums and worst values."""

from __future__ import annotations

from tests.analysis.incidents import a_metric, facts_of


class TestTraffic:
    def test_sums_and_worst_values(self) -> None:
        """None where a metric was not read; a series without values recorded nothing."""
        found = facts_of(
            metrics=[
                a_metric("Invocations", 10, 30),
                a_metric("Errors"),
                a_metric("Duration", 100, 29_500, stat="Maximum"),
                a_metric("5XXError", 7, namespace="AWS/ApiGateway", ApiName="shop"),
            ]
        ).traffic

        assert (found.invocations, found.errors, found.error_rate, found.duration_max_ms, found.front_door_5xx) == (40, 0, 0, 29_500, 7)
        assert (found.throttles, found.iterator_age_max_ms) == (None, None)
