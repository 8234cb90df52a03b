"""When a call to Slack is made again: a refusal for the rate always, a broken connection only where that cannot post twice."""

from __future__ import annotations

from socket import gaierror
from typing import Final
from urllib.error import URLError

from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler, ServerErrorRetryHandler
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

MAX_RETRIES: Final = 3

MAX_WAIT_S: Final = 20
"""Our own: with a longer Retry-After the message goes back to the queue, which waits for nothing."""


class PatientRateLimitHandler(RateLimitErrorRetryHandler):
    """Waits as long as Slack asks for, if that is not too long."""

    def _can_retry(
        self, *, state: RetryState, request: HttpRequest, response: HttpResponse | None = None, error: Exception | None = None
    ) -> bool:
        if not super()._can_retry(state=state, request=request, response=response, error=error) or response is None:
            return False
        waits = ["".join(value) for name, value in response.headers.items() if name.lower() == "retry-after"]
        return all(wait.isdigit() and int(wait) <= MAX_WAIT_S for wait in waits)


class UnsentRetryHandler(ConnectionErrorRetryHandler):
    """Tries again only when no connection was made, so that Slack cannot have taken the message."""

    def _can_retry(
        self, *, state: RetryState, request: HttpRequest, response: HttpResponse | None = None, error: Exception | None = None
    ) -> bool:
        return response is None and isinstance(error, URLError) and isinstance(error.reason, ConnectionRefusedError | gaierror)


def nothing_twice() -> list[RetryHandler]:
    """Return the handlers for a call that must not happen twice: a post."""
    return [PatientRateLimitHandler(max_retry_count=MAX_RETRIES), UnsentRetryHandler(max_retry_count=MAX_RETRIES)]


def anything_again() -> list[RetryHandler]:
    """Return the handlers for a call that may happen twice: an edit, a read."""
    return [
        PatientRateLimitHandler(max_retry_count=MAX_RETRIES),
        ConnectionErrorRetryHandler(max_retry_count=MAX_RETRIES),
        ServerErrorRetryHandler(max_retry_count=MAX_RETRIES),
    ]
