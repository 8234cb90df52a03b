"""Handler of the public endpoint: a Lambda function URL that Slack calls, with three seconds to answer.

Order: signature over the raw bytes, then Bolt, then a window where the click needs one, then the queue, then the answer.
Bolt's own Lambda adapter is not used because it imports boto3.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt import App, BoltRequest

from bot import log
from bot.ack.answers import Answers
from bot.ack.app import SIGNED, build_app
from bot.ack.directory import Directory
from bot.ack.endpoint import JsonEndpoint
from bot.ack.payload import missing
from bot.ack.queue import Queues
from bot.ack.secret import CachedSecret
from bot.ack.signature import SIGNATURE_HEADER, folded_headers, is_from_slack, raw_body
from bot.ack.sigv4 import Credentials
from bot.ack.slack import Slack
from bot.errors import BotError
from bot.settings import AckSettings

logger = logging.getLogger(__name__)

FORM: Final = "application/x-www-form-urlencoded"

_PAYLOAD_FIELD: Final = re.compile(r"(?:^|&)payload=")


@dataclass(frozen=True)
class Endpoint:
    """The endpoint with its parts; one per process."""

    app: App
    secret: Callable[[], str]

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request of the function URL."""
        method = _method(event)
        if method != "POST":
            return _response(405, "", {"allow": "POST"})
        body, headers = raw_body(event), folded_headers(event)
        if body is None or SIGNATURE_HEADER not in headers:
            return _unsigned()
        try:
            secret = self.secret()
        except BotError:
            # Without the secret nothing can be believed, so nothing may be answered but this.
            logger.exception("signing secret could not be read")
            return _response(503, "")
        if not is_from_slack(body, headers, secret):
            return _unsigned()
        return self._dispatch(body.decode(), headers)

    def _dispatch(self, body: str, headers: Mapping[str, str]) -> dict[str, Any]:
        kind = headers.get("content-type", FORM)
        try:
            # Only the content type: Bolt acts on headers of its own, and Slack signs none of them.
            request = BoltRequest(
                body=_readable_by_bolt(body),
                headers={"content-type": kind},
                context={SIGNED: f"signature-{headers[SIGNATURE_HEADER]}"},
            )
            fault = missing(request.body) if isinstance(request.body, dict) else "no object"
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as exc:
            fault = type(exc).__name__
        if fault:
            return self._unreadable(body, kind, fault)
        try:
            answer = self.app.dispatch(request)
        except (ValueError, TypeError, AttributeError, LookupError) as exc:
            # Bolt reads fields of its own before and after it calls ours, and of requests that nobody here asked for.
            return self._unreadable(body, kind, type(exc).__name__)
        return _response(answer.status, answer.body, {name: values[0] for name, values in answer.headers.items() if values})

    def _unreadable(self, body: str, kind: str, fault: str) -> dict[str, Any]:
        logger.warning("signed request could not be read", extra={"content_type": kind[:80], "bytes": len(body), "fault": fault})
        return _response(400, "")


def build(settings: AckSettings, environ: Mapping[str, str]) -> Endpoint:
    """Join the parts."""

    def credentials() -> Credentials:
        return Credentials.from_environment(environ)

    sqs = JsonEndpoint("sqs", settings.sqs_endpoint, settings.region, "AmazonSQS", "1.0", credentials)
    ssm = JsonEndpoint("ssm", settings.ssm_endpoint, settings.region, "AmazonSSM", "1.1", credentials)
    dynamodb = JsonEndpoint("dynamodb", settings.dynamodb_endpoint, settings.region, "DynamoDB_20120810", "1.0", credentials)
    secret = CachedSecret(ssm, settings.signing_secret_parameter)
    answers = Answers(
        queue=Queues(sqs, {"work": settings.work_queue_url, "change": settings.change_queue_url}),
        slack=Slack(CachedSecret(ssm, settings.bot_token_parameter).value, settings.slack_api_url),
        names=Directory(dynamodb, settings.table_name).names,
        clock=time.time,
    )
    return Endpoint(app=build_app(answers), secret=secret.value)


_endpoints: dict[AckSettings, Endpoint] = {}


def lambda_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Answer a request that Slack sent to the function URL.

    A replay within five minutes has a valid signature; it carries the same trigger id, and the table lets that one in once.
    """
    settings = AckSettings.from_environment(os.environ)
    if settings not in _endpoints:
        log.configure()
        _endpoints[settings] = build(settings, os.environ)
    return _endpoints[settings].handle(event)


def _readable_by_bolt(body: str) -> str:
    """Return a form that Bolt reads whole.

    Bolt takes any form with the word "payload" in it for an interaction and drops its fields when there is no field of that
    name, so `/lambda why payload-sender` would arrive empty. An escaped letter keeps the value and hides the word.
    Source: slack_bolt/request/internals.py, parse_body
    """
    if "payload" not in body or body.startswith("{") or _PAYLOAD_FIELD.search(body):
        return body
    return body.replace("payload", "%70ayload")


def _method(event: Mapping[str, Any]) -> str:
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, Mapping) else None
    return str(http.get("method", "")).upper() if isinstance(http, Mapping) else ""


def _unsigned() -> dict[str, Any]:
    logger.warning("request refused: not signed by Slack, or signed more than five minutes ago")
    return _response(401, "")


def _response(status: int, body: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "text/plain", **(headers or {})}, "body": body, "isBase64Encoded": False}
