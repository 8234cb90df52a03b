"""The change store in DynamoDB: offers, changes, and the one right to change a function.

Items by key: `offer#<id>`, `change#<id>`, `changes#<incident>` (a set of ids), `open-changes` (a set of ids), `lock#<hash of the ARN>`.
A change is written on the version that was read, and on no other. The sets are changed by one atomic update each.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from bot.aws.table import Condition, Table
from bot.errors import ChangeRacedError, StateError
from bot.models.change import Change, ChangeState, Offered
from bot.ports import Clock

OFFER_RETENTION_S: Final = 30 * 24 * 3600
"""As long as the incident's own evidence is kept."""

CHANGE_RETENTION_S: Final = 400 * 24 * 3600
"""A year's audit still finds what each entry is about."""

LOCK_RETENTION_S: Final = 24 * 3600
"""After its lease a lock says nothing; the item goes a day later."""

UNDER_WAY: Final[frozenset[ChangeState]] = frozenset({"pending", "approved", "applying", "undoing"})
"""A sweep must find a change in one of these states, whatever dies: it is listed before it is written."""

OPEN: Final = "open-changes"

KEYS: Final = ("change#", "changes#", OPEN, "lock#")
"""What only the changing worker writes; template.yaml refuses it to the others."""

_NEW: Final = Condition("attribute_not_exists(#pk)")


@dataclass(frozen=True)
class DynamoChangeStore:
    """Fills the port ChangeStore."""

    table: Table
    clock: Clock

    def keep_offer(self, offered: Offered) -> None:
        """Keep where an offer's button leads; keeping it twice changes nothing."""
        self.table.put(f"offer#{offered.id}", {"content": offered.model_dump_json(), "expires_at": self._after(OFFER_RETENTION_S)}, _NEW)

    def offer(self, offer_id: str) -> Offered | None:
        """Return where an offer's button leads."""
        item = self.table.get(f"offer#{offer_id}")
        return None if item is None else _read(Offered, item, offer_id)

    def add_change(self, change: Change) -> Change:
        """Add a change, or return it as it stands when it was added before."""
        stands = change if self._put(change, uuid.uuid4().hex, _NEW) else self._known(change.id)
        # Also the second time: the worker before this one may have died in between.
        self.table.add(f"changes#{change.incident_id}", "ids", change.id, expires_at=self._after(CHANGE_RETENTION_S))
        if stands.state in UNDER_WAY:
            self.table.add(OPEN, "ids", change.id)
        return stands

    def change_of(self, change_id: str) -> Change | None:
        """Return a change as it stands."""
        item = self.table.get(f"change#{change_id}")
        return None if item is None else _read(Change, item, change_id)

    def swap(self, change: Change) -> Change:
        """Write a change if its version still is the stored one, and return it with the next version.

        Raises:
            ChangeRacedError: Another worker wrote it since it was read, or it is not there.
        """
        if change.state in UNDER_WAY:
            self.table.add(OPEN, "ids", change.id)
        written, writer = change.model_copy(update={"version": change.version + 1}), uuid.uuid4().hex
        if self._put(written, writer, Condition("#version = :seen", {"seen": change.version})):
            return written
        stored = self.table.get(f"change#{change.id}")
        # An answer that was lost lets the SDK send the write again, which then meets itself.
        if stored is not None and stored.get("writer") == writer:
            return written
        found = "none" if stored is None else stored.get("version")
        raise ChangeRacedError(f"{change.id}: version {change.version} was read, the table has {found}")

    def changes_of(self, incident_id: str) -> tuple[Change, ...]:
        """Return the changes of an incident, oldest first."""
        ids = (self.table.get(f"changes#{incident_id}") or {}).get("ids", ())
        changes = filter(None, map(self.change_of, ids))
        return tuple(sorted(changes, key=lambda change: (change.requested_at, change.id)))

    def open_changes(self) -> tuple[str, ...]:
        """Return the ids of the changes that a sweep has to look at; one that expired from the table may still be among them."""
        return tuple(sorted((self.table.get(OPEN) or {}).get("ids", ())))

    def close_change(self, change_id: str) -> None:
        """Take a change off the list of open ones."""
        self.table.discard(OPEN, "ids", change_id)

    def lock(self, function_arn: str, change_id: str, *, lease_s: float) -> bool:
        """Take the one right to change a function. False: another change has it. The same change may take it again."""
        now = self._now()
        free = Condition(
            "attribute_not_exists(#pk) OR #holder = :holder OR #held_until < :now",
            {"holder": change_id, "now": now},
        )
        values = {
            "arn": function_arn,
            "holder": change_id,
            "held_until": now + lease_s,
            "expires_at": self._after(lease_s + LOCK_RETENTION_S),
        }
        return self.table.put(_lock_key(function_arn), values, free)

    def unlock(self, function_arn: str, change_id: str) -> None:
        """Give the right back; another's stays."""
        self.table.change(_lock_key(function_arn), {"held_until": 0}, Condition("#holder = :holder", {"holder": change_id}))

    def _put(self, change: Change, writer: str, condition: Condition) -> bool:
        values: dict[str, object] = {
            "content": change.model_dump_json(),
            "version": change.version,
            "state": change.state,
            "writer": writer,
            "expires_at": self._after(CHANGE_RETENTION_S),
        }
        return self.table.put(f"change#{change.id}", values, condition)

    def _known(self, change_id: str) -> Change:
        found = self.change_of(change_id)
        if found is None:
            raise StateError(f"{change_id}: was there a moment ago and is gone")
        return found

    def _now(self) -> float:
        return self.clock.now().timestamp()

    def _after(self, seconds: float) -> int:
        return int(self._now() + seconds)


def _read(model: Any, item: dict[str, Any], name: str) -> Any:
    try:
        return model.model_validate_json(item["content"])
    except (KeyError, ValidationError) as exc:
        raise StateError(f"{name}: what the table holds is no {model.__name__.lower()}: {exc}") from exc


def _lock_key(function_arn: str) -> str:
    return f"lock#{hashlib.sha256(function_arn.encode()).hexdigest()[:32]}"
