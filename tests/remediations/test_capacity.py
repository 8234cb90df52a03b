"""Provisioned concurrency and the account's quota."""

from __future__ import annotations

from typing import Any

from bot.analysis.facts import Facts, Throttling
from tests.remediations.cases import an_incident, declined, offered

LATEST_LOG: list[dict[str, Any]] = [
    {"group": "/aws/lambda/orders", "events": [{"timestamp": 1, "stream": "2026/05/14/[$LATEST]ab12", "message": "x"}]}
]


class TestProvisioned:
    def test_covers_the_peak_on_the_alias_that_callers_use(self) -> None:
        """The alias comes from the integration's own ARN."""
        function = "arn:aws:lambda:eu-west-1:111122223333:function:orders:live"
        uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}/invocations"
        gateway = {"kind": "rest-api", "integrations": [{"type": "AWS_PROXY", "uri": uri}]}

        offer = offered("set-provisioned-concurrency", an_incident(gateway=gateway), Facts(throttling=Throttling(peak=20)))

        assert offer.params == {"qualifier": "live", "to_concurrency": 22}
        assert "costs money" in offer.why

    def test_is_declined_where_only_latest_is_used(self) -> None:
        """An unpublished version cannot have it."""
        assert "$LATEST" in declined("set-provisioned-concurrency", an_incident(logs=LATEST_LOG))

    def test_is_offered_where_lines_without_a_version_stand_beside_latest(self) -> None:
        """Healthy traffic of $LATEST tells nothing about lines that were pasted without their streams."""
        pasted = {"timestamp": 2, "message": "Initialization took longer than 10000"}
        logs = [{"group": "/aws/lambda/orders", "events": [*LATEST_LOG[0]["events"], pasted]}]

        assert offered("set-provisioned-concurrency", an_incident(logs=logs)).params["missing"] == ["qualifier"]

    def test_is_declined_in_an_account_of_ten(self) -> None:
        """Nothing can be provisioned out of 10."""
        section = {"AccountLimit": {"ConcurrentExecutions": 10}}

        why = declined("set-provisioned-concurrency", an_incident({"qualifier": "live"}, concurrency=section))

        assert "leaves nothing" in why

    def test_is_declined_beside_snapstart(self) -> None:
        """Lambda refuses the two together."""
        function = {"SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}}

        assert "SnapStart" in declined("set-provisioned-concurrency", an_incident({"qualifier": "live"}, function=function))

    def test_names_the_qualifier_as_missing_where_nothing_was_read(self) -> None:
        """Which alias is meant is asked, never guessed."""
        assert offered("set-provisioned-concurrency", an_incident()).params == {"to_concurrency": 1, "missing": ["qualifier"]}


class TestQuota:
    def test_asks_for_the_usual_thousand_in_a_new_account(self) -> None:
        """A new account has 10 although the quota's default is 1,000."""
        offer = offered("request-quota-increase", an_incident(concurrency={"AccountLimit": {"ConcurrentExecutions": 10}}))

        assert offer.params == {"service_code": "lambda", "quota_code": "L-B99A9384", "from_value": 10, "desired_value": 1000}

    def test_asks_for_more_than_there_is(self) -> None:
        """Service Quotas refuses a value that is not above the present one."""
        offer = offered("request-quota-increase", an_incident(concurrency={"AccountLimit": {"ConcurrentExecutions": 20_000}}))

        assert offer.params["desired_value"] == 50_000

    def test_is_declined_when_the_functions_own_reservation_is_the_limit(self) -> None:
        """A larger account changes nothing for a function that is capped at 5."""
        facts = Facts(throttling=Throttling(reserved=5, has_reserved=True, peak=5, peak_is_at="reserved"))

        assert "own reservation of 5" in declined("request-quota-increase", an_incident(), facts)
