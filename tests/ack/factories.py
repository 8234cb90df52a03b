"""Requests as Slack sends them through a function URL."""

from __future__ import annotations

import base64
import json
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


def an_interaction(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a signed interaction: a form with one field that holds JSON."""
    return a_request(urlencode({"payload": json.dumps(payload)}))


def a_click(action_id: str = "medic.approve", value: str = "chg-1.abc", **changes: Any) -> dict[str, Any]:
    """Return the payload of a button press in a thread, with the fields that Slack documents."""
    return {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ann", "team_id": "T1"},
        "api_app_id": "A1",
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "container": {"type": "message", "message_ts": "1700000001.000200", "channel_id": "C1", "thread_ts": "1700000000.000100"},
        "trigger_id": "111.222.aaa",
        "team": {"id": "T1", "domain": "example"},
        "channel": {"id": "C1", "name": "incidents"},
        "message": {"ts": "1700000001.000200", "thread_ts": "1700000000.000100", "text": "…"},
        "response_url": "https://hooks.slack.com/actions/1/2/3",
        "actions": [{"action_id": action_id, "block_id": "b1", "type": "button", "value": value, "action_ts": "1700000005.123456"}],
        **changes,
    }


def a_form(callback_id: str, values: dict[str, dict[str, Any]], *, metadata: str = "off-1", **changes: Any) -> dict[str, Any]:
    """Return the payload of a submitted window; `values` is its state, by block ids, one element each."""
    return {
        "type": "view_submission",
        "team": {"id": "T1", "domain": "example"},
        "user": {"id": "U1", "team_id": "T1"},
        "trigger_id": "333.444.bbb",
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": metadata,
            "hash": "1700000006.abc",
            "blocks": [{"type": "section", "block_id": "intro"}, *({"type": "input", "block_id": name} for name in values)],
            "state": {"values": {name: {"any_action": element} for name, element in values.items()}},
        },
        **changes,
    }


def chosen(value: str) -> dict[str, Any]:
    """Return the state of a menu with a choice."""
    return {"type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": value}, "value": value}}


def an_event(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a signed event."""
    body = {
        "type": "event_callback",
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "team_id": "T1",
        "api_app_id": "A1",
        "event_id": "Ev1",
        "event_time": 1700000000,
        "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}],
        "event": event,
        **changes,
    }
    return a_request(json.dumps(body), content_type="application/json")
