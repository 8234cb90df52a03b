"""What changed before it failed, and by how much."""

from __future__ import annotations

import pytest

from bot.analysis.changes import kind_of
from tests.analysis.incidents import START_MS, a_log, facts_of, report


class TestChanges:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("UpdateFunctionCode", "code"),
            ("UpdateFunctionConfiguration", "configuration"),
            ("PutFunctionConcurrency", "concurrency"),
            ("DeleteFunctionConcurrency", "concurrency"),
            ("UpdateAlias", "alias"),
            ("RemovePermission", "permission"),
            ("PutRolePolicy", "permission"),
            ("DetachRolePolicy", "permission"),
            ("PutBucketPolicy", "permission"),
            ("PutKeyPolicy", "permission"),
            ("CreateDeployment", "gateway"),
            ("UpdateStage", "gateway"),
            ("ModifyTargetGroupAttributes", "gateway"),
            ("UpdateDistribution", "gateway"),
            ("DeleteNatGateway", "network"),
            ("ReplaceRoute", "network"),
            ("RevokeSecurityGroupEgress", "network"),
            ("CreateFunction", "creation"),
            ("DeleteFunction", "deletion"),
            ("ListTags", "other"),
        ],
    )
    def test_the_name_tells_the_kind(self, name: str, kind: str) -> None:
        """CloudTrail's names follow the API."""
        assert kind_of(name) == kind

    def test_a_change_is_timed_against_the_first_failure(self) -> None:
        """The version suffix is no part of the name."""
        rows = [
            {
                "EventTime": "2026-05-14T03:00:00Z",
                "EventName": "UpdateFunctionConfiguration20150331v2",
                "Username": "deploy",
                "requestParameters": {"timeout": 3},
            }
        ]
        found = facts_of(changes=rows, logs=[a_log(report(tail="Status: timeout", duration="0.00"))]).changes[0]

        assert (found.name, found.kind, found.by, found.fields, found.failed) == (
            "UpdateFunctionConfiguration",
            "configuration",
            "deploy",
            ("timeout",),
            False,
        )
        assert found.at_ms == 1_778_727_600_000
        assert found.seconds_before_errors == (START_MS - 1_778_727_600_000) / 1000

    def test_without_a_failure_nothing_is_measured(self) -> None:
        """Unknown, and not zero."""
        assert (
            facts_of(changes=[{"EventTime": "2026-05-14T03:00:00Z", "EventName": "UpdateAlias"}]).changes[0].seconds_before_errors is None
        )
