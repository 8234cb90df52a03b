"""Which origin request policies overwrite the Host by which API Gateway and function URLs are found."""

from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.models.incident_file import IncidentFile
from tests.analysis.incidents import an_incident


def distribution(behaviour: dict[str, Any]) -> IncidentFile:
    """Return an incident behind a distribution whose origin is a function URL."""
    gateway = {
        "kind": "cloudfront",
        "Origins": {"Items": [{"DomainName": "q1w2e3r4t5q6.lambda-url.us-west-2.on.aws"}]},
        "DefaultCacheBehavior": behaviour,
    }
    return IncidentFile.model_validate({"version": 1, "target": {"function_name": "shop"}, "gateway": gateway})


class TestForwardsHost:
    @pytest.mark.parametrize(
        ("behaviour", "forwards"),
        [
            ({"OriginRequestPolicy": {"Name": "Managed-AllViewer"}}, True),
            ({"OriginRequestPolicy": "Managed-AllViewer"}, True),
            ({"OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3"}, True),
            ({"OriginRequestPolicy": {"Name": "Managed-AllViewerExceptHostHeader"}}, False),
            ({}, False),
        ],
    )
    def test_is_told_by_id_by_name_and_by_the_policy_itself(self, behaviour: dict[str, Any], forwards: bool) -> None:
        """Tools write the managed policy in each of these ways."""
        assert analyse(distribution(behaviour)).front_door.forwards_host is forwards


class TestForwardedHost:
    @pytest.mark.parametrize(
        ("behaviour", "expected"),
        [
            ({"OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3"}, True),
            ({"OriginRequestPolicy": "Managed-AllViewer"}, True),
            ({"OriginRequestPolicy": {"HeadersConfig": {"HeaderBehavior": "allViewer"}}}, True),
            ({"OriginRequestPolicy": {"HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": {"Items": ["Host"]}}}}, True),
            ({"ForwardedValues": {"Headers": {"Items": ["*"]}}}, True),
            ({"OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac"}, False),
            ({"ForwardedValues": {"Headers": {"Items": ["Accept"]}}}, False),
        ],
    )
    def test_a_behaviour_sends_the_viewers_host_on_or_not(self, behaviour: dict[str, Any], expected: bool) -> None:
        """API Gateway and function URLs are found by the Host, so the viewer's own leads nowhere."""
        origins = {"Items": [{"DomainName": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"}]}
        gateway = {"kind": "cloudfront", "Origins": origins, "CacheBehaviors": {"Items": [behaviour]}}

        assert analyse(an_incident(kind="cloudfront", gateway=gateway)).front_door.forwards_host is expected

    def test_a_bucket_as_origin_tells_nothing(self) -> None:
        """S3 has rules of its own for the Host."""
        gateway = {"kind": "cloudfront", "Origins": [{"DomainName": "shop.s3.amazonaws.com"}], "DefaultCacheBehavior": {}}

        assert analyse(an_incident(kind="cloudfront", gateway=gateway)).front_door.forwards_host is None
