"""Which IAM action an API operation takes, where the names differ, and what AWS's own pollers need."""

from __future__ import annotations

import re
from typing import Final

ACTIONS_OF_OPERATION: Final = {
    "s3:HeadObject": ("s3:GetObject",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "dynamodb:TransactWriteItems": ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sns:PublishBatch": ("sns:Publish",),
    "ses:SendTemplatedEmail": ("ses:SendTemplatedEmail", "ses:SendEmail"),
}
"""Operations whose permission has another name.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/ (one page a service)."""

POLLER_ACTIONS: Final = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "kinesis": (
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    ),
    "dynamodb": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
}
"""What the execution role needs so that Lambda can poll. Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
and the managed policies AWSLambdaSQSQueueExecutionRole, AWSLambdaKinesisExecutionRole, AWSLambdaDynamoDBExecutionRole."""

LOG_ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html."""

HINTS: Final = {
    "s3:GetObject": "to a role without s3:ListBucket, S3 answers 403 for a missing key too: check that the object exists",
    "kms:Decrypt": "the key's own policy must leave the decision to IAM, which the default one does",
}
"""What else stands behind a refusal of an action. Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html,
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html."""

WITHOUT_RESOURCE: Final = frozenset(
    {
        "s3:ListAllMyBuckets",
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DeleteNetworkInterface",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "cloudwatch:PutMetricData",
        "dynamodb:ListStreams",
    }
)
"""Actions that AWS grants on `*` only, or for which Lambda's VPC access needs it. Source: the service authorization reference."""

DANGEROUS_PREFIXES: Final = (
    "iam:", "organizations:", "sts:assumerole", "sts:getfederationtoken", "kms:putkeypolicy", "kms:creategrant", "lambda:addpermission",
    "lambda:addlayerversionpermission", "lambda:createfunction", "lambda:updatefunctioncode", "lambda:updatefunctionconfiguration",
    "lambda:createeventsourcemapping", "s3:putbucketpolicy", "s3:putbucketacl", "s3:deletebucketpolicy", "sqs:addpermission",
    "sqs:setqueueattributes", "sns:addpermission", "sns:settopicattributes", "secretsmanager:putresourcepolicy",
    "cloudformation:createstack", "cloudformation:updatestack", "cloudformation:createchangeset", "codebuild:", "ec2:runinstances",
    "ssm:sendcommand", "ssm:startsession", "glue:createdevendpoint", "glue:updatedevendpoint",
)  # fmt: skip
"""Actions with which a role could widen its own rights or lend them out, in lower case: IAM does not mind an action's case.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html"""

_NEVER: Final = ("iam:", "organizations:")
_ALL_THE_SAME: Final = re.compile(r"(iam|organizations):(get|list|describe|simulate|generate)[a-z]*|iam:passrole")


RESOURCE_PATTERN: Final = {
    "s3": "arn:{partition}:s3:::<bucket>/<key>",
    "dynamodb": "arn:{partition}:dynamodb:{region}:{account}:table/<table>",
    "sqs": "arn:{partition}:sqs:{region}:{account}:<queue>",
    "sns": "arn:{partition}:sns:{region}:{account}:<topic>",
    "kms": "arn:{partition}:kms:{region}:{account}:key/<key-id>",
    "secretsmanager": "arn:{partition}:secretsmanager:{region}:{account}:secret:<name>",
    "ssm": "arn:{partition}:ssm:{region}:{account}:parameter/<name>",
    "lambda": "arn:{partition}:lambda:{region}:{account}:function:<function>",
    "logs": "arn:{partition}:logs:{region}:{account}:log-group:<group>:*",
    "kinesis": "arn:{partition}:kinesis:{region}:{account}:stream/<stream>",
    "states": "arn:{partition}:states:{region}:{account}:stateMachine:<name>",
    "events": "arn:{partition}:events:{region}:{account}:event-bus/<name>",
}
"""The shape of a resource where the refusal names none. Source: the service authorization reference."""


def is_dangerous(action: str) -> bool:
    """Tell whether a role could widen rights with an action, so that a second person must look."""
    return action.lower().startswith(DANGEROUS_PREFIXES)


def gives_rights(action: str) -> bool:
    """Tell whether an action gives rights by itself: with it a role is an administrator's, and no approval here may make it one."""
    return action.lower().startswith(_NEVER) and not _ALL_THE_SAME.fullmatch(action.lower())
