"""What arrives on the work queue: an alarm in any wrapping, a command of ours, or something that is neither.

Rule for what is neither: `drop` what harms nobody (a confirmation, a person's text, another service's notice), and
`dead-letter` what was meant as an alarm and cannot be read, since CloudWatch never sends a change of state twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bot.alarms.event import DETAIL_TYPES, alarm_of_event, is_alarm_event
from bot.alarms.notification import alarm_of_notification, is_notification
from bot.errors import AlarmError
from bot.models.alarm import Alarm

DeliveryKind = Literal["alarm", "command", "drop", "dead-letter"]

MARKS: Final = ('"AlarmName"', '"AlarmArn"', '"NewStateValue"', '"alarmArn"', '"alarmData"', '"CloudWatch Alarm ')
"""Keys by which a text that is no JSON shows that it was meant as an alarm."""

SUBJECTS: Final = ('ALARM: "', 'OK: "', 'INSUFFICIENT_DATA: "')
"""How CloudWatch begins the subject of a notice. Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html."""

MAX_DEPTH: Final = 100
"""pydantic writes JSON of up to 255 levels; no alarm has more than ten."""

MAX_WRAPPINGS: Final = 6
"""SNS in SQS in an event is three; more than this is a trap."""


@dataclass(frozen=True)
class Delivery:
    """One message, told apart. `reason` says why nothing is done with it, without quoting it.

    `alarms` holds one alarm, or more where one event wraps several records; `refused` the reasons for records beside them
    that were unreadable.
    """

    kind: DeliveryKind
    alarms: tuple[Alarm, ...] = ()
    payload: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    message_id: str | None = None
    refused: tuple[str, ...] = ()

    @property
    def alarm(self) -> Alarm | None:
        """Return the first alarm."""
        return self.alarms[0] if self.alarms else None


@dataclass(frozen=True)
class _Envelope:
    """What the wrappings around a message have said so far."""

    depth: int = 0
    topic_arn: object = None
    published_at: object = None
    subject: str = ""
    message_id: str | None = None


def parse_record(body: str) -> Delivery:
    """Tell what a queue message is; any text whatever has an answer."""
    return _parse_text(body, _Envelope())


def _parse_text(body: str, envelope: _Envelope) -> Delivery:
    if not body.strip():
        return _neither("drop", "the message is empty", envelope)
    try:
        message = _load(body)
    except (ValueError, RecursionError) as exc:
        return _unreadable(body, exc, envelope)
    if not isinstance(message, dict):
        return _neither("drop", f"plain text or JSON that is no object ({type(message).__name__})", envelope)
    return _parse(message, envelope)


def _load(body: str) -> Any:
    """Return the JSON of a text.

    Raises:
        ValueError: It is none, or nested deeper than anything can be written again.
        RecursionError: The same, found by the parser.
    """
    message = json.loads(body)
    if body.count("[") + body.count("{") > MAX_DEPTH and _is_deeper_than(MAX_DEPTH, message):
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if "\\ud" in body.lower() or not body.isascii():
        # Half a surrogate pair is legal in JSON and in a str, and breaks every later attempt to encode it.
        return json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))
    return message


def _is_deeper_than(depth: int, message: Any) -> bool:
    level = [message]
    for _ in range(depth):
        level = [v for held in level if isinstance(held, dict | list) for v in (held.values() if isinstance(held, dict) else held)]
        if not level:
            return False
    return True


def _unreadable(body: str, exc: Exception, envelope: _Envelope) -> Delivery:
    where = f"not valid JSON at character {exc.pos}" if isinstance(exc, json.JSONDecodeError) else "JSON beyond any sense"
    if any(mark in body or mark.replace('"', '\\"') in body for mark in MARKS):
        return _neither("dead-letter", f"meant as an alarm, but {where} of {len(body)}: was it cut?", envelope)
    if envelope.subject.startswith(SUBJECTS):
        return _neither("dead-letter", f"an alarm by its subject, but the message is {where} of {len(body)}", envelope)
    return _neither("drop", f"plain text ({where} of {len(body)})", envelope)


def _parse(message: dict[str, Any], envelope: _Envelope) -> Delivery:
    if envelope.depth > MAX_WRAPPINGS:
        return _neither("drop", f"more than {MAX_WRAPPINGS} envelopes around one another", envelope)
    if isinstance(message.get("Records"), list):
        return _parse_records(message["Records"], envelope)
    if isinstance(message.get("Sns"), dict):
        return _parse(message["Sns"], _deeper(envelope))
    if isinstance(message.get("body"), str) and "messageId" in message:
        return _parse_text(message["body"], _deeper(envelope, message_id=message.get("messageId")))
    if "TopicArn" in message and "Type" in message:
        return _parse_sns(message, envelope)
    if isinstance(message.get("kind"), str) and not is_notification(message):
        if envelope.topic_arn is not None:
            # Whoever may publish to a topic must not be able to speak as the bot's own endpoint.
            return _neither("drop", "a command that came through a topic", envelope)
        return Delivery(kind="command", payload=message, message_id=envelope.message_id)
    return _parse_alarm(message, envelope)


def _parse_sns(message: dict[str, Any], envelope: _Envelope) -> Delivery:
    inner = _deeper(
        envelope,
        topic_arn=message.get("TopicArn"),
        published_at=message.get("Timestamp"),
        subject=message.get("Subject"),
        message_id=message.get("MessageId"),
    )
    if message.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        return _neither("drop", f"{message['Type']} of a topic: confirm the subscription in the account that owns the topic", inner)
    body = message.get("Message")
    if isinstance(body, dict):
        return _parse(body, inner)
    if not isinstance(body, str):
        return _neither("drop", "an SNS notification without a Message", inner)
    return _parse_text(body, inner)


def _parse_records(records: list[Any], envelope: _Envelope) -> Delivery:
    """Return the alarms of all records; one that is unreadable takes none of the others with it."""
    parts = [_parse(record, _deeper(envelope)) for record in records if isinstance(record, dict)]
    alarms = tuple(alarm for part in parts for alarm in part.alarms)
    refused = tuple(reason for part in parts for reason in (part.reason, *part.refused) if reason)
    if alarms:
        return Delivery(kind="alarm", alarms=alarms, refused=refused, message_id=parts[0].message_id)
    order: tuple[DeliveryKind, ...] = ("command", "dead-letter", "drop")
    first = next((part for kind in order for part in parts if part.kind == kind), None)
    return first or _neither("drop", "an event without records", envelope)


def _parse_alarm(message: dict[str, Any], envelope: _Envelope) -> Delivery:
    try:
        if is_alarm_event(message):
            alarm = alarm_of_event(message)
        elif is_notification(message):
            alarm = alarm_of_notification(message, topic_arn=envelope.topic_arn, published_at=envelope.published_at)
        else:
            return _neither("drop", _why_no_alarm(message), envelope)
    except AlarmError as exc:
        return _neither("dead-letter", f"an alarm that cannot be read: {exc}", envelope)
    return Delivery(kind="alarm", alarms=(alarm,), message_id=envelope.message_id)


def _why_no_alarm(message: dict[str, Any]) -> str:
    if message.get("detail-type") in DETAIL_TYPES:
        return "a double of an alarm's event under another source than aws.cloudwatch"
    if "detail-type" in message and "source" in message:
        return "an EventBridge event of another kind"
    if "s3:TestEvent" in (message.get("Event"), message.get("event")):
        return "the test event of a bucket notification"
    return "JSON without the keys of an alarm"


def _neither(kind: Literal["drop", "dead-letter"], reason: str, envelope: _Envelope) -> Delivery:
    return Delivery(kind=kind, reason=reason, message_id=envelope.message_id)


def _deeper(envelope: _Envelope, **said: Any) -> _Envelope:
    """Return the envelope one wrapping further in; what an inner one does not say stays as the outer one said it."""
    subject, message_id = said.get("subject"), said.get("message_id")
    return _Envelope(
        depth=envelope.depth + 1,
        topic_arn=said.get("topic_arn") or envelope.topic_arn,
        published_at=said.get("published_at") or envelope.published_at,
        subject=subject if isinstance(subject, str) else envelope.subject,
        message_id=message_id if isinstance(message_id, str) else envelope.message_id,
    )
