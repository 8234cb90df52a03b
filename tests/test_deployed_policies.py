"""What the three roles may do once they are deployed: every action of the services that matter, judged by a policy evaluator.

The template's roles are created on a local AWS and their policies read back from its IAM, so parameters and conditions are
resolved as CloudFormation does it. Then each request is evaluated: identity policies, explicit denies, wildcards and condition
keys. What must be allowed is derived here from what the modules declare, never from the template.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from bot.aws.clients import Boto3Clients, Connection
from bot.demo.local_aws import ACCOUNT_ID, REGION, LocalAws, applied
from tests.declared import READS, WRITES, evidence_actions
from tests.deployed import ROLES, STACK, Deployed, deployed

LAMBDA: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}"

CHECKOUT: Final = f"{LAMBDA}:function:checkout-api"
FUNCTIONS_IN: Final = (CHECKOUT, f"{CHECKOUT}:live", f"{CHECKOUT}:7", f"arn:aws:lambda:eu-west-1:{ACCOUNT_ID}:function:checkout-api")
FUNCTIONS_OUT: Final = (
    f"{LAMBDA}:function:orders",
    f"{LAMBDA}:function:my-checkout-api",
    f"arn:aws:lambda:{REGION}:999999999999:function:checkout-api",
    f"{LAMBDA}:layer:checkout-api",
)
OWN_FUNCTIONS: Final = tuple(
    f"{LAMBDA}:function:{STACK}-{name}{more}" for name in ("ack", "investigate", "remediate") for more in ("", ":live")
)

MAPPING: Final = f"{LAMBDA}:event-source-mapping:9f5ed1b2-0b5d-4a8e-8d4e-000000000001"
STAGES: Final = tuple(f"arn:aws:apigateway:{REGION}::/{api}/abc123/stages/prod" for api in ("restapis", "apis"))
API_PARTS: Final = tuple(
    f"arn:aws:apigateway:{REGION}::/{part}" for part in ("account", "restapis/abc123", "restapis/abc123/resources/x", "apis/abc123")
)
QUOTA: Final = f"arn:aws:servicequotas:{REGION}:{ACCOUNT_ID}:lambda/L-B99A9384"
QUOTA_ROLE: Final = f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/servicequotas.amazonaws.com/AWSServiceRoleForServiceQuotas"
OTHER_QUOTA: Final = f"arn:aws:servicequotas:{REGION}:{ACCOUNT_ID}:ec2/L-1216C47A"
ROLES_IN: Final = (f"arn:aws:iam::{ACCOUNT_ID}:role/checkout-role",)
ROLES_OUT: Final = (f"arn:aws:iam::{ACCOUNT_ID}:role/admin", f"arn:aws:iam::{ACCOUNT_ID}:user/checkout-role", QUOTA_ROLE)
OTHERS: Final = (
    "*",
    "arn:aws:s3:::customer/key",
    "arn:aws:s3:::copies",
    f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/customers",
    f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:customers",
    f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter/customer/secret",
    f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:customer",
    f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1",
    f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/lambda/checkout-api:*",
)


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Deployed]]:
    """Return a function that deploys the template's roles, and what they name, with parameters."""
    with LocalAws(tmp_path_factory.mktemp("aws")) as local, applied(local.environment):
        aws = Boto3Clients(Connection(region=REGION))
        known: dict[str, Deployed] = {}

        def make(**parameters: str) -> Deployed:
            key = json.dumps(parameters, sort_keys=True)
            if key not in known:
                known[key] = deployed(aws, parameters)
            return known[key]

        yield make


@pytest.fixture(scope="module")
def narrow(deploy: Callable[..., Deployed]) -> Deployed:
    """Return a deployment that may change what begins with `checkout-`."""
    return deploy(
        ChangeableFunctions="checkout-*",
        ChangeableRoles="checkout-*",
        ApprovalRulesParameter="/medic/rules",
        RoutesParameter="/medic/routes",
        AuditBucketName="copies",
    )


@pytest.fixture(scope="module")
def wide(deploy: Callable[..., Deployed]) -> Deployed:
    """Return a deployment with the widest patterns that the template takes."""
    return deploy(ChangeableFunctions="*", ChangeableRoles="*a*")


@pytest.fixture(scope="module")
def plain(deploy: Callable[..., Deployed]) -> Deployed:
    """Return a deployment with no parameter but the channel."""
    return deploy()


FUNCTION_WRITES: Final = frozenset(action for action in WRITES if action.startswith("lambda:")) - {"lambda:UpdateEventSourceMapping"}
ROLE_WRITES: Final = frozenset({"iam:PutRolePolicy", "iam:DeleteRolePolicy"})


def reads_of(service: str) -> frozenset[str]:
    """Return the declared reads of one service: a denied resource is denied to all others, which have no business with it."""
    return frozenset(action for action in READS if action.startswith(f"{service}:"))


