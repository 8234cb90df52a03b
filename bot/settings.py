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

DEFAULT_OPEN_MINUTES: Final = 60.0
"""An alarm without an OK action never says that it recovered; after this long without news it counts as closed."""


@dataclass(frozen=True)
class AckSettings:
    """What the public endpoint needs."""

    region: str
    work_queue_url: str
    signing_secret_parameter: str
    sqs_endpoint: str
    ssm_endpoint: str

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
            signing_secret_parameter=read.text("SLACK_SIGNING_SECRET_PARAMETER"),
            sqs_endpoint=read.endpoint("sqs", region),
            ssm_endpoint=read.endpoint("ssm", region),
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
            slack_api_url=read.url("SLACK_API_URL", DEFAULT_SLACK_API_URL).rstrip("/") + "/",
            log_budget_bytes=int(read.number("LOG_BUDGET_BYTES", DEFAULT_LOG_BUDGET_BYTES)),
            deadline_seconds=read.number("DEADLINE_SECONDS", DEFAULT_DEADLINE_SECONDS),
            open_minutes=read.number("OPEN_MINUTES", DEFAULT_OPEN_MINUTES),
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
