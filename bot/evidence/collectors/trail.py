"""CloudTrail: who changed the target lately, and which calls of its role were refused."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

from bot.evidence.base import COLLECTORS, Collector
from bot.evidence.context import Context, late
from bot.evidence.names import partition_of

LOOK_BACK: Final = timedelta(hours=24)
"""A deployment shows its harm within a day, mostly; CloudTrail keeps 90 days."""

CALLS_A_SECOND: Final = 2
SECOND: Final = 1.05
"""LookupEvents allows two requests a second for each account and region, and refuses more.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

MAX_PAGES: Final = 2
"""Of 50 events each, newest first."""

KEPT: Final = (
    "eventSource",
    "eventName",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "userAgent",
    "sourceIPAddress",
    "awsRegion",
    "resources",
)

IAM_HOMES: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""IAM records its changes in one region of each partition.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

DENIED: Final = (
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "Client.UnauthorizedOperation",
    "AuthorizationError",
    "Forbidden",
)


def look_up(context: Context, attribute: str, value: str) -> list[dict[str, Any]]:
    """Return the events with an attribute, newest first, each with the part of its detail that says what was asked and refused."""
    params: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": attribute, "AttributeValue": value}],
        "StartTime": context.window.end - LOOK_BACK,
        "EndTime": context.window.end,
    }
    found: list[dict[str, Any]] = []
    for _ in range(MAX_PAGES):
        _take_turn(context)
        page = context.call("cloudtrail", "LookupEvents", **params)
        found += [_flat(event) for event in page.get("Events", [])]
        if not page.get("NextToken"):
            break
        params["NextToken"] = page["NextToken"]
    return found


def _take_turn(context: Context) -> None:
    """Wait for the next free slot of the two requests a second that the account has in the region."""
    run = context.run
    with run.lock:
        now = time.monotonic()
        slots = run.trail_slots.setdefault(str(context.region), [])
        slot = max(now, slots[-CALLS_A_SECOND] + SECOND) if len(slots) >= CALLS_A_SECOND else now
        slots.append(slot)
    if slot - now >= run.remaining_s:
        raise late("cloudtrail:LookupEvents")
    time.sleep(slot - now)


def _flat(event: Mapping[str, Any]) -> dict[str, Any]:
    try:
        detail = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        detail = {}
    kept = {key: detail[key] for key in KEPT if detail.get(key) is not None}
    who = detail.get("userIdentity") or {}
    identity = {"userIdentity": {key: who[key] for key in ("type", "arn", "invokedBy") if key in who}} if who else {}
    known = {key: event[key] for key in ("EventTime", "EventName", "Username", "EventId") if event.get(key) is not None}
    return {**known, **kept, **identity, "readOnly": str(event.get("ReadOnly", detail.get("readOnly", ""))).lower() == "true"}


def is_denied(event: Mapping[str, Any]) -> bool:
    """Tell whether AWS refused the call for want of a permission."""
    return str(event.get("errorCode", "")).startswith(DENIED)


class Trail(Collector):
    """Events that carry one name; what was refused goes to `denials`, what changed something to `changes`."""

    sections: ClassVar[tuple[str, ...]] = ("changes", "denials")
    iam_actions: ClassVar[frozenset[str]] = frozenset({"cloudtrail:LookupEvents"})
    source_url = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-cli.html"

    def keep(self, context: Context, attribute: str, value: str) -> None:
        """Look the events up and keep them."""
        events = look_up(context, attribute, value)
        context.answer("changes", [_without(event) for event in events if not event["readOnly"] and not is_denied(event)])
        context.answer("denials", [_without(event) for event in events if is_denied(event)])


def _without(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "readOnly"}


@COLLECTORS.register("trail-function")
class FunctionTrail(Trail):
    """Changes to the function, and refused calls that name it."""

    def collect(self, context: Context) -> None:
        """Look for the function's name among the resources."""
        self.keep(context, "ResourceName", str(context.target.function_name))


@COLLECTORS.register("trail-caller")
class CallerTrail(Trail):
    """Calls that the function itself made and that AWS refused: its session under the role carries its name.

    Only management events are recorded by default; a refused read of a table or bucket is seldom among them.
    """

    sections = ("denials",)
    source_url = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"

    def collect(self, context: Context) -> None:
        """Look for the function's session name among the callers."""
        events = look_up(context, "Username", str(context.target.function_name))
        context.answer("denials", [_without(event) for event in events if is_denied(event)])


@COLLECTORS.register("trail-role")
class RoleTrail(Trail):
    """Changes to the execution role: a permission taken away breaks a function that nobody deployed."""

    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html"

    def collect(self, context: Context) -> None:
        """Look for the role's name among the resources."""
        arn = context.need("function").get("Role")
        if not arn:
            return
        home = IAM_HOMES[partition_of(str(context.region or ""))]
        self.keep(context.elsewhere(home), "ResourceName", str(arn).rsplit("/", 1)[-1])
