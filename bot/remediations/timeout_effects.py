"""What a longer timeout does to others: concurrency that it may hold, queues and gateways that wait less long."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from bot.remediations.reads import Reads
from bot.remediations.traffic import traffic_of

READS: Final = frozenset(
    {
        "cloudwatch:GetMetricData",
        "lambda:GetAccountSettings",
        "lambda:GetFunctionConcurrency",
        "lambda:GetPolicy",
        "lambda:ListEventSourceMappings",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
    }
)
"""What finding that out takes."""

GATEWAY_WAIT_S: Final = 29
"""How long a REST or WebSocket API waits unless the quota was raised; an HTTP API waits 30 s.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""

VISIBILITY_FACTOR: Final = 6
"""A queue should hide a message for six function timeouts. Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""


def worst_case(function_name: str, old_s: int, new_s: int, reads: Reads) -> list[str]:
    """Return how many environments calls may hold at once when every one runs into the limit, against what there is."""
    traffic = traffic_of(reads, function_name)
    if traffic is None:
        return ["cost: only runs that last longer cost more; no calls were seen in the last 24 hours"]
    before, after = (max(1, math.ceil(traffic.busiest_per_s * limit)) for limit in (old_s, new_s))
    reserved = reads.optional("lambda", "GetFunctionConcurrency", FunctionName=function_name).get("ReservedConcurrentExecutions")
    account = reads.optional("lambda", "GetAccountSettings").get("AccountLimit", {}).get("ConcurrentExecutions")
    limit = reserved if reserved is not None else account
    whose = "the function's reservation" if reserved is not None else "the account"
    bound = f"; {whose} allows {limit:,}" if limit is not None else ""
    over = ", so calls would be throttled" if limit is not None and after > limit else ""
    return [
        "cost: only runs that last longer cost more",
        f"worst case: at {traffic.busiest_per_s:.2g} calls a second, the most of the last 24 hours, calls that all run into the limit"
        f" hold {after:,} environment{'' if after == 1 else 's'} at once instead of {before:,}{bound}{over}",
    ]


def door_warnings(function_name: str, new_s: int, reads: Reads, *, known: bool) -> list[str]:
    """Return a warning where the policy lets API Gateway in, which waits less long; nothing where the evidence says what waits."""
    if known or new_s <= GATEWAY_WAIT_S:
        return []
    policy = reads.optional("lambda", "GetPolicy", FunctionName=function_name).get("Policy")
    if policy and "apigateway.amazonaws.com" in json.dumps(json.loads(policy).get("Statement", [])):
        return [f"API Gateway may invoke the function and waits {GATEWAY_WAIT_S} to 30 s unless its quota was raised"]
    return []


def queue_warnings(function_name: str, new_s: int, reads: Reads) -> list[str]:
    """Return a warning for each queue that shows a message again while the function may still be at it."""
    mappings = reads.optional_rows("lambda", "ListEventSourceMappings", "EventSourceMappings", FunctionName=function_name)
    warnings = []
    for arn in (str(m.get("EventSourceArn", "")) for m in mappings):
        if ":sqs:" not in arn:
            continue
        attributes = queue_attributes(arn, reads)
        hidden = attributes.get("VisibilityTimeout")
        needed = new_s * VISIBILITY_FACTOR
        if hidden is None:
            warnings.append(f"queue {arn} must hide messages for {needed} s; for how long it does could not be read")
        elif int(hidden) < needed:
            twice = ": messages would be handled twice" if int(hidden) < new_s else ""
            warnings.append(f"queue {arn} hides messages for {hidden} s, {needed} s are advised{twice}; raise its visibility timeout first")
    return warnings


def queue_attributes(arn: str, reads: Reads) -> dict[str, Any]:
    """Return a queue's visibility timeout and backlog, empty where they could not be read."""
    account, name = arn.split(":")[4:6]
    url = reads.optional("sqs", "GetQueueUrl", QueueName=name, QueueOwnerAWSAccountId=account).get("QueueUrl")
    if not url:
        return {}
    names = ["VisibilityTimeout", "ApproximateNumberOfMessages"]
    found: dict[str, Any] = reads.optional("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=names).get("Attributes", {})
    return found
