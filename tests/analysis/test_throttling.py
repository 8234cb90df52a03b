"""Which limit was reached, and who says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.incidents import a_log, a_metric, facts_of


class TestThrottling:
    def test_three_states_of_reserved_concurrency(self) -> None:
        """Some, none, and nobody asked."""
        read = facts_of(concurrency={"ReservedConcurrentExecutions": 5}).throttling
        none = facts_of(concurrency={"ReservedConcurrentExecutions": None}).throttling
        absent = facts_of().throttling

        assert [(t.has_reserved, t.reserved) for t in (read, none, absent)] == [(True, 5), (False, None), (None, None)]

    @pytest.mark.parametrize(
        ("concurrency", "metrics", "where"),
        [
            ({"ReservedConcurrentExecutions": 5}, [a_metric("ConcurrentExecutions", 5, stat="Maximum")], "reserved"),
            ({"ReservedConcurrentExecutions": 5}, [a_metric("ConcurrentExecutions", 2, stat="Maximum")], "below"),
            (
                {"ReservedConcurrentExecutions": None, "AccountLimit": {"ConcurrentExecutions": 1000}},
                [a_metric("ClaimedAccountConcurrency", 998, stat="Maximum") | {"Dimensions": {}}],
                "account",
            ),
            (
                {"ReservedConcurrentExecutions": None, "AccountLimit": {"ConcurrentExecutions": 1000}},
                [a_metric("ClaimedAccountConcurrency", 300, stat="Maximum") | {"Dimensions": {}}],
                "below",
            ),
            ({"ReservedConcurrentExecutions": None}, [a_metric("ConcurrentExecutions", 300, stat="Maximum")], "unknown"),
        ],
    )
    def test_the_peak_is_set_beside_the_limits(self, concurrency: dict[str, Any], metrics: list[dict[str, Any]], where: str) -> None:
        """Which limit was reached decides which button helps."""
        assert facts_of(concurrency=concurrency, metrics=metrics).throttling.peak_is_at == where

    def test_lambdas_reason_is_read_from_what_callers_were_told(self) -> None:
        """And never from the function's own log, where it is a downstream service's."""
        body = '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate Exceeded"}'
        told = facts_of(kind="function-url", client={"status": 429, "body": body}).throttling
        own_log = facts_of(logs=[a_log("[ERROR] TooManyRequestsException: ConcurrentInvocationLimitExceeded Rate exceeded")]).throttling

        assert (told.reason, told.seen_as) == ("ReservedFunctionConcurrentInvocationLimitExceeded", "client")
        assert (own_log.reason, own_log.seen_as) == (None, "none")

    def test_the_metric_is_the_functions_own(self) -> None:
        """Another function's throttles are not this one's; an alias's series is not added to the function's."""
        metrics = [
            a_metric("Throttles", 12),
            a_metric("Throttles", 12, FunctionName="checkout", Resource="checkout:live"),
            a_metric("Throttles", 99, FunctionName="other"),
        ]

        assert facts_of(metrics=metrics).throttling.throttles == 12
