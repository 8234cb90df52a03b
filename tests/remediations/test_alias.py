"""rollback-alias: only where alias and earlier version were both seen."""

from __future__ import annotations

from typing import Any

from tests.remediations.account import Account
from tests.remediations.cases import an_incident, declined, offered
from tests.remediations.changes import live, plan_of, remedy


def a_move(at: str, version: str, **more: Any) -> dict[str, Any]:
    """Return the CloudTrail row of a moved alias."""
    return {
        "EventTime": at,
        "EventName": "UpdateAlias20150331",
        "requestParameters": {"functionName": "orders", "name": "live", "functionVersion": version},
        **more,
    }


class TestOffer:
    def test_goes_back_to_where_the_alias_pointed(self) -> None:
        """The alias's own last two moves name both versions; a refused move in between counts for nothing."""
        changes = [
            a_move("2026-05-14T03:00:00Z", "13"),
            a_move("2026-05-14T02:00:00Z", "99", errorCode="ResourceNotFoundException"),
            a_move("2026-05-10T09:00:00Z", "12"),
        ]

        offer = offered("rollback-alias", an_incident({"qualifier": "live"}, changes=changes))

        assert offer.params == {"alias": "live", "from_version": "13", "to_version": "12", "clear_weights": True}

    def test_takes_the_next_lower_version_of_the_list(self) -> None:
        """Where the alias's earlier move lies beyond what was read, the list of versions tells."""
        function = {
            "Aliases": [{"Name": "live", "FunctionVersion": "7"}],
            "Versions": [{"Version": "$LATEST"}, {"Version": "4"}, {"Version": "6"}, {"Version": "7"}],
        }

        assert offered("rollback-alias", an_incident(function=function)).params["to_version"] == "6"

    def test_takes_a_canarys_traffic_away(self) -> None:
        """A weighted alias goes back to its main version at once."""
        weighted = {"Name": "live", "FunctionVersion": "12", "RoutingConfig": {"AdditionalVersionWeights": {"13": 0.1}}}

        params = offered("rollback-alias", an_incident(function={"Aliases": [weighted]})).params

        assert (params["from_version"], params["to_version"]) == ("13", "12")


class TestRefusal:
    def test_without_an_alias(self) -> None:
        """Which alias is meant is never guessed."""
        assert "no alias is known" in declined("rollback-alias", an_incident())

    def test_without_an_earlier_version(self) -> None:
        """A first deployment has nothing to go back to."""
        assert "must be known first" in declined("rollback-alias", an_incident({"qualifier": "live"}))

    def test_where_callers_use_latest(self) -> None:
        """$LATEST keeps no history."""
        assert "$LATEST" in declined("rollback-alias", an_incident({"qualifier": "$LATEST"}))


class TestApply:
    def test_a_canarys_weights_come_back(self, account: Account) -> None:
        """The exact previous state of an alias has its weights."""
        account.client("lambda").update_alias(
            FunctionName="orders", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}}
        )
        plan = plan_of("rollback-alias", account)
        assert plan.before == {"version": "1", "weights": {"2": 0.1}}

        applied = remedy("rollback-alias").apply(plan, account)
        assert live("rollback-alias", plan, account) == {"version": "1", "weights": {}}

        remedy("rollback-alias").undo(applied, account)
        assert live("rollback-alias", plan, account) == plan.before
