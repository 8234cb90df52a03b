"""raise-timeout: values from the evidence, bounded by what the front door waits."""

from __future__ import annotations

import pytest

from bot.analysis.facts import Facts, FrontDoorFacts, Runs
from tests.remediations.cases import an_incident, an_invocation, declined, offered

REST = {"front_door": {"kind": "rest-api", "id": "a1b2c3d4e5"}}


class TestOffer:
    def test_goes_above_the_slowest_successful_run(self) -> None:
        """A limit below what good runs need would cut them too."""
        facts = Facts(runs=Runs(ok_duration_p99_ms=6200, ok_duration_max_ms=9100))

        offer = offered("raise-timeout", an_incident(REST, function={"Timeout": 3}), facts)

        assert offer.params == {"from_seconds": 3, "to_seconds": 15}
        assert "p99 of successful runs is 6.2 s" in offer.why
        assert "the REST API allows 29 s" in offer.why
        assert offer.risk == "low"

    def test_stops_at_the_front_doors_limit(self) -> None:
        """What lies above it helps nobody: the caller has gone."""
        assert offered("raise-timeout", an_incident(REST, function={"Timeout": 20})).params["to_seconds"] == 29

    def test_takes_the_limit_that_the_integration_really_has(self) -> None:
        """A REST integration may wait longer than 29 s since 2024, or less."""
        facts = Facts(front_door=FrontDoorFacts(kind="rest-api", limit_ms=60_000))

        assert offered("raise-timeout", an_incident(REST, function={"Timeout": 40}), facts).params["to_seconds"] == 60

    def test_reads_the_present_limit_from_the_log_when_the_configuration_was_not_read(self) -> None:
        """`Task timed out after 3.01 seconds` says that the limit is 3 s."""
        facts = Facts(invocations=(an_invocation(outcome="timeout", timeout_s=3.01),))

        assert offered("raise-timeout", an_incident(), facts).params == {"from_seconds": 3, "to_seconds": 10}

    def test_is_made_without_any_number(self) -> None:
        """A function that certainly timed out is helped, also where the file holds no configuration."""
        assert offered("raise-timeout", an_incident()).params == {"to_seconds": 30}

    def test_warns_of_a_queue_that_shows_messages_too_early(self) -> None:
        """A queue must hide a message for six timeouts, else it is handled twice."""
        queue = [{"EventSourceArn": "arn:aws:sqs:eu-west-1:111122223333:orders", "VisibilityTimeout": 30}]

        offer = offered("raise-timeout", an_incident(function={"Timeout": 5}, event_sources=queue))

        assert "hides messages for 30 s only" in offer.why
        assert "60 s" in offer.why
        assert offer.risk == "medium"

    def test_says_that_an_alias_does_not_get_it(self) -> None:
        """UpdateFunctionConfiguration reaches $LATEST only."""
        assert "move alias live" in offered("raise-timeout", an_incident({"qualifier": "live"}, function={"Timeout": 3})).why


class TestRefusal:
    @pytest.mark.parametrize("timeout", [29, 30, 120])
    def test_when_the_gateway_gives_up_first(self, timeout: int) -> None:
        """The function's timeout is then not what ends the request."""
        why = declined("raise-timeout", an_incident(REST, function={"Timeout": timeout}))

        assert why == f"the timeout is already {timeout} s; the REST API stops waiting at 29 s"

    def test_at_lambdas_own_limit(self) -> None:
        """Lambda takes no more than 900 s."""
        assert "900 s, the most" in declined("raise-timeout", an_incident(function={"Timeout": 900}))
