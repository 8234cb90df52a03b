"""What stands in front of the function: by its policies, by the integrations of APIs, by its URL or a queue."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from bot.errors import CollectionError
from bot.evidence.collectors.entrance import doors_of
from bot.models.incident_file import FrontDoor
from tests.evidence.fakes import REGION, BreakableClients, FixedClients, a_run, ask, stubbed
from tests.evidence.shop import ACCOUNT, NOTHING_KNOWN, http_api, open_shop

API_ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3"


class TestDoors:
    @staticmethod
    def policy(service: str, source: str | None, **more: Any) -> dict[str, Any]:
        """Return a policy with one statement."""
        condition = {"Condition": {"ArnLike": {"AWS:SourceArn": source}}} if source else {}
        return {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, **condition, **more}]}

    @pytest.mark.parametrize(
        ("source", "door"),
        [
            (f"{API_ARN}/prod/POST/orders", FrontDoor(id="a1b2c3", stage="prod", route="POST /orders")),
            (f"{API_ARN}/*/*/orders", FrontDoor(id="a1b2c3")),
            (f"{API_ARN}/*", FrontDoor(id="a1b2c3")),
            (f"{API_ARN}/*/$default", FrontDoor(id="a1b2c3", route="$default")),
            (f"{API_ARN}/prod/GET/", FrontDoor(id="a1b2c3", stage="prod", route="GET /")),
        ],
    )
    def test_an_api_is_named_by_the_source(self, source: str, door: FrontDoor) -> None:
        """Stage and route where the statement names one and not all."""
        assert list(doors_of(self.policy("apigateway.amazonaws.com", source))) == [door]

    def test_other_principals_are_other_doors(self) -> None:
        """A load balancer answers callers; S3 and friends are triggers."""
        group = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/x/1"

        assert list(doors_of(self.policy("elasticloadbalancing.amazonaws.com", group))) == [FrontDoor(kind="alb", id=group)]
        assert list(doors_of(self.policy("s3.amazonaws.com", "arn:aws:s3:::bucket"))) == [
            FrontDoor(kind="trigger", id="arn:aws:s3:::bucket")
        ]

    def test_an_authorizer_and_a_denial_are_no_doors(self) -> None:
        """The permission of an authorizer says nothing of how callers reach the function."""
        assert list(doors_of(self.policy("apigateway.amazonaws.com", f"{API_ARN}/authorizers/x1"))) == []
        assert list(doors_of(self.policy("apigateway.amazonaws.com", f"{API_ARN}/*", Effect="Deny"))) == []


@pytest.mark.usefixtures("account")
class TestEntrance:
    def test_an_api_that_may_not_call_is_found_by_its_integration(self) -> None:
        """The permission is missing, so no policy names the API: its integrations are searched."""
        shop = open_shop(with_permission=False)

        found, _, gaps = ask("entrance", a_run(BreakableClients(), needs=NOTHING_KNOWN))

        assert found.front_door == FrontDoor(kind="rest-api", id=shop.api_id)
        assert gaps == []

    def test_an_http_api_is_found_too(self) -> None:
        """The search covers both kinds of API."""
        api_id = http_api()

        found, _, _ = ask("entrance", a_run(BreakableClients(), needs=NOTHING_KNOWN))

        assert found.front_door == FrontDoor(kind="http-api", id=api_id)

    def test_nothing_in_front_is_null(self) -> None:
        """Every API was searched and none calls the function."""
        found, sections, gaps = ask("entrance", a_run(BreakableClients(), needs=NOTHING_KNOWN))

        assert (found, sections, gaps) == (None, {"gateway": None}, [])

    def test_a_search_that_failed_says_nothing(self) -> None:
        """Half of the APIs could not be read: absent, and not null."""
        no = CollectionError("no", operation="lambda:GetPolicy", code="AccessDeniedException")
        with stubbed("apigateway", ("get_rest_apis", {}, "AccessDeniedException")) as stub:
            run = a_run(
                FixedClients(apigateway=stub.client("apigateway"), apigatewayv2=boto3.client("apigatewayv2", REGION)),
                needs={**NOTHING_KNOWN, "resource-policy": no},
            )
            found, sections, gaps = ask("entrance", run)

        assert (found, sections) == (None, {})
        assert [gap["operation"] for gap in gaps] == ["apigateway:GetRestApis"]

    def test_a_url_and_a_queue_are_doors(self) -> None:
        """No API, but a URL of its own, or a queue that feeds it."""
        url, _, _ = ask("entrance", a_run(FixedClients(), needs={**NOTHING_KNOWN, "function-url": {"AuthType": "NONE"}}))
        queue, _, _ = ask("entrance", a_run(FixedClients(), needs={**NOTHING_KNOWN, "event-sources": [{"EventSourceArn": "arn:q"}]}))

        assert url.front_door.kind == "function-url"
        assert queue.front_door == FrontDoor(kind="event-source", id="arn:q")
