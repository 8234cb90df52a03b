"""An API in the shape of the contract, whichever kind it is, and one that is gone."""

from __future__ import annotations

import pytest

from bot.evidence.collectors.entrance import Found
from bot.models.incident_file import FrontDoor
from tests.evidence.fakes import BreakableClients, a_run, ask
from tests.evidence.shop import FUNCTION_ARN, NOTHING_KNOWN, http_api


@pytest.mark.usefixtures("account")
class TestHttpGateway:
    def test_has_the_names_of_the_contract(self) -> None:
        """Routes and integrations of both kinds of API read alike."""
        api_id = http_api()
        found, _, _ = ask("entrance", a_run(BreakableClients(), needs=NOTHING_KNOWN))

        gateway, sections, gaps = ask("gateway", a_run(BreakableClients(), needs={"entrance": found}))

        read = sections["gateway"]
        assert (read["kind"], read["id"], read["name"], read["stage"]["StageName"]) == ("http-api", api_id, "shop", "$default")
        integration = read["integrations"][0]
        assert (integration["route"], integration["type"], integration["payloadFormatVersion"]) == ("POST /orders", "AWS_PROXY", "2.0")
        assert (integration["timeoutInMillis"], integration["uri"]) == (30000, FUNCTION_ARN)
        assert gateway.front_door == FrontDoor(kind="http-api", id=api_id, stage="$default", route="POST /orders")
        assert gaps == []

    def test_an_api_that_is_gone_is_null(self) -> None:
        """The alarm names an API that was deleted."""
        _, sections, _ = ask("gateway", a_run(BreakableClients(), needs={"entrance": Found(FrontDoor(kind="rest-api", id="gone"))}))

        assert sections["gateway"] is None
