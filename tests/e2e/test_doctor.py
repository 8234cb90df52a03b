"""`medic doctor` before the real template, deployed: it finds nothing but what this machine explains, and what is broken by its name."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from click.testing import CliRunner

from bot.aws.audit import HEAD, AuditCopy, DynamoAuditLog
from bot.aws.table import Table
from bot.cli.doctor import doctor
from bot.cli.manifest import manifest
from bot.demo.deploy import STACK_NAME
from bot.doctor import access, changing, chat, endpoint, stack, trail, wiring
from bot.doctor.examine import examine
from bot.doctor.finding import Check, Deployment, Finding
from bot.ports import AwsClients
from tests.e2e.breakage import (
    a_record,
    dead_letter,
    edited_trail,
    from_slack,
    misspelt_rules,
    no_concurrency,
    no_reader_of_the_work_queue,
    no_secret,
    no_sweep,
    other_secret,
    policy,
    refused_read,
    refused_write,
    restart,
    until,
    variables,
    widened_role,
)
from tests.e2e.conftest import DeployedBot

EXPLAINED: Final = {
    ("unknown", "Slack's scopes"): "the server that stands in for Slack sends no x-oauth-scopes",
    ("note", "alarms about the bot itself"): "this deployment has no OperatorTopicArn",
    ("note", "alarms"): "alarms that other tests made do not tell that they recovered, or lead nowhere",
    ("note", "audit trail"): "this deployment has no AuditBucketName",
}
"""All that a whole deployment is told here beside "ok"; none of it is a fault."""

UNSIMULATED: Final = {"reads of the investigating worker", "reads of the changing worker", "writes of the changing worker"}
"""The local AWS looks a role up by all that follows `role/` in its ARN, the path too, and so finds no policy of the bot's roles.
Source: ministack/services/iam.py, _simulate_principal_policy. `ByName` asks as it understands."""

PATIENT: Final = "doctors-patient"


class ByName:
    """The account's clients; a simulation names the role without its path."""

    def __init__(self, aws: AwsClients) -> None:
        self._aws = aws

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client; IAM's with the one call that differs."""
        return self if service == "iam" else self._aws.client(service, region)

    def simulate_principal_policy(self, **asked: Any) -> Any:
        """Ask for the role by its name."""
        prefix, _, name = asked["PolicySourceArn"].partition(":role/")
        return self._aws.client("iam").simulate_principal_policy(**{**asked, "PolicySourceArn": f"{prefix}:role/{name.rpartition('/')[2]}"})


@pytest.fixture(scope="module")
def patient(deployed: DeployedBot) -> Iterator[str]:
    """Return a function of the account with a role and an alarm that leads to the bot."""
    iam, functions, cloudwatch = (deployed.aws.client(service) for service in ("iam", "lambda", "cloudwatch"))
    role = f"f-{PATIENT}-role"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    functions.create_function(
        FunctionName=PATIENT, Runtime="python3.13", Role=made["Role"]["Arn"], Handler="app.handler", Code={"ZipFile": package.getvalue()}
    )
    topic = [deployed.stack.topic_arn]
    cloudwatch.put_metric_alarm(
        AlarmName=PATIENT,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": PATIENT}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        ActionsEnabled=False,
        AlarmActions=topic,
        OKActions=topic,
    )
    yield PATIENT
    cloudwatch.delete_alarms(AlarmNames=[PATIENT])
    functions.delete_function(FunctionName=PATIENT)
    iam.delete_role(RoleName=role)


@pytest.fixture
def deployment(deployed: DeployedBot, patient: str) -> Deployment:
    """Return the deployment as it is now."""
    return stack.read_deployment(STACK_NAME, deployed.aws)


def faults(check: Check, deployment: Deployment, aws: AwsClients) -> list[Finding]:
    """Return the faults that a check finds now."""
    return [finding for finding in check(deployment, aws) if finding.level == "fault"]


def test_all_that_a_deployment_needs_is_read_from_the_stack(deployment: Deployment, deployed: DeployedBot) -> None:
    """Its outputs, its parameters and its three functions."""
    assert deployment.outputs["TableName"] == deployed.stack.table_name
    assert deployment.parameters["ChangeableFunctions"] == "*"
    assert all(config["Role"] for config in deployment.functions.values())


def test_a_whole_deployment_has_no_fault(deployment: Deployment, deployed: DeployedBot) -> None:
    """Every check runs to its end, and what is not "ok" has its reason in this file."""
    deployed.settle()
    findings = list(examine(deployment, ByName(deployed.aws)))

    strange = [finding for finding in findings if finding.level != "ok" and (finding.level, finding.part) not in EXPLAINED]
    assert strange == []
    assert {finding.part for finding in findings} > {"work queue", "the public endpoint", "approval rules", *UNSIMULATED}


def test_the_manifest_has_the_address_of_the_stack(deployed: DeployedBot) -> None:
    """Slack gets it without anybody copying it."""
    done = CliRunner().invoke(manifest, ["--stack", STACK_NAME], standalone_mode=False)

    assert json.loads(done.stdout)["features"]["slash_commands"][0]["url"] == deployed.stack.function_url


def test_the_command_prints_what_it_found(deployed: DeployedBot, patient: str) -> None:
    """One JSON object a finding; it exits with 1 when there are faults, here those of a simulation that finds no policy."""
    done = CliRunner().invoke(doctor, ["--json"], standalone_mode=False)

    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["part"] for line in printed if line["level"] == "fault"} == UNSIMULATED
    assert done.return_value == 1


