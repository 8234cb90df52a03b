"""Settings: one frozen class per function, read once from the environment. Standard library only: the ack path loads it.

No secret stands here: the environment holds the names of the SSM parameters, never their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bot.errors import SettingsError

DEFAULT_SLACK_API_URL: Final = "https://slack.com/api/"

DEFAULT_LOG_BUDGET_BYTES: Final = 8_000_000
"""About what a thousand verbose invocations write; the collector says so in the receipt when it stops there."""

DEFAULT_DEADLINE_SECONDS: Final = 60.0
"""For all collectors together. The function's own timeout must be longer: it still has to post."""

DEFAULT_RENOTIFY_MINUTES: Final = 60.0
"""An incident that stays open says so again after this long."""

DEFAULT_VERIFY_AFTER_SECONDS: Final = (60, 300, 900)
"""When an applied change is looked at. SQS delays a message by 900 s at most.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html"""

LONGEST_VERIFY_S: Final = 900

DEFAULT_OPEN_MINUTES: Final = 60.0
"""An alarm without an OK action never says that it recovered; after this long without news it counts as closed."""


@dataclass(frozen=True)
class AckSettings:
    """What the public endpoint needs."""

    region: str
    work_queue_url: str
    change_queue_url: str
    signing_secret_parameter: str
    bot_token_parameter: str
    """The token opens a window while Slack's trigger lasts, and does nothing else here."""
    table_name: str
    """For the names that the type-ahead offers."""
    sqs_endpoint: str
    ssm_endpoint: str
    dynamodb_endpoint: str
    slack_api_url: str = DEFAULT_SLACK_API_URL

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> AckSettings:
        """Read the settings.

        Raises:
            SettingsError: A variable is missing or no URL; every one is named.
        """
        read = _Reader(environ)
        region = read.region()
        settings = cls(
            region=region,
            work_queue_url=read.url("WORK_QUEUE_URL"),
            change_queue_url=read.url("CHANGE_QUEUE_URL"),
            signing_secret_parameter=read.text("SLACK_SIGNING_SECRET_PARAMETER"),
            bot_token_parameter=read.text("SLACK_BOT_TOKEN_PARAMETER"),
            table_name=read.text("TABLE_NAME"),
            sqs_endpoint=read.endpoint("sqs", region),
            ssm_endpoint=read.endpoint("ssm", region),
            dynamodb_endpoint=read.endpoint("dynamodb", region),
            slack_api_url=read.slack_api_url(),
        )
        read.check()
        return settings


