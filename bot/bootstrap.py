"""Joins the ports to their adapters: the only place that makes a client, a store or a messenger for the workers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bot.aws.audit import AuditCopy, DynamoAuditLog
from bot.aws.changes import DynamoChangeStore
from bot.aws.clients import Boto3Clients
from bot.aws.directory import FunctionDirectory
from bot.aws.feedback import DynamoFeedback
from bot.aws.folds import DynamoFolds
from bot.aws.incident_index import DynamoIncidentIndex
from bot.aws.pace import DynamoPace
from bot.aws.parameters import TextParameter
from bot.aws.queues import SqsCommandQueue
from bot.aws.secrets import Secret
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.aws.work_queue import WorkQueue
from bot.errors import InputError
from bot.evidence.chart import widget_image
from bot.playbooks.shipped import load_with_shipped
from bot.ports import AwsClients
from bot.settings import InvestigateSettings, RemediateSettings
from bot.slack.answer_messenger import SlackAnswerMessenger
from bot.slack.changes.messenger import SlackChangeMessenger
from bot.slack.groups import SlackGroups
from bot.slack.messenger import SlackMessenger
from bot.slack.sending import Wire
from bot.workflow.asking.desk import AskDesk
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.paced import PacedChangeMessenger
from bot.workflow.changes.rules import Rules, load_rules
from bot.workflow.desk import Desk
from bot.workflow.pace import file_turns
from bot.workflow.routing import reader

logger = logging.getLogger(__name__)


class SystemClock:
    """Fills the port Clock."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)


def investigating_desk(settings: InvestigateSettings) -> Desk:
    """Return the desk of the investigating worker."""
    aws, clock = Boto3Clients(), SystemClock()
    token = Secret(aws, settings.bot_token_parameter)
    store = incident_store(settings.table_name, aws)
    pace = DynamoPace(store.table, clock)
    routes = reader(TextParameter(aws, settings.routes_parameter).value, settings.routes_parameter)
    return Desk(
        store=store,
        index=DynamoIncidentIndex(store, settings.open_minutes * 60),
        folds=DynamoFolds(store.table, clock),
        pace=pace,
        changes=DynamoChangeStore(store.table, clock),
        messenger=SlackMessenger(
            token=token.value,
            api_url=settings.slack_api_url,
            chart_image=lambda plan: widget_image(plan, aws),
            before_file=file_turns(pace, time.sleep),
        ),
        aws=aws,
        clock=clock,
        playbooks=load_with_shipped(None),
        channel=settings.default_channel,
        routes=routes if settings.routes_parameter else tuple,
        region=settings.region,
        deadline_s=settings.deadline_seconds,
        log_budget_bytes=settings.log_budget_bytes,
        open_s=settings.open_minutes * 60,
        renotify_s=settings.renotify_minutes * 60,
    )


def asking_desk(settings: InvestigateSettings) -> AskDesk:
    """Return the desk of the investigating worker with what people's questions need beside it."""
    aws = Boto3Clients()
    table = Table(aws, settings.table_name)
    token = Secret(aws, settings.bot_token_parameter)
    desk = investigating_desk(settings)
    return AskDesk(
        desk=desk,
        index=desk.index,
        changes=DynamoChangeStore(table, desk.clock),
        audit=DynamoAuditLog(table),
        feedback=feedback_store(settings.table_name, aws),
        directory=function_directory(settings.table_name, aws),
        messenger=SlackAnswerMessenger(Wire(token.value, settings.slack_api_url)),
        groups=SlackGroups(token=token.value, api_url=settings.slack_api_url),
        rules=approval_rules(settings.approval_rules_parameter, aws),
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


def changing_desk(settings: RemediateSettings) -> ChangeDesk:
    """Return the desk of the changing worker."""
    aws, clock = Boto3Clients(), SystemClock()
    table = Table(aws, settings.table_name)
    token, pace = Secret(aws, settings.bot_token_parameter), DynamoPace(table, clock)
    return ChangeDesk(
        incidents=incident_store(settings.table_name, aws),
        changes=DynamoChangeStore(table, clock),
        audit=audit_log(settings),
        queue=SqsCommandQueue(aws, {"change": settings.change_queue_url}),
        messenger=PacedChangeMessenger(
            SlackChangeMessenger(token=token.value, api_url=settings.slack_api_url, before_file=file_turns(pace, time.sleep)), pace
        ),
        aws=aws,
        clock=clock,
        groups=SlackGroups(token=token.value, api_url=settings.slack_api_url),
        rules=approval_rules(settings.approval_rules_parameter, aws),
        own=own_names(settings),
        is_rehearsal=settings.is_rehearsal,
        verify_after_s=settings.verify_after_seconds,
    )


def own_names(settings: RemediateSettings) -> frozenset[str]:
    """Return the names of what the changing worker itself goes by, as they stand in ARNs."""
    names = {
        settings.table_name,
        settings.change_queue_url.rpartition("/")[2],
        settings.bot_token_parameter.lstrip("/"),
        settings.approval_rules_parameter.lstrip("/"),
        settings.audit_bucket,
    }
    return frozenset(name for name in names if name)


def audit_log(settings: RemediateSettings) -> DynamoAuditLog:
    """Return the audit trail, with its copy where a bucket is named."""
    aws = Boto3Clients()
    copy = AuditCopy(aws, settings.audit_bucket) if settings.audit_bucket else None
    return DynamoAuditLog(Table(aws, settings.table_name), copy)


def change_queue(settings: RemediateSettings) -> WorkQueue:
    """Return the queue that the changing worker reads."""
    return WorkQueue(Boto3Clients(), settings.change_queue_url)


def approval_rules(parameter: str, aws: AwsClients) -> Callable[[], Rules]:
    """Return what reads the approval rules as they are now, at most a minute old.

    Without a parameter, or with one that cannot be read or is not valid, nobody may do anything, and the log says why.
    """
    text = TextParameter(aws, parameter)

    def read() -> Rules:
        if not parameter:
            logger.info("no approval rules are configured: nobody may change anything")
            return Rules()
        try:
            return load_rules(text.value(), parameter)
        except InputError:
            logger.exception("approval rules are unusable: nobody may change anything", extra={"parameter": parameter})
            return Rules()

    return read


def function_directory(table_name: str, aws: AwsClients) -> FunctionDirectory:
    """Return the names of the account's functions, as a deployed table knows them."""
    return FunctionDirectory(Table(aws, table_name), aws, SystemClock())
