"""The deliveries of the folder, and the wrappings in which they arrive."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bot.alarms.delivery import Delivery, parse_record
from bot.models.alarm import Alarm

FOLDER: Final = Path(__file__).parent / "deliveries"
TOPIC: Final = "arn:aws:sns:eu-west-1:111122223333:alarms"


def a_delivery(name: str) -> dict[str, Any]:
    """Return a delivery of the folder, parsed."""
    message: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return message


def names(prefix: str = "") -> list[str]:
    """Return the names of the deliveries; those that are no alarm begin with `none-`."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if path.stem.startswith(prefix))


def alarm_names() -> list[str]:
    """Return the names of the deliveries that hold an alarm."""
    return [name for name in names() if not name.startswith("none-")]


def in_sns(message: str, **more: Any) -> dict[str, Any]:
    """Return the envelope that a queue gets from a topic without raw delivery."""
    return {
        "Type": "Notification",
        "MessageId": "0f7c1d2e-1111-2222-3333-444455556666",
        "TopicArn": TOPIC,
        "Subject": 'ALARM: "orders-errors" in EU (Ireland)',
        "Message": message,
        "Timestamp": "2026-05-14T03:12:07.146Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        **more,
    }


def in_sns_event(message: str) -> dict[str, Any]:
    """Return the event that a function gets straight from a topic."""
    sns = {("SigningCertUrl" if key == "SigningCertURL" else key): value for key, value in in_sns(message).items()}
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": f"{TOPIC}:0f7c", "Sns": sns}]}


def in_sqs_event(body: str) -> dict[str, Any]:
    """Return the event that a function gets from a queue."""
    record = {"messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "body": body, "attributes": {}, "eventSource": "aws:sqs"}
    return {"Records": [record]}


WRAPPINGS: Final[dict[str, Callable[[str], str]]] = {
    "raw": lambda message: message,
    "sns": lambda message: json.dumps(in_sns(message)),
    "sns-event": lambda message: json.dumps(in_sns_event(message)),
    "sqs-event": lambda message: json.dumps(in_sqs_event(message)),
    "sns-in-sqs-event": lambda message: json.dumps(in_sqs_event(json.dumps(in_sns(message)))),
}


def parsed(name: str, wrapping: str = "sns") -> Delivery:
    """Return a delivery of the folder in a wrapping, told apart."""
    return parse_record(WRAPPINGS[wrapping](json.dumps(a_delivery(name))))


def the_alarm(name: str, wrapping: str = "sns") -> Alarm:
    """Return the alarm of a delivery, which must hold one."""
    delivery = parsed(name, wrapping)
    assert delivery.alarm is not None, delivery.reason
    return delivery.alarm
