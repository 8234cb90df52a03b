"""Who owns a function, and the same change in each tool's own words."""

from __future__ import annotations

import pytest
import yaml

from bot.models.diagnosis import Action
from bot.models.plan import Owner
from bot.remediations.ownership import owner_by_tags
from tests.remediations.account import REGION, Account, failure, success
from tests.remediations.changes import ACTIONS, plan_of

STACK = {"aws:cloudformation:stack-name": "shop"}
ARN = f"arn:aws:lambda:{REGION}:123456789012:function:orders"

TAGS: dict[Owner, dict[str, str]] = {
    "cloudformation": {**STACK, "aws:cloudformation:logical-id": "Orders"},
    "sam": {**STACK, "aws:cloudformation:logical-id": "Orders", "lambda:createdBy": "SAM"},
    "cdk": {**STACK, "aws:cloudformation:logical-id": "OrdersHandler1A2B3C4D"},
    "serverless": {**STACK, "aws:cloudformation:logical-id": "OrdersLambdaFunction", "STAGE": "prod"},
    "terraform": {"ManagedBy": "Terraform"},
    "pulumi": {"pulumi:project": "pulumi-shop"},
}


class TestTags:
    @pytest.mark.parametrize("owner", TAGS)
    def test_name_the_tool(self, owner: Owner) -> None:
        """CloudFormation sets its tags itself; Terraform and Pulumi are known by those that people set."""
        found, evidence = owner_by_tags(TAGS[owner])

        assert found == owner
        assert evidence

    @pytest.mark.parametrize("tags", [{}, {"team": "shop"}, {"Name": "terraform-runner"}, {"created-by": "ann"}])
    def test_of_people_name_none(self, tags: dict[str, str]) -> None:
        """A name that holds a tool's is not its mark."""
        assert owner_by_tags(tags) == (None, [])


class TestTrail:
    @pytest.mark.parametrize(
        ("agent", "owner"),
        [
            ("APN/1.0 HashiCorp/1.0 Terraform/1.9.0 (+https://www.terraform.io) terraform-provider-aws/5.60.0", "terraform"),
            ("Pulumi/3.0 (https://www.pulumi.com; 3.120.0)", "pulumi"),
            ("cloudformation.amazonaws.com", "cloudformation"),
            ("Boto3/1.40 md/Botocore", "nobody"),
        ],
    )
    def test_tells_by_the_user_agent(self, account: Account, agent: str, owner: Owner) -> None:
        """Terraform leaves no tag of its own."""
        account.agents = [agent]

        assert plan_of("raise-timeout", account).ownership.owner == owner


class TestStack:
    """CloudFormation's own list, where the function's tags could not be read."""

    def denied(self, account: Account, resources: list[dict[str, str]] | None) -> Account:
        """Let ListTags be refused; without resources CloudFormation knows no such stack."""
        account.faults["lambda:ListTags"] = lambda: failure(403, "AccessDeniedException")
        answer = failure(400, "ValidationError") if resources is None else success(StackResources=resources)
        account.faults["cloudformation:DescribeStackResources"] = lambda: answer
        return account

    def test_names_the_owner_and_the_resource(self, account: Account) -> None:
        """So that a change is not called safe from deployments because a permission is missing."""
        one = {"PhysicalResourceId": "orders", "ResourceType": "AWS::Lambda::Function", "StackName": "shop", "LogicalResourceId": "Orders"}
        other = {**one, "PhysicalResourceId": "orders-role", "ResourceType": "AWS::IAM::Role", "LogicalResourceId": "OrdersRole"}

        ownership = plan_of("raise-timeout", self.denied(account, [other, one])).ownership

        assert ownership.owner == "cloudformation"
        assert ownership.evidence == ["stack shop holds it as Orders"]
        assert "Orders" in (ownership.patch or "")

    def test_that_holds_no_such_function_leaves_the_owner_unknown(self, account: Account) -> None:
        """The tags might still have said that it is somebody's."""
        plan = plan_of("raise-timeout", self.denied(account, None))

        assert plan.ownership.owner == "unknown"
        assert any("ListTags" in said for said in plan.unread)
        assert not any("DescribeStackResources" in said for said in plan.unread)

    def test_is_not_asked_while_the_tags_are_read(self, account: Account) -> None:
        """One question less."""
        plan_of("raise-timeout", account)

        assert "cloudformation:DescribeStackResources" not in account.operations


class TestPatch:
    def test_of_sam_names_the_logical_id(self, account: Account) -> None:
        """The text can be put into the template as it stands."""
        account.client("lambda").tag_resource(Resource=ARN, Tags=TAGS["sam"])

        ownership = plan_of("raise-timeout", account).ownership

        assert ownership.warning is not None
        assert "be lost at the next deployment" in ownership.warning
        expected = {"Resources": {"Orders": {"Type": "AWS::Serverless::Function", "Properties": {"Timeout": 30}}}}
        assert yaml.safe_load(ownership.patch or "") == expected

    def test_of_terraform_is_the_attribute(self, account: Account) -> None:
        """As the provider names it."""
        account.client("lambda").tag_resource(Resource=ARN, Tags=TAGS["terraform"])

        patch = plan_of("raise-ephemeral-storage", account).ownership.patch

        assert patch == 'resource "aws_lambda_function" "<name of orders>" {\n  # …\n  ephemeral_storage {\n    size = 1024\n  }\n}'

    def test_of_cdk_and_pulumi_is_code(self, account: Account) -> None:
        """CDK has a duration, Pulumi the provider's names in camel case."""
        account.client("lambda").tag_resource(Resource=ARN, Tags=TAGS["cdk"])
        assert "timeout: cdk.Duration.seconds(30)," in (plan_of("raise-timeout", account).ownership.patch or "")
        account.client("lambda").untag_resource(Resource=ARN, TagKeys=list(TAGS["cdk"]))

        account.agents = ["pulumi"]
        assert plan_of("raise-memory", account).ownership.patch == 'new aws.lambda.Function("<name of orders>", {\n  memorySize: 512\n});'

    @pytest.mark.parametrize("owner", TAGS)
    @pytest.mark.parametrize("action", [a for a in ACTIONS if a != "request-quota-increase"])
    def test_exists_for_every_action_and_tool(self, account: Account, action: Action, owner: Owner) -> None:
        """A live change that only the account knows is lost; a quota belongs to no template."""
        account.client("lambda").tag_resource(Resource=ARN, Tags=TAGS[owner])

        patch = plan_of(action, account).ownership.patch

        assert patch
        assert "Block" not in patch
        if owner in ("cloudformation", "sam", "serverless"):
            assert yaml.safe_load(patch)
