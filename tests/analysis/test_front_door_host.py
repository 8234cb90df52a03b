"""Which origin request policies overwrite the Host by which API Gateway and function URLs are found."""

from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.models.incident_file import IncidentFile


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
