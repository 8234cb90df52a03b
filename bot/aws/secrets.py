"""Secrets of the workers: SSM SecureStrings through Powertools' cache. The ack path has a light reader of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from bot.errors import SettingsError
from bot.ports import AwsClients

MAX_AGE_S: Final = 300
"""A rotated token is in use five minutes later at the latest."""


@dataclass
class Secret:
    """One SecureString parameter, kept in the process."""

    aws: AwsClients
    name: str

    @cached_property
    def _provider(self) -> SSMProvider:
        return SSMProvider(boto3_client=self.aws.client("ssm"))

    def value(self) -> str:
        """Return the secret.

        Raises:
            SettingsError: The parameter does not exist, may not be read, or is empty.
        """
        try:
            value = self._provider.get(self.name, max_age=MAX_AGE_S, decrypt=True)
        except GetParameterError as exc:
            raise SettingsError(f"SSM parameter {self.name}: {exc}") from exc
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"SSM parameter {self.name}: is empty")
        return value.strip()
