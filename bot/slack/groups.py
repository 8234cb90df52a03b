"""Slack's user groups: who is in one now."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from bot.errors import DeliveryError
from bot.slack.sending import Wire, called

REMEMBERED_S: Final = 30.0
"""Our own: for so long somebody who left a group may still act for it; several clicks in a row ask Slack once."""


@dataclass(frozen=True)
class SlackGroups:
    """Fills the port Groups."""

    token: Callable[[], str]
    api_url: str
    seconds: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def members(self, group_id: str) -> frozenset[str]:
        """Return the user ids of a group.

        Raises:
            DeliveryError: It cannot be read, or does not exist; what was known before does not count then.
        """
        now = self.seconds()
        known = self._known.get(group_id)
        if known is not None and now - known[0] < REMEMBERED_S:
            return known[1]
        members = self._read(group_id)
        self._known[group_id] = (now, members)
        return members

    def _read(self, group_id: str) -> frozenset[str]:
        if not re.fullmatch(r"S[A-Z0-9]{2,20}", group_id):
            raise DeliveryError("no_such_subteam", f"{group_id[:40]!r} is no id of a user group")
        client = Wire(self.token, self.api_url).client(is_repeatable=True)
        answer = called(lambda: client.usergroups_users_list(usergroup=group_id))
        users: Any = answer.get("users")
        if not isinstance(users, list):
            raise DeliveryError("invalid_answer", f"usergroups.users.list of {group_id} holds no users")
        return frozenset(str(user) for user in users)
