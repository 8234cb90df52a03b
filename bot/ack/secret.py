"""The signing secret: read from SSM once and kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from bot.ack.endpoint import JsonEndpoint
from bot.errors import EndpointError

MAX_AGE_S: Final = 300.0
"""As long as Powertools' cached parameters could be told to; a rotated secret is in use five minutes later at the latest."""

RETRY_AFTER_S: Final = 30.0


class CachedSecret:
    """One SecureString parameter, kept in the process.

    Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
    """

    def __init__(
        self, endpoint: JsonEndpoint, name: str, *, max_age_s: float = MAX_AGE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._endpoint = endpoint
        self._name = name
        self._max_age_s = max_age_s
        self._clock = clock
        self._value = ""
        self._read_at = 0.0

    def __repr__(self) -> str:
        return f"CachedSecret({self._name!r})"

    def value(self) -> str:
        """Return the secret.

        A value that has grown old stays in use while SSM cannot be reached: refusing every request would help nobody.

        Raises:
            EndpointError: It was never read and cannot be read now, or it is empty.
        """
        if self._value and self._clock() - self._read_at < self._max_age_s:
            return self._value
        try:
            answer = self._endpoint.call("GetParameter", {"Name": self._name, "WithDecryption": True})
        except EndpointError:
            if not self._value:
                raise
            # Not at every request: two failed attempts would eat the three seconds each time.
            self._read_at = self._clock() - self._max_age_s + RETRY_AFTER_S
            return self._value
        parameter = answer.get("Parameter")
        value = parameter.get("Value") if isinstance(parameter, dict) else None
        if not isinstance(value, str) or not value.strip():
            raise EndpointError(f"ssm GetParameter {self._name}: the parameter is empty")
        self._value, self._read_at = value.strip(), self._clock()
        return self._value
