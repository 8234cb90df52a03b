"""Requests as Slack sends them through a function URL."""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def a_command(text: str = "why checkout 502", **fields: str) -> str:
    """Return the form of a slash command, with the fields that Slack documents."""
    return urlencode(
        {
            "token": "gIkuvaNzQIHg97ATvDxqgjtO",
            "team_id": "T0001",
            "team_domain": "example",
            "channel_id": "C2147483705",
            "channel_name": "incidents",
            "user_id": "U2147483697",
            "user_name": "steve",
            "command": "/lambda",
            "text": text,
            "api_app_id": "A123456",
            "is_enterprise_install": "false",
            "response_url": "https://hooks.slack.com/commands/1234/5678",
            "trigger_id": "13345224609.738474920.8088930838d88f008e0",
            **fields,
        }
    )


def a_request(
    body: str | bytes | None = None,
    *,
    secret: str = SECRET,
    age_s: float = 0,
    is_base64: bool = True,
    content_type: str = "application/x-www-form-urlencoded",
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return a function URL event that holds a signed request."""
    raw = body if isinstance(body, bytes) else (a_command() if body is None else body).encode()
    timestamp = str(int(time.time() - age_s))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=raw)
    assert signature is not None
    signed = {"Content-Type": content_type, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature, **(headers or {})}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "headers": signed,
        "requestContext": {"http": {"method": "POST", "path": "/", "sourceIp": "203.0.113.7"}, "stage": "$default"},
        "body": base64.b64encode(raw).decode() if is_base64 else raw.decode(),
        "isBase64Encoded": is_base64,
    }
