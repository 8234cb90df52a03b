"""Which tool owns a function: from its tags, its name, and who changed it before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from bot.errors import RemediationError
from bot.models.plan import Owner, Ownership
from bot.remediations.patch import PLACE_OF_OWNER, Patch, render
from bot.remediations.reads import Reads

READS: Final = frozenset({"cloudformation:DescribeStackResources", "cloudtrail:LookupEvents", "lambda:ListTags"})
"""What finding the owner takes."""

NO_STACK: Final = "ValidationError"
"""CloudFormation's code for a function that no stack holds.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html"""

STACK_TAG: Final = "aws:cloudformation:stack-name"
LOGICAL_ID_TAG: Final = "aws:cloudformation:logical-id"
"""CloudFormation sets both itself.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html"""

SAM_TAG: Final = ("lambda:createdBy", "SAM")
"""SAM's own tag. Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html"""

AGENTS: Final[tuple[tuple[str, Owner], ...]] = (
    ("terraform", "terraform"),
    ("opentofu", "terraform"),
    ("hashicorp", "terraform"),
    ("pulumi", "pulumi"),
    ("cloudformation.amazonaws.com", "cloudformation"),
)
"""Parts of a CloudTrail user agent, and whose they are.
Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs#custom-user-agent-information"""

_MANAGED_TAG: Final = re.compile(r"(managed[-_ ]?by|terraform|provisioner|created[-_ ]?by|iac)", re.IGNORECASE)
_CDK_LOGICAL_ID: Final = re.compile(r"[A-Za-z0-9]+[0-9A-F]{8}")
_TERRAFORM_NAME: Final = re.compile(r"terraform-\d{20,}")
_PULUMI_NAME: Final = re.compile(r"[A-Za-z0-9_-]+-[0-9a-f]{7}")

EVENTS: Final = 20
"""So many of the function's latest events are looked at."""


def read_ownership(reads: Reads, function_arn: str, function_name: str, patch: Patch | None, *, survives: str | None = None) -> Ownership:
    """Return who owns the function, and for a tool the warning and the patch.

    Args:
        reads: Asks AWS.
        function_arn: The unqualified ARN.
        function_name: The name.
        patch: The change, to be shown in the tool's own form.
        survives: What happens to the change at the next deployment, where it is not simply taken back.
    """
    before = len(reads.unread)
    tags: dict[str, str] = reads.optional("lambda", "ListTags", Resource=function_arn).get("Tags", {})
    owner, evidence = owner_by_tags(tags)
    if len(reads.unread) > before:
        # Without the tags CloudFormation itself still tells which stack holds the function.
        tags = _tags_by_stack(reads, function_name)
        owner, _ = owner_by_tags(tags)
        evidence = [f"stack {tags[STACK_TAG]} holds it as {tags[LOGICAL_ID_TAG]}"] if tags else []
    if owner is None:
        owner, evidence = _by_trail_or_name(reads, function_name)
    if owner is None:
        return Ownership(owner="unknown" if len(reads.unread) > before else "nobody")
    place = PLACE_OF_OWNER[owner]
    told = survives or "this change will show as drift and be lost at the next deployment that touches it"
    warning = f"{place} owns {function_name}: {told}; make the same change there"
    return Ownership(
        owner=owner,
        evidence=evidence,
        warning=warning,
        patch=render(patch, owner, function_name, tags.get(LOGICAL_ID_TAG)) if patch else None,
    )


def owner_by_tags(tags: dict[str, str]) -> tuple[Owner | None, list[str]]:
    """Return the tool that the tags name, with the tags that do."""
    stack, logical_id = tags.get(STACK_TAG), tags.get(LOGICAL_ID_TAG, "")
    if stack:
        evidence = [f"tag {STACK_TAG}={stack}"] + ([f"tag {LOGICAL_ID_TAG}={logical_id}"] if logical_id else [])
        if tags.get(SAM_TAG[0]) == SAM_TAG[1]:
            return "sam", [*evidence, f"tag {SAM_TAG[0]}={SAM_TAG[1]}"]
        if "STAGE" in tags and logical_id.endswith("LambdaFunction"):
            return "serverless", [*evidence, f"tag STAGE={tags['STAGE']}"]
        if _CDK_LOGICAL_ID.fullmatch(logical_id) or any(key.startswith("aws-cdk:") for key in tags):
            return "cdk", evidence
        return "cloudformation", evidence
    for key, value in sorted(tags.items()):
        text = f"{key}={value}".lower()
        if _MANAGED_TAG.search(key) or key.lower().startswith("pulumi"):
            if "pulumi" in text:
                return "pulumi", [f"tag {key}={value}"]
            if "terraform" in text or "opentofu" in text:
                return "terraform", [f"tag {key}={value}"]
    return None, []


def _tags_by_stack(reads: Reads, function_name: str) -> dict[str, str]:
    """Return the tags that CloudFormation gives a function, from its stack's own list; empty where no stack holds it."""
    try:
        answer = reads.call("cloudformation", "DescribeStackResources", PhysicalResourceId=function_name)
    except RemediationError as exc:
        if exc.code != NO_STACK:
            reads.unread.append(str(exc))
        return {}
    for resource in answer.get("StackResources", []):
        if resource.get("PhysicalResourceId") == function_name and resource.get("ResourceType") == "AWS::Lambda::Function":
            return {STACK_TAG: str(resource["StackName"]), LOGICAL_ID_TAG: str(resource["LogicalResourceId"])}
    return {}


def _by_trail_or_name(reads: Reads, function_name: str) -> tuple[Owner | None, list[str]]:
    attribute = [{"AttributeKey": "ResourceName", "AttributeValue": function_name}]
    events = reads.optional("cloudtrail", "LookupEvents", LookupAttributes=attribute, MaxResults=EVENTS).get("Events", [])
    for name, agent in _agents(events):
        for part, owner in AGENTS:
            if part in agent.lower():
                return owner, [f"CloudTrail {name} came from {agent[:120]}"]
    if _TERRAFORM_NAME.fullmatch(function_name):
        return "terraform", [f"the name {function_name} is one that Terraform makes"]
    if _PULUMI_NAME.fullmatch(function_name):
        return "pulumi", [f"the name {function_name} looks like one that Pulumi makes"]
    return None, []


def _agents(events: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield name and user agent of the events that changed something."""
    for event in events:
        try:
            detail = json.loads(event.get("CloudTrailEvent") or "{}")
        except ValueError:
            continue
        agent = detail.get("userAgent") if isinstance(detail, dict) else None
        if isinstance(agent, str) and re.match(r"(Create|Update|Publish|Put|Add|Delete|Remove)", str(event.get("EventName", ""))):
            yield str(event["EventName"]), agent
