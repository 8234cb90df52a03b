"""The audit trail: is it whole, and has it a copy that nobody can rewrite?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.aws.audit import COPY_PREFIX
from bot.aws.audit_check import CopyList, check
from bot.aws.table import Table
from bot.doctor.access import decisions
from bot.doctor.finding import Deployment, Finding, code_of, unread
from bot.errors import StateError
from bot.ports import AwsClients

NO_LOCK: Final = "ObjectLockConfigurationNotFoundError"
"""Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

GONE: Final = frozenset({"404", "NoSuchBucket"})

MAX_TOLD: Final = 3


def check_trail(deployment: Deployment, aws: AwsClients) -> Iterator[Finding]:
    """Is every entry there, unchanged, and copied?"""
    what, bucket = "audit trail", deployment.variable("RemediateFunctionName", "AUDIT_BUCKET")
    missing = _missing(aws, bucket) if bucket else None
    if missing:
        yield missing
    elif bucket:
        yield from _lock(aws, bucket)
        yield from _adding(deployment, aws, bucket)
    try:
        verdict = check(Table(aws, deployment.outputs["TableName"]), CopyList.read(aws, bucket) if bucket and not missing else None)
    except StateError as exc:
        yield Finding("unknown", what, f"could not be read: {exc}", "run it with credentials that may read the table and the bucket")
        return
    if verdict.is_whole:
        copies = "" if verdict.copies is None else f", {verdict.copies} copies"
        yield Finding("ok", what, f"{verdict.entries} entries{copies}: whole")
    else:
        told = "; ".join(fault.text for fault in verdict.faults[:MAX_TOLD])
        more = f" and {len(verdict.faults) - MAX_TOLD} more" if len(verdict.faults) > MAX_TOLD else ""
        mend = f"medic audit verify --table {deployment.outputs['TableName']}{f' --bucket {bucket}' if bucket else ''} names all of it"
        if {fault.kind for fault in verdict.faults} == {"missing-copy"}:
            mend += "; the next entry or sweep copies again"
        yield Finding("fault", what, f"{told}{more}", mend)
    if not bucket and deployment.parameters.get("ChangeableFunctions"):
        mend = "make a bucket with object lock (docs/install.md), and deploy with AuditBucketName"
        yield Finding("note", what, "has no copy: whoever may write the table can rewrite it", mend)


def _missing(aws: AwsClients, bucket: str) -> Finding | None:
    """Return why nothing can be asked of the bucket, or None."""
    try:
        aws.client("s3").head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError) as exc:
        if code_of(exc) in GONE:
            mend = "make it as docs/install.md says, or deploy without AuditBucketName"
            return Finding("fault", _name(bucket), "there is no such bucket", mend)
        return unread(_name(bucket), "s3:ListBucket", exc)
    return None


def _adding(deployment: Deployment, aws: AwsClients, bucket: str) -> Iterator[Finding]:
    """May the changing worker add to it?"""
    role = deployment.role_arn("RemediateFunctionName")
    partition = role.partition(":")[2].partition(":")[0]
    try:
        [(_, decision)] = decisions(aws, role, ["s3:PutObject"], f"arn:{partition}:s3:::{bucket}/{COPY_PREFIX}0")
    except (BotoCoreError, ClientError) as exc:
        yield unread(_name(bucket), f"iam:SimulatePrincipalPolicy of {role}", exc)
        return
    if decision == "allowed":
        yield Finding("ok", _name(bucket), f"the changing worker may add objects under {COPY_PREFIX}")
    else:
        told = f"the changing worker may not add objects under {COPY_PREFIX}"
        yield Finding("fault", _name(bucket), told, "deploy the stack with AuditBucketName, or look for a boundary or organisation policy")


def _lock(aws: AwsClients, bucket: str) -> Iterator[Finding]:
    """Is what was added locked?"""
    mend = "make a bucket with object lock and a default retention (docs/install.md): only then can nobody rewrite a copy"
    try:
        lock = aws.client("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    except (BotoCoreError, ClientError) as exc:
        if code_of(exc) == NO_LOCK:
            yield Finding("note", _name(bucket), "has no object lock", mend)
        else:
            yield unread(_name(bucket), "s3:GetBucketObjectLockConfiguration", exc)
        return
    kept = lock.get("Rule", {}).get("DefaultRetention") or {}
    if kept:
        term = f"{kept['Years']} years" if kept.get("Years") else f"{kept.get('Days')} days"
        yield Finding("ok", _name(bucket), f"locks each object for {term} ({kept.get('Mode')})")
    else:
        yield Finding("note", _name(bucket), "has object lock, but no default retention: nothing is locked", mend)


def _name(bucket: str) -> str:
    return f"audit bucket {bucket}"
