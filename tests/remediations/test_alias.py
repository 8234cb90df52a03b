"""rollback-alias: only where alias and earlier version were both seen."""

from __future__ import annotations

from typing import Any

from tests.remediations.cases import an_incident, declined, offered


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