class TestRemediate:
    def test_changes_named_functions_by_declared_actions_and_nothing_else(self, narrow: Deployed) -> None:
        """Out of all actions of all services."""
        assert WRITES >= ROLE_WRITES
        for resource in FUNCTIONS_IN:
            assert narrow.allowed("RemediateRole", resource) == READS | FUNCTION_WRITES, resource
        for resource in FUNCTIONS_OUT:
            assert narrow.allowed("RemediateRole", resource) == READS, resource
        for resource in OWN_FUNCTIONS:
            assert narrow.allowed("RemediateRole", resource) == reads_of("lambda"), resource

    def test_changes_named_roles_by_inline_policies_and_nothing_else(self, narrow: Deployed) -> None:
        """Its own roles neither."""
        for resource in ROLES_IN:
            assert narrow.allowed("RemediateRole", resource) == READS | ROLE_WRITES, resource
        for resource in ROLES_OUT:
            assert narrow.allowed("RemediateRole", resource) == READS, resource
        for role in ROLES:
            assert narrow.allowed("RemediateRole", narrow.arns[role]) == reads_of("iam"), role

    @pytest.mark.parametrize("function", [*FUNCTIONS_IN, *FUNCTIONS_OUT, *OWN_FUNCTIONS])
    def test_changes_mappings_of_named_functions_only(self, narrow: Deployed, function: str) -> None:
        """The mapping's own ARN does not say whose it is; a request that says nothing is refused."""
        expected = {"lambda:UpdateEventSourceMapping"} if function in FUNCTIONS_IN else set()

        assert narrow.allowed("RemediateRole", MAPPING, lambda__FunctionArn=function) == READS | expected
        assert narrow.allowed("RemediateRole", MAPPING) == READS

    def test_changes_stages_and_the_quota_of_lambda(self, narrow: Deployed) -> None:
        """And no other part of an API, no other service's quota, no other service's role."""
        for resource in STAGES:
            assert narrow.allowed("RemediateRole", resource) == READS | {"apigateway:PATCH"}, resource
        for resource in (*API_PARTS, OTHER_QUOTA):
            assert narrow.allowed("RemediateRole", resource) == READS, resource
        assert narrow.allowed("RemediateRole", QUOTA) == READS | {"servicequotas:RequestServiceQuotaIncrease"}
        ours, others = "servicequotas.amazonaws.com", "ecs.amazonaws.com"
        assert narrow.allowed("RemediateRole", QUOTA_ROLE, iam__AWSServiceName=ours) == READS | {"iam:CreateServiceLinkedRole"}
        assert narrow.allowed("RemediateRole", QUOTA_ROLE, iam__AWSServiceName=others) == READS

    def test_every_declared_write_is_allowed_somewhere(self, narrow: Deployed) -> None:
        """A button that can never work would be found here."""
        found = {action for resource in (*FUNCTIONS_IN, *ROLES_IN, *STAGES, QUOTA) for action in narrow.allowed("RemediateRole", resource)}
        found |= narrow.allowed("RemediateRole", MAPPING, lambda__FunctionArn=CHECKOUT)
        found |= narrow.allowed("RemediateRole", QUOTA_ROLE, iam__AWSServiceName="servicequotas.amazonaws.com")

        assert found - READS == WRITES

    @pytest.mark.parametrize("resource", OTHERS)
    def test_only_reads_whatever_else_there_is(self, narrow: Deployed, resource: str) -> None:
        """Somebody's objects, items, messages, secrets, keys and logs: not even those it may read but by the declared reads."""
        assert narrow.allowed("RemediateRole", resource) == READS

    def test_never_changes_the_bot_itself_whatever_is_named(self, wide: Deployed) -> None:
        """Neither by `*` nor by a pattern that fits its roles."""
        for resource in OWN_FUNCTIONS:
            assert wide.allowed("RemediateRole", resource) == reads_of("lambda"), resource
        for role in ROLES:
            assert wide.allowed("RemediateRole", wide.arns[role]) == reads_of("iam"), role
        for function in OWN_FUNCTIONS:
            assert wide.allowed("RemediateRole", MAPPING, lambda__FunctionArn=function) == READS
        assert wide.allowed("RemediateRole", FUNCTIONS_OUT[0]) == READS | FUNCTION_WRITES

    def test_writes_nothing_unless_functions_are_named(self, plain: Deployed) -> None:
        """A plain deployment reads."""
        for resource in (*FUNCTIONS_IN, *FUNCTIONS_OUT, *ROLES_IN, *ROLES_OUT, *STAGES, *API_PARTS, QUOTA, *OTHERS):
            assert plain.allowed("RemediateRole", resource) == READS, resource
        assert plain.allowed("RemediateRole", MAPPING, lambda__FunctionArn=CHECKOUT) == READS
        assert plain.allowed("RemediateRole", QUOTA_ROLE, iam__AWSServiceName="servicequotas.amazonaws.com") == READS

    def test_roles_alone_name_nothing(self, deploy: Callable[..., Deployed]) -> None:
        """Without functions that may be changed their roles may not be either."""
        assert deploy(ChangeableRoles="checkout-*").allowed("RemediateRole", ROLES_IN[0]) == READS


