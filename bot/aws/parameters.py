"""Texts that the platform team keeps in Parameter Store: read again after a minute at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import SettingsError
from bot.ports import AwsClients

MAX_AGE_S: Final = 60.0
"""Who is taken off a list may act for a minute longer at most."""


@dataclass
class TextParameter:
    """One parameter, SecureString or not, kept in the process for a minute. What cannot be read is not kept: it is asked for again.

    Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
    """

    aws: AwsClients
    name: str
    seconds: Callable[[], float] = time.monotonic
    _read: tuple[float, str] | None = field(default=None, init=False, repr=False)

    def value(self) -> str:
        """Return the text.

        Raises:
            SettingsError: It does not exist or may not be read.
        """
        now = self.seconds()
        if self._read is not None and now - self._read[0] < MAX_AGE_S:
            return self._read[1]
        self._read = None
        try:
            text = str(self.aws.client("ssm").get_parameter(Name=self.name, WithDecryption=True)["Parameter"]["Value"])
        except (BotoCoreError, ClientError) as exc:
            raise SettingsError(f"SSM parameter {self.name}: {exc}") from exc
        self._read = (now, text)
        return text
