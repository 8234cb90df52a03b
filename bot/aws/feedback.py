"""What people say of diagnoses, in the state table: one item an incident, one attribute a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from bot.aws.table import Condition, Table
from bot.errors import StateError
from bot.models.replies import Vote
from bot.ports import Clock

RETENTION_S: Final = 400 * 24 * 3600
"""Longer than the evidence: how often the bot was right is asked over a year."""

_PREFIX: Final = "by_"


@dataclass(frozen=True)
class DynamoFeedback:
    """Fills the port FeedbackStore."""

    table: Table
    clock: Clock

    def vote(self, incident_id: str, vote: Vote) -> None:
        """Keep a vote; a person's later one replaces the earlier one.

        Raises:
            StateError: The person's id is no id, or the table failed.
        """
        if not vote.user_id.isalnum():
            raise StateError(f"user_id: {vote.user_id[:40]!r} is no Slack user")
        expires_at = int(self.clock.now().timestamp()) + RETENTION_S
        values = {f"{_PREFIX}{vote.user_id}": vote.model_dump(mode="json"), "expires_at": expires_at}
        unconditional = Condition("attribute_exists(#pk) OR attribute_not_exists(#pk)")
        self.table.change(f"feedback#{incident_id}", values, unconditional)

    def votes(self, incident_id: str) -> tuple[Vote, ...]:
        """Return the votes on an incident, oldest first."""
        item = self.table.get(f"feedback#{incident_id}") or {}
        try:
            votes = [Vote.model_validate(value) for name, value in item.items() if name.startswith(_PREFIX)]
        except ValidationError as exc:
            raise StateError(f"feedback#{incident_id}: {exc}") from exc
        return tuple(sorted(votes, key=lambda vote: (vote.at, vote.user_id)))