class TestInvestigate:
    def test_reads_what_is_declared_and_writes_nothing_of_the_customers(self, narrow: Deployed) -> None:
        """Whatever the parameters name."""
        for resource in (
            *FUNCTIONS_IN,
            *FUNCTIONS_OUT,
            *OWN_FUNCTIONS,
            *ROLES_IN,
            *ROLES_OUT,
            *STAGES,
            *API_PARTS,
            MAPPING,
            QUOTA,
            *OTHERS,
        ):
            assert narrow.allowed("InvestigateRole", resource) == evidence_actions(), resource
        assert narrow.allowed("InvestigateRole", MAPPING, lambda__FunctionArn=CHECKOUT) == evidence_actions()
        assert not evidence_actions() & WRITES


class TestAck:
    def test_does_nothing_to_anything_of_the_customers(self, narrow: Deployed) -> None:
        """It faces the internet."""
        for resource in (
            *FUNCTIONS_IN,
            *FUNCTIONS_OUT,
            *OWN_FUNCTIONS,
            *ROLES_IN,
            *ROLES_OUT,
            *STAGES,
            *API_PARTS,
            MAPPING,
            QUOTA,
            *OTHERS,
        ):
            assert narrow.allowed("AckRole", resource) == frozenset(), resource


class TestOwnThings:
    def test_table_is_written_by_whom_it_belongs_to(self, narrow: Deployed) -> None:
        """Approvals and the audit trail by the changing worker alone; nobody deletes, scans or moves anything."""
        table, write = narrow.arns["StateTable"], {"dynamodb:PutItem", "dynamodb:UpdateItem"}
        shared, changing = (
            ("event#1", "pace#C1"),
            ("change#1", "changes#inc-1", "open-changes", "lock#1", "audit#1", "audit-head", "audit-fn#x"),
        )
        investigating = ("incident#1", "offer#1", "directory#x", "mute#x", "answer#1#e", "open-incidents", "feedback#1")
        for key in (*shared, *changing, *investigating):
            allowed = {role: narrow.allowed(role, table, dynamodb__LeadingKeys=[key]) for role in ROLES}
            assert allowed["AckRole"] == ({"dynamodb:GetItem"} if key.startswith("directory#") else set()), key
            assert allowed["InvestigateRole"] - evidence_actions() == {"dynamodb:GetItem", *(write if key not in changing else ())}, key
            assert allowed["RemediateRole"] - READS == {"dynamodb:GetItem", *(write if key not in investigating else ())}, key

    def test_request_for_several_items_is_judged_by_each(self, narrow: Deployed) -> None:
        """A transaction cannot smuggle an approval in beside an incident."""
        table = narrow.arns["StateTable"]

        assert not narrow.may("InvestigateRole", "dynamodb:PutItem", table, dynamodb__LeadingKeys=["incident#1", "change#1"])
        assert not narrow.may("RemediateRole", "dynamodb:PutItem", table, dynamodb__LeadingKeys=["incident#1", "change#1"])
        assert not narrow.may("AckRole", "dynamodb:GetItem", table, dynamodb__LeadingKeys=["directory#x", "change#1"])

    def test_queues_pass_work_inwards(self, narrow: Deployed) -> None:
        """Only the endpoint fills both; each worker empties its own, and the changing one sends itself notes."""
        take = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
        beyond = {"AckRole": frozenset(), "InvestigateRole": evidence_actions(), "RemediateRole": READS}
        wanted = {
            ("AckRole", "WorkQueue"): {"sqs:SendMessage"},
            ("AckRole", "ChangeQueue"): {"sqs:SendMessage"},
            ("InvestigateRole", "WorkQueue"): take,
            ("InvestigateRole", "ChangeQueue"): set(),
            ("RemediateRole", "WorkQueue"): set(),
            ("RemediateRole", "ChangeQueue"): take | {"sqs:SendMessage"},
        }
        for (role, queue), expected in wanted.items():
            assert narrow.allowed(role, narrow.arns[queue]) == expected | beyond[role], (role, queue)

    def test_parameters_are_read_by_name(self, narrow: Deployed, plain: Deployed) -> None:
        """The signing secret by the endpoint alone; rules by the workers."""
        found = {
            name: [role for role in ROLES if narrow.may(role, "ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter{name}")]
            for name in (
                "/lambda-medic/slack-signing-secret",
                "/lambda-medic/slack-bot-token",
                "/medic/rules",
                "/medic/routes",
                "/medic/other",
            )
        }

        assert list(found.values()) == [["AckRole"], list(ROLES), ["InvestigateRole", "RemediateRole"], ["InvestigateRole"], []]
        assert not any(plain.may(role, "ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter") for role in ROLES)

    def test_audit_copies_are_added_and_never_read_or_removed(self, narrow: Deployed, plain: Deployed) -> None:
        """Under their prefix, in the bucket that is named."""
        copy = "arn:aws:s3:::copies/audit/0000000001-abc.json"

        assert narrow.allowed("RemediateRole", copy) == READS | {"s3:PutObject"}
        assert narrow.allowed("RemediateRole", "arn:aws:s3:::copies/other") == READS
        assert plain.allowed("RemediateRole", copy) == READS
