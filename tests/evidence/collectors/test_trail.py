"""What CloudTrail knows: what changed the function, what was refused, and its two questions a second."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from botocore.stub import ANY

from tests.evidence.fakes import REGION, FixedClients, a_run, ask, stubbed
from tests.evidence.shop import ACCOUNT


def looked_up(attribute: str, value: str) -> dict[str, Any]:
    """Return what LookupEvents is asked for one attribute."""
    return {"LookupAttributes": [{"AttributeKey": attribute, "AttributeValue": value}], "StartTime": ANY, "EndTime": ANY}


class TestTrail:
    @staticmethod
    def event(name: str, *, read_only: str = "false", **detail: Any) -> dict[str, Any]:
        """Return an event as LookupEvents has it: the detail is JSON in a text."""
        return {
            "EventId": f"id-{name}",
            "EventName": name,
            "EventTime": datetime(2026, 5, 14, 3, 1, 10, tzinfo=UTC),
            "Username": "deploy",
            "ReadOnly": read_only,
            "CloudTrailEvent": json.dumps({"eventName": name, "eventSource": "lambda.amazonaws.com", **detail}),
        }

    def test_tells_changes_from_denials_and_leaves_reads_out(self) -> None:
        """What changed the function, and what was refused; that somebody looked is neither."""
        events = [
            self.event("UpdateFunctionConfiguration20150331v2", requestParameters={"timeout": 3, "password": "hunter2"}),
            self.event("GetFunction20150331v2", read_only="true"),
            self.event("Invoke", errorCode="AccessDenied", errorMessage="User: arn:x is not authorized to perform: lambda:InvokeFunction"),
        ]
        asked = looked_up("ResourceName", "checkout")
        with stubbed("cloudtrail", ("lookup_events", asked, {"Events": events})) as aws:
            _, sections, _ = ask("trail-function", a_run(aws))

        assert [change["EventName"] for change in sections["changes"]] == ["UpdateFunctionConfiguration20150331v2"]
        change = sections["changes"][0]
        assert (change["EventTime"], change["Username"]) == ("2026-05-14T03:01:10Z", "deploy")
        assert change["requestParameters"] == {"timeout": 3, "password": "[redacted:secret]"}
        assert [(d["eventSource"], d["eventName"], d["errorCode"]) for d in sections["denials"]] == [
            ("lambda.amazonaws.com", "Invoke", "AccessDenied")
        ]

    def test_finds_calls_of_the_function_that_were_refused(self) -> None:
        """The function's session under its role carries the function's name."""
        asked = looked_up("Username", "checkout")
        events = [self.event("PutItem", errorCode="AccessDenied"), self.event("CreateTable")]
        with stubbed("cloudtrail", ("lookup_events", asked, {"Events": events})) as aws:
            _, sections, _ = ask("trail-caller", a_run(aws))

        assert [denial["eventName"] for denial in sections["denials"]] == ["PutItem"]
        assert "changes" not in sections

    def test_asks_about_the_role_where_iam_records(self) -> None:
        """IAM is global, and its events stand in one region."""
        asked = {
            "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": "checkout-role"}],
            "StartTime": ANY,
            "EndTime": ANY,
        }
        with stubbed("cloudtrail", ("lookup_events", asked, {"Events": []})) as aws:
            ask("trail-role", a_run(aws, needs={"function": {"Role": f"arn:aws:iam::{ACCOUNT}:role/path/checkout-role"}}))

        assert aws.regions == ["us-east-1"]

    def test_a_turn_that_comes_after_the_deadline_is_a_gap(self) -> None:
        """CloudTrail takes two questions a second; the third does not wait past the deadline."""
        run = a_run(FixedClients(), deadline_s=0.1)
        run.trail_slots[REGION] = [time.monotonic(), time.monotonic()]
        _, sections, gaps = ask("trail-function", run)

        assert sections == {}
        assert [(gap["section"], gap["code"]) for gap in gaps] == [("changes", "DeadlineExceeded")]
