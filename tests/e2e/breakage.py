"""Ways to break the deployed stack, each mended at its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from bot.aws.audit import DynamoAuditLog
from bot.aws.table import Table
from bot.demo.deployed import SECRET_PARAMETER, SIGNING_SECRET
from bot.demo.local_aws import ACCOUNT_ID, REGION
from bot.doctor import endpoint
from bot.models.audit import AuditRecord
from tests.e2e.conftest import DeployedBot

WITHIN_S: Final = 20.0


@contextmanager
def no_reader_of_the_work_queue(deployed: DeployedBot) -> Iterator[None]:
    """Disable the event source mapping."""
    functions = deployed.aws.client("lambda")
    [mapping] = functions.list_event_source_mappings(FunctionName=deployed.stack.investigate_function)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@contextmanager
def dead_letter(deployed: DeployedBot) -> Iterator[None]:
    """Leave a click that the bot gave up on."""
    sqs, url = deployed.aws.client("sqs"), deployed.stack.change_dead_letter_queue_url
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    yield
    sqs.purge_queue(QueueUrl=url)


@contextmanager
def no_secret(deployed: DeployedBot) -> Iterator[None]:
    """Delete the signing secret."""
    ssm = deployed.aws.client("ssm")
    ssm.delete_parameter(Name=SECRET_PARAMETER)
    yield
    ssm.put_parameter(Name=SECRET_PARAMETER, Value=SIGNING_SECRET, Type="SecureString")


@contextmanager
def other_secret(deployed: DeployedBot) -> Iterator[None]:
    """Put another app's signing secret into the parameter."""
    ssm = deployed.aws.client("ssm")
    restart(deployed, deployed.stack.ack_function)
    until(lambda: from_slack(deployed) == 200)
    ssm.put_parameter(Name=SECRET_PARAMETER, Value="of-another-app", Type="SecureString", Overwrite=True)
    yield
    ssm.put_parameter(Name=SECRET_PARAMETER, Value=SIGNING_SECRET, Type="SecureString", Overwrite=True)


@contextmanager
def no_concurrency(deployed: DeployedBot) -> Iterator[None]:
    """Switch the changing worker off."""
    functions, name = deployed.aws.client("lambda"), deployed.stack.remediate_function
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    yield
    functions.delete_function_concurrency(FunctionName=name)


@contextmanager
def no_sweep(deployed: DeployedBot) -> Iterator[None]:
    """Disable the schedule."""
    events = deployed.aws.client("events")
    [name] = events.list_rule_names_by_target(TargetArn=arn_of(deployed.stack.change_queue_url))["RuleNames"]
    events.disable_rule(Name=name)
    yield
    events.enable_rule(Name=name)


@contextmanager
def misspelt_rules(deployed: DeployedBot) -> Iterator[None]:
    """Break the approval rules."""
    ssm = deployed.aws.client("ssm")
    good = ssm.get_parameter(Name=deployed.rules_parameter)["Parameter"]["Value"]
    ssm.put_parameter(Name=deployed.rules_parameter, Value="rules:\n  - may_aproove: [U1]\n", Type="String", Overwrite=True)
    yield
    ssm.put_parameter(Name=deployed.rules_parameter, Value=good, Type="String", Overwrite=True)


@contextmanager
def policy(deployed: DeployedBot, function: str, effect: str, action: str) -> Iterator[None]:
    """Attach a policy to a function's role."""
    iam = deployed.aws.client("iam")
    role = deployed.aws.client("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="somebody-elses", PolicyDocument=json.dumps(document))
    yield
    iam.delete_role_policy(RoleName=role, PolicyName="somebody-elses")


@contextmanager
def refused_read(deployed: DeployedBot) -> Iterator[None]:
    """Deny one read to the investigating worker."""
    with policy(deployed, deployed.stack.investigate_function, "Deny", "lambda:GetPolicy"):
        yield


@contextmanager
def refused_write(deployed: DeployedBot) -> Iterator[None]:
    """Deny one write to the changing worker."""
    with policy(deployed, deployed.stack.remediate_function, "Deny", "lambda:UpdateAlias"):
        yield


@contextmanager
def widened_role(deployed: DeployedBot) -> Iterator[None]:
    """Let the worker that only reads write."""
    with policy(deployed, deployed.stack.investigate_function, "Allow", "lambda:AddPermission"):
        yield


@contextmanager
def edited_trail(deployed: DeployedBot) -> Iterator[None]:
    """Change what an entry of the audit trail says."""
    table = Table(deployed.aws, deployed.stack.table_name)
    number = DynamoAuditLog(table).append(a_record("edited")).number
    [before] = [table.get(f"audit#{number}")]
    assert before
    table.put(f"audit#{number}", {**before, "entry": before["entry"].replace("U0DOCTOR", "U0NOBODY")})
    yield
    table.put(f"audit#{number}", before)


def from_slack(deployed: DeployedBot) -> int:
    """Return the status with which the endpoint answers what Slack sends to verify an address."""
    body = json.dumps({"type": "url_verification", "challenge": "c"})
    status, _ = endpoint.post(deployed.stack.function_url, body, endpoint.signed(body, SIGNING_SECRET))
    return status


@contextmanager
def variables(deployed: DeployedBot, function: str, **changed: str) -> Iterator[None]:
    """Change a function's environment for a while."""
    deployed.settle()
    functions = deployed.aws.client("lambda")
    before = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": {**before, **changed}})
    yield
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": before})


def restart(deployed: DeployedBot, function: str) -> None:
    """Make the next request start the function anew, as a deployment does."""
    with variables(deployed, function, RESTARTED="yes"):
        pass


def until(happened: Callable[[], Any]) -> Any:
    """Return the first answer that holds."""
    deadline = time.monotonic() + WITHIN_S
    while not (found := happened()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found
    return found


def arn_of(queue_url: str) -> str:
    """Return a queue's ARN."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{queue_url.rpartition('/')[2]}"


def a_record(name: str) -> AuditRecord:
    """Return something to write into the audit trail."""
    return AuditRecord(id=f"doctor|{name}", event="refused", at=1_700_000_000.0, by="U0DOCTOR", function_name="doctors-patient")
