"""Requests as Slack sends them: a form or JSON, signed over the raw body, three seconds to answer."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from bot.demo.local_aws import HOST

ANSWER_WITHIN_S: Final = 3.0
"""Source: https://docs.slack.dev/interactivity/slash-commands#responding_to_commands"""

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


class NoAnswerError(Exception):
    """The app did not answer as Slack wants it; the text is Slack's own error code."""


@dataclass(frozen=True)
class SlackRequests:
    """Sends requests to the app's address.

    The local AWS answers for every function URL at one port and tells them apart by host name.
    """

    function_url: str
    port: int
    secret: str
    within_s: float = ANSWER_WITHIN_S
    clock: Callable[[], float] = time.time

    def form(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """Send a form and return the answer's JSON, a bare text as `{"text": ...}`, an empty answer as nothing.

        Raises:
            NoAnswerError: It came late, or with another status than 200.
        """
        return self._send(urlencode(fields), FORM)

    def payload(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send an interaction.

        Raises:
            NoAnswerError: See `form`.
        """
        return self.form({"payload": json.dumps(payload)})

    def event(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send an event.

        Raises:
            NoAnswerError: See `form`.
        """
        return self._send(json.dumps(body), JSON)

    def warm(self) -> None:
        """Ask without a signature, so that the function has started before somebody waits for it."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request("GET", "/", headers={"Host": urlsplit(self.function_url).netloc})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()

    def _send(self, body: str, content_type: str) -> dict[str, Any]:
        stamp = str(int(self.clock()))
        signature = hmac.new(self.secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Host": urlsplit(self.function_url).netloc,
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
        }
        connection = http.client.HTTPConnection(HOST, self.port, timeout=self.within_s)
        try:
            connection.request("POST", "/", body=body.encode(), headers=headers)
            response = connection.getresponse()
            answer = response.read().decode(errors="replace")
        except TimeoutError as exc:
            raise NoAnswerError("operation_timeout") from exc
        except (OSError, http.client.HTTPException) as exc:
            raise NoAnswerError("http_client_error") from exc
        finally:
            connection.close()
        if response.status != 200:
            raise NoAnswerError("dispatch_failed" if response.status == 404 else "http_service_error")
        return _parsed(answer)


def _parsed(answer: str) -> dict[str, Any]:
    if not answer.strip():
        return {}
    try:
        parsed = json.loads(answer)
    except ValueError:
        return {"text": answer}
    return parsed if isinstance(parsed, dict) else {"text": answer}
