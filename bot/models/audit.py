"""The audit trail: who asked, who approved, what was done, and what was refused; each entry holds the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, Literal

from pydantic import Field

from bot.models.diagnosis import Action, Strict

GENESIS: Final = "0" * 64
"""What the first entry holds in place of the hash of an earlier one."""

AuditEvent = Literal[
    "requested", "approved", "rejected", "withdrawn", "expired", "refused", "applying", "applied", "rehearsed", "failed",
    "verified", "ineffective", "undoing", "undone", "undo-refused", "kept", "reminders-ended",
]  # fmt: skip


class AuditRecord(Strict):
    """What happened, before it has its place in the chain.

    `id` is taken from what caused it, so that a retry does not write it twice. `details` hold fields with old and new values,
    reasons of refusals and results, never secrets.
    """

    id: str
    event: AuditEvent
    at: float
    by: str
    """Slack's user id, or `lambda-medic` for what happened by itself."""
    change_id: str = ""
    incident_id: str = ""
    action: Action | None = None
    function_name: str = ""
    account_id: str = ""
    region: str = ""
    fingerprint: str = ""
    channel: str = ""
    details: dict[str, Any] = Field(default_factory=dict)


class AuditEntry(AuditRecord):
    """A record in its place."""

    number: int = Field(ge=1)
    before: str
    """Hash of the entry before it."""
    earlier: int | None = None
    """Number of the last entry about the same function."""

    @property
    def hash(self) -> str:
        """Return the SHA-256 of the entry in one canonical form."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()
