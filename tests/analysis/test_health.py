"""When a function is well, and what speaks against it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.analyse import analyse
from tests.analysis.incidents import ID, a_log, a_metric, an_incident, facts_of, report


class TestHealth:
    def test_a_refusal_of_somebody_else_does_no_harm(self) -> None:
        """CloudTrail rows of users and other accounts stand beside healthy runs."""
        row = {"errorCode": "AccessDenied", "errorMessage": "User: arn:aws:iam::1:user/u is not authorized to perform: s3:GetObject"}
        facts = analyse(an_incident(logs=[a_log(f"START RequestId: {ID} Version: 1", report())], denials=[row]))

        assert facts.health.is_healthy is True

    def test_good_runs_affirm_it(self) -> None:
        """Runs were seen, all ended well, and nothing else speaks against it."""
        found = facts_of(logs=[a_log(report())], function={"State": "Active", "Timeout": 3}).health

        assert (found.is_healthy, found.handled_errors) == (True, 0)
        assert found.looked_at[0] == "the function's log: 1 invocation, 1 ended well"

    def test_silence_does_not(self) -> None:
        """No lines, no metrics: nothing is known."""
        assert facts_of(logs=[a_log()]).health.is_healthy is False

    @pytest.mark.parametrize(
        "sections",
        [
            {"client": {"status": 502}},
            {"metrics": [a_metric("Throttles", 3)]},
            {"function": {"State": "Inactive"}},
            {"concurrency": {"ReservedConcurrentExecutions": 0}},
            {"event_sources": [{"LastProcessingResult": "PROBLEM: Function call failed"}]},
        ],
    )
    def test_any_sign_of_trouble_speaks_against_it(self, sections: dict[str, Any]) -> None:
        """Good runs do not outweigh a caller who saw a 502."""
        assert facts_of(logs=[a_log(report())], **sections).health.is_healthy is False

    def test_handled_errors_are_counted_and_do_no_harm(self) -> None:
        """Logged, caught, answered."""
        lines = (f"START RequestId: {ID} Version: 1", f"[ERROR]\t2026-05-14T03:12:01.000Z\t{ID}\tValueError: bad postcode", report())
        found = facts_of(logs=[a_log(*lines)]).health

        assert (found.is_healthy, found.handled_errors) == (True, 1)