@dataclass(frozen=True)
class InvestigateSettings:
    """What the investigating worker needs."""

    region: str
    work_queue_url: str
    table_name: str
    bot_token_parameter: str
    default_channel: str
    slack_api_url: str = DEFAULT_SLACK_API_URL
    log_budget_bytes: int = DEFAULT_LOG_BUDGET_BYTES
    deadline_seconds: float = DEFAULT_DEADLINE_SECONDS
    open_minutes: float = DEFAULT_OPEN_MINUTES
    renotify_minutes: float = DEFAULT_RENOTIFY_MINUTES
    routes_parameter: str = ""
    """SSM name of the channel routes; empty: everything goes into the default channel."""
    approval_rules_parameter: str = ""
    """SSM name of the approval rules, shown in help; empty: nobody may change anything."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> InvestigateSettings:
        """Read the settings.

        Raises:
            SettingsError: A variable is missing or of a wrong type; every one is named.
        """
        read = _Reader(environ)
        settings = cls(
            region=read.region(),
            work_queue_url=read.url("WORK_QUEUE_URL"),
            table_name=read.text("TABLE_NAME"),
            bot_token_parameter=read.text("SLACK_BOT_TOKEN_PARAMETER"),
            default_channel=read.text("DEFAULT_CHANNEL"),
            slack_api_url=read.slack_api_url(),
            log_budget_bytes=int(read.number("LOG_BUDGET_BYTES", DEFAULT_LOG_BUDGET_BYTES)),
            deadline_seconds=read.number("DEADLINE_SECONDS", DEFAULT_DEADLINE_SECONDS),
            open_minutes=read.number("OPEN_MINUTES", DEFAULT_OPEN_MINUTES),
            renotify_minutes=read.number("RENOTIFY_MINUTES", DEFAULT_RENOTIFY_MINUTES),
            routes_parameter=read.optional("ROUTES_PARAMETER"),
            approval_rules_parameter=read.optional("APPROVAL_RULES_PARAMETER"),
        )
        read.check()
        return settings


@dataclass(frozen=True)
class RemediateSettings:
    """What the changing worker needs."""

    region: str
    change_queue_url: str
    table_name: str
    bot_token_parameter: str
    slack_api_url: str = DEFAULT_SLACK_API_URL
    approval_rules_parameter: str = ""
    """SSM name of the approval rules; empty: nobody may change anything."""
    audit_bucket: str = ""
    """Takes a copy of each entry of the audit trail; empty: none."""
    is_rehearsal: bool = False
    """Everything but the write is done."""
    verify_after_seconds: tuple[int, ...] = DEFAULT_VERIFY_AFTER_SECONDS

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> RemediateSettings:
        """Read the settings.

        Raises:
            SettingsError: A variable is missing or of a wrong type; every one is named.
        """
        read = _Reader(environ)
        settings = cls(
            region=read.region(),
            change_queue_url=read.url("CHANGE_QUEUE_URL"),
            table_name=read.text("TABLE_NAME"),
            bot_token_parameter=read.text("SLACK_BOT_TOKEN_PARAMETER"),
            slack_api_url=read.slack_api_url(),
            approval_rules_parameter=read.optional("APPROVAL_RULES_PARAMETER"),
            audit_bucket=read.optional("AUDIT_BUCKET"),
            is_rehearsal=read.switch("DRY_RUN"),
            verify_after_seconds=read.rising("VERIFY_AFTER_SECONDS", DEFAULT_VERIFY_AFTER_SECONDS),
        )
        read.check()
        return settings


class _Reader:
    """Reads variables and gathers what is wrong with them, so that all of it is said at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: list[str] = []

    def text(self, name: str) -> str:
        value = self._environ.get(name, "").strip()
        if not value:
            self._faults.append(f"{name}: is not set")
        return value

    def optional(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def slack_api_url(self) -> str:
        # slack_sdk joins the methods' names to it.
        return self.url("SLACK_API_URL", DEFAULT_SLACK_API_URL).rstrip("/") + "/"

    def switch(self, name: str) -> bool:
        """Return whether a switch is on. A word that is neither on nor off is a fault: "true" must not leave a dry run off."""
        value = self.optional(name)
        if value not in {"", "on", "off"}:
            self._faults.append(f"{name}: expected on or off, found {value!r}")
        return value == "on"

    def rising(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return whole numbers of seconds, each larger than the one before, none longer than a queue can wait."""
        value = self.optional(name)
        if not value:
            return default
        parts = [part.strip() for part in value.split(",")]
        numbers = tuple(int(part) for part in parts if part.isascii() and part.isdigit())
        if len(numbers) < len(parts) or list(numbers) != sorted(set(numbers)) or not 0 < numbers[0] <= numbers[-1] <= LONGEST_VERIFY_S:
            self._faults.append(f"{name}: expected rising seconds from 1 to {LONGEST_VERIFY_S} such as 60,300,900, found {value!r}")
            return default
        return numbers

    def region(self) -> str:
        value = self._environ.get("AWS_REGION") or self._environ.get("AWS_DEFAULT_REGION") or ""
        if not value:
            self._faults.append("AWS_REGION: is not set")
        return value

    def url(self, name: str, default: str | None = None) -> str:
        value = self._environ.get(name, "").strip() or default or ""
        if not value:
            self._faults.append(f"{name}: is not set")
        elif urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
            self._faults.append(f"{name}: {value!r} is no http or https URL")
        return value

    def endpoint(self, service: str, region: str) -> str:
        """Return where a service answers: the SDKs' own variables first, then AWS's own host.

        Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
            if self._environ.get(name, "").strip():
                return self.url(name)
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"https://{service}.{region}.{suffix}"

    def number(self, name: str, default: float) -> float:
        value = self._environ.get(name, "").strip()
        if not value:
            return default
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            self._faults.append(f"{name}: expected a number above 0, found {value!r}")
        return number if 0 < number < float("inf") else default

    def check(self) -> None:
        if self._faults:
            raise SettingsError("; ".join(self._faults))
