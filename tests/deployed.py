"""The template's roles as a local AWS deploys them, and what each may do there, judged by a policy evaluator."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from botocore.session import get_session
from ministack.core.iam_evaluator import EvalContext, ParsedStatement, evaluate, parse_policy_document
from samtranslator.yaml_helper import yaml_parse

from bot.aws.clients import Boto3Clients
from bot.demo.local_aws import ACCOUNT_ID, REGION
from tests.declared import READS, WRITES, evidence_actions

STACK: Final = "medic"

TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"

ROLES: Final = ("AckRole", "InvestigateRole", "RemediateRole")

SERVICES: Final = {
    "lambda": "lambda", "iam": "iam", "s3": "s3", "dynamodb": "dynamodb", "sqs": "sqs", "sns": "sns", "ssm": "ssm",
    "sts": "sts", "kms": "kms",
    "secretsmanager": "secretsmanager", "service-quotas": "servicequotas", "cloudformation": "cloudformation", "events": "events",
    "logs": "logs", "cloudwatch": "cloudwatch", "cloudtrail": "cloudtrail", "elbv2": "elasticloadbalancing",
}  # fmt: skip
"""Services whose every operation is asked for, by botocore's name and by IAM's prefix."""

DANGEROUS: Final = frozenset(
    {
        *(f"apigateway:{verb}" for verb in ("GET", "PATCH", "POST", "PUT", "DELETE", "UpdateRestApiPolicy", "SetWebACL")),
        *(
            "s3:GetObject",
            "s3:PutObjectRetention",
            "s3:BypassGovernanceRetention",
            "s3:PutBucketPolicy",
            "iam:PassRole",
            "lambda:InvokeFunction",
        ),
        *(
            "lambda:InvokeFunctionUrl",
            "dynamodb:PartiQLInsert",
            "dynamodb:PartiQLUpdate",
            "dynamodb:PartiQLDelete",
            "organizations:LeaveOrganization",
            "ec2:RunInstances",
            "ec2:TerminateInstances",
        ),
    }
)
"""Actions that are no operation of an API, or of no service above."""


@cache
def all_actions() -> frozenset[str]:
    """Return every action that somebody declares, and every operation of the services that matter."""
    session = get_session()
    operations = {f"{prefix}:{name}" for service, prefix in SERVICES.items() for name in session.get_service_model(service).operation_names}
    return frozenset(operations | DANGEROUS | READS | WRITES | evidence_actions())


@dataclass(frozen=True)
class Deployed:
    """The roles of one deployment, with the names of what belongs to it."""

    arns: dict[str, str]
    policies: dict[str, list[list[ParsedStatement]]] = field(compare=False)

    def may(self, role: str, action: str, resource: str, **keys: Any) -> bool:
        """Tell whether a role may do something to a resource; `keys` are condition keys, `__` for the colon."""
        context = EvalContext(
            principal_arn=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role}/x",
            principal_type="AssumedRole",
            principal_account=ACCOUNT_ID,
            action=action,
            resource_arn=resource,
            region=REGION,
            source_ip="127.0.0.1",
            secure_transport=True,
            service_context={name.replace("__", ":").lower(): value for name, value in keys.items()},
        )
        return bool(evaluate(context, self.policies[role]).decision == "Allow")

    def allowed(self, role: str, resource: str, **keys: Any) -> frozenset[str]:
        """Return all that a role may do to a resource."""
        return frozenset(action for action in all_actions() if self.may(role, action, resource, **keys))


def deployed(aws: Boto3Clients, parameters: dict[str, str]) -> Deployed:
    """Deploy the roles, and what they name, with parameters; read them back and take all of it down again."""
    cloudformation, iam = aws.client("cloudformation"), aws.client("iam")
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in {"DefaultChannel": "C1", **parameters}.items()]
    cloudformation.create_stack(StackName=STACK, TemplateBody=_without_code(), Parameters=given, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    policies, arns = {}, {}
    for role in ROLES:
        arns[role] = iam.get_role(RoleName=names[role])["Role"]["Arn"]
        documents = [
            iam.get_role_policy(RoleName=names[role], PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=names[role])["PolicyNames"]
        ]
        assert iam.list_attached_role_policies(RoleName=names[role])["AttachedPolicies"] == []
        policies[role] = [parse_policy_document(document) for document in documents]
    for queue in ("WorkQueue", "ChangeQueue"):
        arns[queue] = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{names[queue].rpartition('/')[2]}"
    arns["StateTable"] = f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{names['StateTable']}"
    cloudformation.delete_stack(StackName=STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return Deployed(arns, policies)


def _without_code() -> str:
    """Return the template without the functions, which need a build, and without what watches them; roles name none of these."""
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    left_out = {"AWS::Serverless::Function", "AWS::CloudWatch::Alarm"}
    template["Resources"] = {name: part for name, part in template["Resources"].items() if part["Type"] not in left_out}
    for section in ("Transform", "Globals", "Outputs", "Metadata"):
        del template[section]
    return json.dumps(template)