@pytest.mark.parametrize(
    ("breaking", "check", "said"),
    [
        (no_reader_of_the_work_queue, stack.check_queues, "nobody reads it"),
        (dead_letter, stack.check_queues, "1 messages that the bot gave up on"),
        (no_concurrency, stack.check_functions, "is switched off"),
        (no_sweep, stack.check_sweep, "no enabled rule"),
        (no_secret, endpoint.check_endpoint, "there is no such parameter"),
        (other_secret, endpoint.check_endpoint, "answers 401 to a request signed"),
        (misspelt_rules, changing.check_rules, "may_aproove"),
        (refused_read, access.check_reading, "lambda:GetPolicy"),
        (refused_write, access.check_changing, "lambda:UpdateAlias"),
        (widened_role, access.check_forbidden, "lambda:AddPermission"),
        (edited_trail, trail.check_trail, "was edited"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_fault_is_named_until_it_is_mended(
    deployed: DeployedBot, deployment: Deployment, breaking: Callable[[DeployedBot], Any], check: Check, said: str
) -> None:
    """Broken in the deployed stack, one way at a time."""
    deployed.settle()
    aws = ByName(deployed.aws)
    with breaking(deployed):
        found = until(lambda: faults(check, deployment, aws))
        assert any(said in fault.said for fault in found), found
        assert all(fault.mend for fault in found)
    until(lambda: not faults(check, deployment, aws))


def test_a_parameter_that_a_function_cannot_start_with_is_named(deployed: DeployedBot, deployment: Deployment) -> None:
    """The template's pattern lets seconds pass that do not rise."""
    with variables(deployed, deployed.stack.remediate_function, VERIFY_AFTER_SECONDS="300,60"):
        now = stack.read_deployment(STACK_NAME, deployed.aws)
        assert ["VERIFY_AFTER_SECONDS" in fault.said for fault in faults(stack.check_settings, now, deployed.aws)] == [True]
    assert not faults(stack.check_settings, stack.read_deployment(STACK_NAME, deployed.aws), deployed.aws)


def test_routes_are_read_and_their_channels_tried(deployed: DeployedBot, patient: str) -> None:
    """A route into a channel that is not there would lose nobody's alarm, but go elsewhere than was meant."""
    ssm, name = deployed.aws.client("ssm"), "/lambda-medic/doctors-routes"
    with variables(deployed, deployed.stack.investigate_function, ROUTES_PARAMETER=name), ExitStack() as after:
        now = stack.read_deployment(STACK_NAME, deployed.aws)
        assert ["no such parameter" in fault.said for fault in faults(wiring.check_routes, now, deployed.aws)] == [True]
        after.callback(ssm.delete_parameter, Name=name)
        for text, told in (("- chanel: C1\n", f"{name}:1"), ("- {channel: C0NOWHERE}\n", "")):
            ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)
            assert [told in fault.said for fault in faults(wiring.check_routes, now, deployed.aws)] == [True] * bool(told)
        assert [fault.part for fault in faults(chat.check_slack, now, deployed.aws)] == ["channel C0NOWHERE"]


def test_the_audit_bucket_is_followed_from_nothing_to_a_locked_copy(deployed: DeployedBot, deployment: Deployment) -> None:
    """Each step that docs/install.md asks for, and what the doctor says before it."""
    s3, bucket, aws = deployed.aws.client("s3"), "doctors-audit", ByName(deployed.aws)
    with variables(deployed, deployed.stack.remediate_function, AUDIT_BUCKET=bucket):
        now = stack.read_deployment(STACK_NAME, deployed.aws)

        def told() -> str:
            return "\n".join(f"{finding.level} {finding.said}" for finding in trail.check_trail(now, aws))

        assert "fault there is no such bucket" in told()

        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        log = DynamoAuditLog(Table(deployed.aws, deployed.stack.table_name), AuditCopy(deployed.aws, bucket))
        assert "no default retention" in told()
        assert "fault the changing worker may not add objects" in told()

        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
        assert "ok locks each object for 1 days (GOVERNANCE)" in told()

        with policy(deployed, deployed.stack.remediate_function, "Allow", "s3:PutObject"):
            assert "ok the changing worker may add objects" in told()
        log.append(a_record("copied"))
        while "whole" not in told():
            log.copy_rest()
        assert f"{log.number_in(HEAD)} copies: whole" in told()


def test_a_bucket_without_a_lock_is_noted(deployed: DeployedBot, patient: str) -> None:
    """A copy that can be rewritten proves less."""
    bucket = "doctors-plain-bucket"
    deployed.aws.client("s3").create_bucket(Bucket=bucket)
    with variables(deployed, deployed.stack.remediate_function, AUDIT_BUCKET=bucket):
        findings = list(trail.check_trail(stack.read_deployment(STACK_NAME, deployed.aws), ByName(deployed.aws)))
    assert ("note", "has no object lock") in [(finding.level, finding.said) for finding in findings]


def test_the_secrets_may_come_after_the_stack(deployed: DeployedBot, patient: str) -> None:
    """So docs/install.md asks for one deployment and one manifest: the URL is known before the app, and its secret after it."""
    deployed.settle()
    with no_secret(deployed):
        restart(deployed, deployed.stack.ack_function)
        until(lambda: from_slack(deployed) == 503)
    assert from_slack(deployed) == 200
