"""Windows and app homes of the demo's workspace: trigger ids, stacks of three, hashes."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.demo.block_limits import with_ids
from bot.demo.view_limits import view_faults

TRIGGER_LASTS_S: Final = 3.0
"""Source: https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses"""

MAX_STACK: Final = 3
"""Source: https://docs.slack.dev/surfaces/modals"""

MAX_VIEW_BYTES: Final = 250_000
"""Source: https://docs.slack.dev/reference/methods/views.open, error view_too_large"""


class SlackError(Exception):
    """A refusal in Slack's own words."""

    def __init__(self, code: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(frozen=True)
class View:
    """A window or an app home as it stands now."""

    id: str
    user: str
    root_id: str
    previous_id: str | None
    hash: str
    body: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        """Return it as Slack's methods and payloads do."""
        return {
            "id": self.id,
            "team_id": "T0DEMO",
            "app_id": "A0MEDIC",
            "bot_id": "B0MEDIC",
            "hash": self.hash,
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "state": {"values": {}},
            "private_metadata": "",
            "callback_id": "",
            "notify_on_close": False,
            "clear_on_close": False,
            "external_id": "",
            **self.body,
        }


@dataclass
class Views:
    """What is open, by person."""

    stacks: dict[str, list[View]] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    trigger_lasts_s: float = TRIGGER_LASTS_S
    _triggers: dict[str, tuple[str, float]] = field(default_factory=dict)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def new_trigger(self, user: str) -> str:
        """Return a trigger id: good once, for three seconds."""
        trigger = f"{next(self._serial)}.{int(time.time())}.{secrets.token_hex(16)}"
        self._triggers[trigger] = (user, self.clock() + self.trigger_lasts_s)
        return trigger

    def open(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Open a window: it replaces whatever is open."""
        body = _body(arguments, "modal")
        user = self._use(arguments)
        view_id = self._new_id()
        view = View(view_id, user, view_id, None, _hash(), body)
        self.stacks[user] = [view]
        return {"view": view.shown()}

    def push(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Lay a window over the one that is open."""
        body = _body(arguments, "modal")
        user = self._use(arguments)
        stack = self.stacks.get(user) or []
        if not stack:
            raise SlackError("not_found")
        return {"view": self.lay_over(user, body).shown()}

    def update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Give a window new content; its id stays."""
        view_id = str(arguments.get("view_id") or "")
        external_id = str(arguments.get("external_id") or "")
        body = _body(arguments, None)
        for user, stack in self.stacks.items():
            for view in stack:
                if view.id == view_id or (external_id and view.body.get("external_id") == external_id):
                    if arguments.get("hash") not in (None, "", view.hash):
                        raise SlackError("hash_conflict")
                    return {"view": self.replaced(user, view, body).shown()}
        raise SlackError("not_found")

    def publish(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Draw somebody's app home."""
        user = str(arguments.get("user_id") or "")
        if not user:
            raise SlackError("invalid_arguments")
        body = _body(arguments, "home")
        old = self.homes.get(user)
        view_id = old.id if old else self._new_id()
        self.homes[user] = View(view_id, user, view_id, None, _hash(), body)
        return {"view": self.homes[user].shown()}

    def lay_over(self, user: str, body: dict[str, Any]) -> View:
        """Put a window on top of somebody's stack."""
        stack = self.stacks.setdefault(user, [])
        if len(stack) >= MAX_STACK:
            raise SlackError("push_limit_reached")
        view_id = self._new_id()
        view = View(view_id, user, stack[0].id if stack else view_id, stack[-1].id if stack else None, _hash(), body)
        stack.append(view)
        return view

    def replaced(self, user: str, view: View, body: dict[str, Any]) -> View:
        """Give one window of somebody's stack new content."""
        new = View(view.id, user, view.root_id, view.previous_id, _hash(), body)
        stack = self.stacks[user]
        stack[stack.index(view)] = new
        return new

    def top(self, user: str) -> View | None:
        """Return the window that somebody sees."""
        stack = self.stacks.get(user) or []
        return stack[-1] if stack else None

    def close(self, user: str, *, everything: bool = False) -> None:
        """Take the top window away, or all."""
        stack = self.stacks.get(user) or []
        self.stacks[user] = [] if everything else stack[:-1]

    def _use(self, arguments: Mapping[str, Any]) -> str:
        trigger = str(arguments.get("trigger_id") or "")
        if trigger not in self._triggers:
            raise SlackError("invalid_trigger_id")
        user, until = self._triggers[trigger]
        if until == 0:
            raise SlackError("exchanged_trigger_id")
        self._triggers[trigger] = (user, 0.0)
        if self.clock() > until:
            raise SlackError("expired_trigger_id")
        return user

    def _new_id(self) -> str:
        return f"V{next(self._serial):08d}"


def checked_view(body: object, kind: str | None) -> dict[str, Any]:
    """Return a view that Slack would take.

    Raises:
        SlackError: As Slack would refuse.
    """
    if not isinstance(body, dict):
        raise SlackError("invalid_arguments", ("[ERROR] missing required field: view",))
    if faults := view_faults(body, kind):
        raise SlackError("invalid_arguments", tuple(faults))
    if len(str(body).encode()) > MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    return {**body, "blocks": with_ids(body["blocks"])}


def _body(arguments: Mapping[str, Any], kind: str | None) -> dict[str, Any]:
    return checked_view(arguments.get("view"), kind)


def _hash() -> str:
    return f"{int(time.time())}.{secrets.token_hex(4)}"
