"""Response URLs of the demo's workspace: each belongs to the person who clicked, five uses within half an hour."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.demo.slack_views import SlackError

MAX_USES: Final = 5
LASTS_S: Final = 1800.0
"""Source of both: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""


@dataclass(frozen=True)
class Place:
    """Where an answer goes, and to whom."""

    user: str
    channel: str
    message_ts: str = ""
    """The message whose button was pressed; `replace_original` is about it."""
    until: float = 0.0
    uses: int = 0


@dataclass
class Answers:
    """The addresses that were handed out, and what came to them."""

    taken: list[dict[str, Any]] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic
    _places: dict[str, Place] = field(default_factory=dict)

    def new(self, user: str, channel: str, message_ts: str = "") -> str:
        """Return the id of a new address."""
        answer_id = secrets.token_urlsafe(16)
        self._places[answer_id] = Place(user, channel, message_ts, until=self.clock() + LASTS_S)
        return answer_id

    def use(self, answer_id: str, body: dict[str, Any]) -> Place:
        """Return the place of an answer.

        Raises:
            SlackError: As Slack refuses.
        """
        place = self._places.get(answer_id)
        if place is None or self.clock() > place.until:
            raise SlackError("expired_url")
        if place.uses >= MAX_USES:
            raise SlackError("used_url")
        self._places[answer_id] = replace(place, uses=place.uses + 1)
        self.taken.append(body)
        return place
