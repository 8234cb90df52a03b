"""The pace of all workers together, in DynamoDB: one post a second into a channel, and one edit of a message at a time.

Items by key: `pace#<channel>` and `thread#edit#<incident>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.aws.table import Condition, Table
from bot.errors import StateError
from bot.models.incident import EditTurn
from bot.ports import Clock

POST_EVERY_S: Final = 1.0
"""Source: https://docs.slack.dev/apis/web-api/rate-limits#posting_messages, "no more than one message per second per channel"."""

EDIT_LEASE_S: Final = 60.0

RETENTION_S: Final = 24 * 3600

TRIES: Final = 16

_ALWAYS: Final = "attribute_exists(#pk) OR attribute_not_exists(#pk)"


@dataclass(frozen=True)
class DynamoPace:
    """Fills the port Pace."""

    table: Table
    clock: Clock

    def reserve(self, channel: str, *, patience_s: float) -> float | None:
        """Reserve the next free second of a channel and return in how many seconds it is; None when it is not within `patience_s`.

        A slot that would come too late is not taken, so that those who give up push nobody back.
        """
        pk = f"pace#{channel}"
        for _ in range(TRIES):
            now = self._now()
            queued = Condition("#next_at >= :now AND #next_at <= :latest", {"now": now, "latest": now + patience_s, "every": POST_EVERY_S})
            item = self.table.change(pk, {"expires_at": self._expiry()}, queued, extra="#next_at = #next_at + :every")
            if item is not None:
                return max(0.0, float(item["next_at"]) - POST_EVERY_S - now)
            idle = Condition("attribute_not_exists(#next_at) OR #next_at < :now", {"now": now})
            if self.table.change(pk, {"next_at": now + POST_EVERY_S, "expires_at": self._expiry()}, idle) is not None:
                return 0.0
            if (self.table.get(pk) or {}).get("next_at", 0.0) > now + patience_s:
                return None
        raise StateError(f"{pk}: {TRIES} workers were quicker")

    def hold(self, channel: str, seconds: float) -> None:
        """Let nobody post into a channel for some seconds, because Slack asked for it."""
        until = self._now() + seconds
        later = Condition("attribute_not_exists(#next_at) OR #next_at < :until", {"until": until})
        self.table.change(f"pace#{channel}", {"next_at": until, "expires_at": self._expiry()}, later)

    def ask_edit(self, incident_id: str, owner: str) -> EditTurn | None:
        """Ask for an edit of an incident's first message. None: another worker is at it, and will see that more is wanted."""
        pk = f"thread#edit#{incident_id}"
        count = {"zero": 0, "one": 1}
        more = "#wanted = if_not_exists(#wanted, :zero) + :one, #edited_at = if_not_exists(#edited_at, :zero)"
        for _ in range(TRIES):
            now = self._now()
            mine = {"owner": owner, "lease_until": now + EDIT_LEASE_S, "expires_at": self._expiry()}
            free = Condition("attribute_not_exists(#pk) OR #lease_until < :now OR #owner = :owner", {**count, "now": now, "owner": owner})
            item = self.table.change(pk, mine, free, extra=more)
            if item is not None:
                return EditTurn(incident_id=incident_id, owner=owner, wanted=item["wanted"], edited_at=item["edited_at"])
            item = self.table.change(pk, {"expires_at": self._expiry()}, Condition(_ALWAYS, count), extra=more)
            if item is not None and item["lease_until"] >= now:
                return None
        raise StateError(f"{pk}: {TRIES} workers were quicker")

    def end_edit(self, turn: EditTurn) -> EditTurn | None:
        """Note that the message was edited; returns the next turn when more was wanted meanwhile."""
        pk = f"thread#edit#{turn.incident_id}"
        now = self._now()
        done = Condition("#owner = :owner AND #wanted = :seen", {"owner": turn.owner, "seen": turn.wanted})
        if self.table.change(pk, {"lease_until": 0, "edited_at": now}, done) is not None:
            return None
        mine = Condition("#owner = :owner", {"owner": turn.owner})
        item = self.table.change(pk, {"lease_until": now + EDIT_LEASE_S, "edited_at": now}, mine)
        # Who lost the lease has an heir, that edits what is wanted.
        return None if item is None else turn.model_copy(update={"wanted": item["wanted"], "edited_at": now})

    def drop_edit(self, turn: EditTurn) -> None:
        """Give the turn back without an edit, because Slack did not take it."""
        mine = Condition("#owner = :owner", {"owner": turn.owner})
        self.table.change(f"thread#edit#{turn.incident_id}", {"lease_until": 0}, mine)

    def _now(self) -> float:
        return self.clock.now().timestamp()

    def _expiry(self) -> int:
        return int(self._now()) + RETENTION_S
