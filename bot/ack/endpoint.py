"""One signed JSON call to an AWS endpoint, within the time that Slack leaves."""

from __future__ import annotations

import http.client
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from bot.ack.sigv4 import Credentials, sign
from bot.errors import EndpointError

logger = logging.getLogger(__name__)

ATTEMPT_TIMEOUT_S: Final = 0.9
"""Two attempts must fit into Slack's three seconds together with a cold start."""

ATTEMPTS: Final = 2


@dataclass(frozen=True)
class JsonEndpoint:
    """A service that speaks AWS's JSON protocol: one POST with the operation in `X-Amz-Target`.

    `version` is the protocol's minor version: SQS takes 1.0, SSM takes 1.1 (`jsonVersion` in botocore's service models).
    """

    service: str
    url: str
    region: str
    target_prefix: str
    version: str
    credentials: Callable[[], Credentials]
    timeout_s: float = ATTEMPT_TIMEOUT_S

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation and return its answer; tried once more when the service failed or could not be reached.

        Raises:
            EndpointError: The service refused, or could not be reached twice; the operation and the reason are named.
        """
        body = json.dumps(parameters).encode()
        fault = ""
        for attempt in range(ATTEMPTS):
            started = time.monotonic()
            try:
                status, answer = self._post(operation, body)
            except (OSError, http.client.HTTPException) as exc:
                fault = f"{type(exc).__name__}: {exc}"
            else:
                if status == 200:
                    return self._parsed(operation, answer)
                fault = f"HTTP {status} {_error_code(answer)}"
                if status < 500 and status != 429:
                    break
            facts = {"operation": operation, "attempt": attempt + 1, "fault": fault, "duration_s": round(time.monotonic() - started, 3)}
            logger.warning("endpoint call failed", extra=facts)
        raise EndpointError(f"{self.service} {operation} at {self.url}: {fault}")

    def _post(self, operation: str, body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        headers = {"content-type": f"application/x-amz-json-{self.version}", "x-amz-target": f"{self.target_prefix}.{operation}"}
        signed = sign(
            self.url, headers, body, credentials=self.credentials(), service=self.service, region=self.region, now=datetime.now(UTC)
        )
        cls = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = cls(parts.hostname or "", parts.port, timeout=self.timeout_s)
        try:
            connection.request("POST", parts.path or "/", body=body, headers=signed)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _parsed(self, operation: str, answer: bytes) -> dict[str, Any]:
        try:
            parsed = json.loads(answer)
        except ValueError as exc:
            raise EndpointError(f"{self.service} {operation} at {self.url}: the answer is no JSON") from exc
        if not isinstance(parsed, dict):
            raise EndpointError(f"{self.service} {operation} at {self.url}: expected an object, found {type(parsed).__name__}")
        return parsed


def _error_code(answer: bytes) -> str:
    """Return the error's name from an answer of the JSON protocol: `__type`, without its namespace."""
    try:
        parsed = json.loads(answer)
    except ValueError:
        return "(no JSON)"
    return str(parsed.get("__type", "")).rpartition("#")[2] if isinstance(parsed, dict) else ""
