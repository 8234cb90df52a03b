"""Reserved concurrency: what the account can spare, and what a reservation may protect."""

from __future__ import annotations

from typing import Any

from bot.analysis.facts import Facts, Throttling, Traffic
from tests.remediations.cases import an_incident, declined, offered


def a_section(reserved: int | None, limit: int, unreserved: int) -> dict[str, Any]:
    """Return the concurrency section."""
    return {
        "ReservedConcurrentExecutions": reserved,
        "AccountLimit": {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": unreserved},
    }


class TestRaise:
    def test_serves_the_throttled_calls_too(self) -> None:
        """At a peak of 5 with as many calls refused as served, 10 at once would have done."""
        facts = Facts(throttling=Throttling(throttles=400, peak=5), traffic=Traffic(invocations=400))

        offer = offered("raise-reserved-concurrency", an_incident(concurrency=a_section(5, 1000, 995)), facts)

        assert offer.params == {"from_concurrency": 5, "to_concurrency": 20}
        assert "980 stay for all other functions (minimum 100)" in offer.why

    def test_stops_at_what_the_account_can_spare(self) -> None:
        """Lambda refuses a reservation that leaves fewer than 100."""
        offer = offered("raise-reserved-concurrency", an_incident(concurrency=a_section(50, 200, 110)))

        assert offer.params["to_concurrency"] == 60

    def test_is_declined_when_the_pool_would_fall_below_its_minimum(self) -> None:
        """100 unreserved is the least: nothing is left to move."""
        why = declined("raise-reserved-concurrency", an_incident(concurrency=a_section(900, 1000, 100)))

        assert "unreserved pool of 100 would fall below its minimum of 100" in why

    def test_is_declined_in_an_account_of_ten(self) -> None:
        """A new account has 10, all of which must stay unreserved."""
        section = {"ReservedConcurrentExecutions": None, "AccountLimit": {"ConcurrentExecutions": 10}}

        assert "the account has only 10" in declined("raise-reserved-concurrency", an_incident(concurrency=section))

    def test_is_declined_at_zero(self) -> None:
        """0 is a switch, not a limit that load outgrew."""
        assert "switched the function off" in declined("raise-reserved-concurrency", an_incident(concurrency=a_section(0, 1000, 1000)))

    def test_is_made_without_any_number(self) -> None:
        """Throttled for certain, yet nothing was read: the offer says what is read first, and invents no number."""
        offer = offered("raise-reserved-concurrency", an_incident())

        assert offer.params == {"factor": 2, "missing": ["from_concurrency"]}


class TestRemove:
    def test_warns_that_zero_may_be_a_kill_switch(self) -> None:
        """Somebody set it, perhaps for a reason that still holds."""
        offer = offered("remove-reserved-concurrency", an_incident(concurrency=a_section(0, 1000, 1000)))

        assert offer.params == {"from_concurrency": 0}
        assert "kill switch" in offer.why
        assert offer.risk == "medium"

    def test_is_declined_when_none_is_reserved(self) -> None:
        """AWS said that there is none; nothing is there to remove."""
        why = declined("remove-reserved-concurrency", an_incident(concurrency=a_section(None, 1000, 1000)))

        assert why == "no concurrency is reserved for this function"

    def test_is_declined_when_the_account_is_full_too(self) -> None:
        """The reservation then is what the function still gets."""
        facts = Facts(throttling=Throttling(account_peak=990))

        assert "gets less" in declined("remove-reserved-concurrency", an_incident(concurrency=a_section(50, 1000, 950)), facts)
