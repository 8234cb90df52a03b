"""The bot as it is deployed: put there, and asked what it has made of an incident."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bot.aws.clients import Boto3Clients
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.demo import deploy
from bot.errors import DemoError
from bot.models.diagnosis import Answer
from bot.models.incident_file import IncidentFile

SIGNING_SECRET: Final = "demo-signing-secret"  # noqa: S105
TOKEN_PARAMETER: Final = "/lambda-medic/slack-bot-token"  # noqa: S105 - a name
SECRET_PARAMETER: Final = "/lambda-medic/slack-signing-secret"  # noqa: S105 - a name

MISNAMED_ACTIONS: Final = ("lambda:PutFunctionConcurrency", "lambda:GetFunction")
"""What MiniStack demands for two reads: it takes GetFunctionConcurrency for the first and ListProvisionedConcurrencyConfigs for the second.
Source: ministack/core/iam_actions.py, _lambda_action. On AWS the role does not have them (template.yaml).
"""

THREAD_WITHIN_S: Final = 90.0


@dataclass(frozen=True)
class Posted:
    """What the deployed bot made of an incident."""

    incident_id: str
    channel: str
    thread_ts: str
    answer: Answer
    evidence: IncidentFile

    @property
    def cause(self) -> str | None:
        """Return the first diagnosis' cause."""
        return self.answer.diagnoses[0].cause if self.answer.diagnoses else None


class SystemTime:
    """The machine's clock; fills the port Clock."""

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)


RULES_PARAMETER: Final = "/lambda-medic/approval-rules"

RULES: Final = """\
version: 1
rules:
  # On-call asks, the approver approves, the stranger may look.
  - may_ask: [U0ONCALL, U0APPROVER]
    may_approve: [U0APPROVER]
"""

PARAMETERS: Final = {
    "ApprovalRulesParameter": RULES_PARAMETER,
    "ChangeableFunctions": "*",
    "VerifyAfterSeconds": "7,14,25",
}
"""Of the template. The demo's bot looks after seconds whether a change helped; nobody waits a minute for that."""


def deploy_bot(
    built: Path, aws: Boto3Clients, *, slack_api_url: str, channel: str, token: str, parameters: Mapping[str, str] = PARAMETERS
) -> deploy.Stack:
    """Put the two secrets and the approval rules where the template expects them and deploy."""
    ssm = aws.client("ssm")
    ssm.put_parameter(Name=RULES_PARAMETER, Value=RULES, Type="String", Overwrite=True)
    for name, value in ((TOKEN_PARAMETER, token), (SECRET_PARAMETER, SIGNING_SECRET)):
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    stack = deploy.deploy(built, {"DefaultChannel": channel, "SlackApiUrl": slack_api_url, **parameters}, aws.client("cloudformation"))
    for function in filter(None, (stack.investigate_function, stack.remediate_function)):
        role = aws.client("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
        statement = {"Effect": "Allow", "Action": list(MISNAMED_ACTIONS), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        aws.client("iam").put_role_policy(RoleName=role, PolicyName="misnamed-by-the-local-aws", PolicyDocument=document)
    return stack


def wait_for_answer(aws: Boto3Clients, stack: deploy.Stack, known: set[str], within_s: float = THREAD_WITHIN_S) -> Posted:
    """Wait until a new incident is answered and nothing is left to do for it.

    Raises:
        DemoError: That took too long, or the bot broke off; its own log is in the message.
    """
    store = DynamoIncidentStore(Table(aws, stack.table_name), SystemTime())
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        for incident_id in set(incident_ids(aws, stack.table_name)) - known:
            incident = store.incident(incident_id)
            if incident is None or incident.phase != "answered" or not is_finished(aws, stack.table_name, incident.answered_by):
                continue
            stored = store.load(incident_id, incident.answered_by)
            if stored is not None:
                return Posted(incident_id, incident.channel, incident.thread_ts, stored.answer, stored.evidence)
        time.sleep(0.2)
    raise DemoError(f"no thread was finished within {within_s:.0f} s; what the bot logged:\n{bot_log(aws, stack)}")


def incident_ids(aws: Boto3Clients, table: str) -> list[str]:
    """Return the ids of the incidents in the state table."""
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk", ConsistentRead=True)
    keys = [item["pk"]["S"] for page in pages for item in page["Items"]]
    return [key.removeprefix("incident#") for key in keys if key.startswith("incident#")]


def is_finished(aws: Boto3Clients, table: str, event: str) -> bool:
    """Tell whether nothing is left to do for an event."""
    item: dict[str, Any] = aws.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": f"event#{event}"}}, ConsistentRead=True)
    return bool(item.get("Item", {}).get("finished", {}).get("BOOL"))


def bot_log(aws: Boto3Clients, stack: deploy.Stack, lines: int = 40) -> str:
    """Return the end of what the bot's functions logged."""
    logs, said = aws.client("logs"), []
    for group in (g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]):
        if deploy.STACK_NAME in group or stack.investigate_function in group:
            said += [f"{group}: {event['message'].rstrip()}" for event in logs.filter_log_events(logGroupName=group)["events"]]
    return "\n".join(said[-lines:]) or "(nothing)"
