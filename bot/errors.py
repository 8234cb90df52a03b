"""Every error that the bot raises on purpose.

BotError
├── InputError            something handed in from outside is unusable; names the field or path:line
│   ├── IncidentFileError     an incident file is not valid
│   ├── PlaybookError         one or more playbooks are not valid; carries every fault
│   ├── AlarmError            a delivery holds no alarm that can be read
│   ├── CommandError          a queued command or a Slack request is not valid
│   └── SettingsError         an environment variable is missing or unusable
├── CollectionError       one question to AWS failed; becomes a gap
├── RemediationError      a change could not be planned, made or undone; carries AWS's operation and code
│   ├── RefusedError          the change must not be made; the message says why
│   ├── PlanStaleError        the live state is not what the plan was made from; carries field, planned-from and found
│   └── OutcomeUnknownError   a call was sent, and neither its answer nor the state could be read
├── TargetNotFoundError   no function belongs to this name, alarm or front door
├── StateError            the state table refused or lost a change
│   ├── LeaseLostError        another worker has taken over; this one must stop
│   ├── NotYetError           nothing failed, but another worker or the channel's pace has to be waited for
│   └── ChangeRacedError      a change was written by another worker since it was read
├── EndpointError         an AWS endpoint that the ack path calls did not do what was asked
├── DeliveryError         Slack did not take a message
└── DemoError             the demo cannot run here, or one of its steps failed
"""

from __future__ import annotations

import json
from collections.abc import Sequence


class BotError(Exception):
    """Base of every error raised on purpose."""


class InputError(BotError):
    """Something handed in from outside is unusable; the message names the field or `path:line`."""


class IncidentFileError(InputError):
    """An incident file is not valid."""


class PlaybookError(InputError):
    """One or more playbooks are not valid.

    `faults` holds every fault as `path:line: message`, so that an author mends them in one go.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class AlarmError(InputError):
    """A delivery holds no alarm that can be read."""


class CommandError(InputError):
    """A queued command or a Slack request is not valid."""


class SettingsError(InputError):
    """An environment variable is missing or unusable; every one is named."""


class CollectionError(BotError):
    """One question to AWS failed; it becomes a gap, never an empty answer.

    `operation` is the question as `service:Operation`, `code` AWS's own error code or the name of the exception.
    """

    def __init__(self, message: str, *, operation: str = "", code: str = "") -> None:
        self.operation = operation
        self.code = code
        super().__init__(message)


class RemediationError(BotError):
    """A change could not be planned, made or undone.

    `operation` is the question or change as `service:Operation`, `code` AWS's own error code or the name of the exception.
    """

    def __init__(self, message: str, *, operation: str = "", code: str = "") -> None:
        self.operation = operation
        self.code = code
        super().__init__(message)


class RefusedError(RemediationError):
    """The change must not be made; the message says why."""


class PlanStaleError(RemediationError):
    """The live state is not what the plan was made from, so what was approved no longer describes the change."""

    def __init__(self, field: str, planned: object, found: object, *, hint: str = "") -> None:
        self.field = field
        self.planned = planned
        self.found = found
        super().__init__(f"changed since: {field} is {as_words(found)}, planned from {as_words(planned)}{hint}")


class OutcomeUnknownError(RemediationError):
    """A call was sent, and neither its answer nor the state afterwards could be read."""


def as_words(value: object) -> str:
    """Return a value of a plan as people read it."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "none" if value is None else str(value)


class TargetNotFoundError(BotError):
    """No function belongs to this name, alarm or front door."""


class StateError(BotError):
    """The state table refused or lost a change."""


class LeaseLostError(StateError):
    """Another worker has taken over what this one was at; it must stop."""


class NotYetError(StateError):
    """Nothing failed, but another worker or the channel's pace has to be waited for; the delivery comes again."""


class ChangeRacedError(StateError):
    """A change was written by another worker since it was read; read it again."""


class EndpointError(BotError):
    """An AWS endpoint that the ack path calls (the work queue, the parameter store) did not do what was asked."""


class DeliveryError(BotError):
    """Slack did not take a message; `code` is Slack's own error code, `retry_after_s` how long it wants to be left alone."""

    def __init__(self, code: str, message: str, *, retry_after_s: float = 0.0) -> None:
        self.code = code
        self.retry_after_s = retry_after_s
        super().__init__(f"{code}: {message}")


class DemoError(BotError):
    """The demo cannot run here, or one of its steps failed; the message holds what the failing part said."""
