"""Joins the ports to their adapters: the only place that makes a client, a store or a messenger for the workers."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.aws.clients import Boto3Clients
from bot.aws.feedback import DynamoFeedback
from bot.aws.secrets import Secret
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.aws.work_queue import WorkQueue
from bot.playbooks.shipped import load_with_shipped
from bot.ports import AwsClients
from bot.settings import InvestigateSettings
from bot.slack.messenger import SlackMessenger
from bot.workflow.desk import Desk


class SystemClock:
    """Fills the port Clock."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)


def investigating_desk(settings: InvestigateSettings) -> Desk:
    """Return the desk of the investigating worker."""
    aws = Boto3Clients()
    token = Secret(aws, settings.bot_token_parameter)
    return Desk(
        store=incident_store(settings.table_name, aws),
        messenger=SlackMessenger(token=token.value, api_url=settings.slack_api_url),
        aws=aws,
        clock=SystemClock(),
        playbooks=load_with_shipped(None),
        channel=settings.default_channel,
        region=settings.region,
        deadline_s=settings.deadline_seconds,
        log_budget_bytes=settings.log_budget_bytes,
        open_s=settings.open_minutes * 60,
    )


def work_queue(settings: InvestigateSettings) -> WorkQueue:
    """Return the queue that the worker reads."""
    return WorkQueue(Boto3Clients(), settings.work_queue_url)


def incident_store(table_name: str, aws: AwsClients) -> DynamoIncidentStore:
    """Return the store on a deployed table; `latest` gives what an incident's thread shows."""
    return DynamoIncidentStore(Table(aws, table_name), SystemClock())


def feedback_store(table_name: str, aws: AwsClients) -> DynamoFeedback:
    """Return what people say of diagnoses, on a deployed table."""
    return DynamoFeedback(Table(aws, table_name), SystemClock())
