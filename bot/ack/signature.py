"""Is this request from Slack? Checked over the raw bytes, before anything in it is parsed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from slack_sdk.signature import Clock, SignatureVerifier

TIMESTAMP_HEADER = "x-slack-request-timestamp"
SIGNATURE_HEADER = "x-slack-signature"


def folded_headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the request's headers with lower-case names; proxies differ in the case that they send."""
    headers = event.get("headers")
    if not isinstance(headers, Mapping):
        return {}
    return {str(name).lower(): value for name, value in headers.items() if isinstance(value, str)}


def raw_body(event: Mapping[str, Any]) -> bytes | None:
    """Return the body's bytes as Slack sent them, or None when the event holds no readable body.

    A function URL hands a form over in base64. Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
    """
    body = event.get("body")
    if not isinstance(body, str):
        return None
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None


def is_from_slack(body: bytes, headers: Mapping[str, str], secret: str, clock: Clock | None = None) -> bool:
    """Tell whether the signature holds over these bytes and is at most five minutes old.

    The verifier of slack_sdk raises on a timestamp that is no number or too large a one, on text that is no UTF-8 and on a
    signature with letters outside ASCII; each of them only means that Slack did not sign this.
    """
    verifier = SignatureVerifier(secret, clock or Clock())
    try:
        return verifier.is_valid(body, headers.get(TIMESTAMP_HEADER), headers.get(SIGNATURE_HEADER))
    except (ValueError, TypeError, OverflowError):
        return False
