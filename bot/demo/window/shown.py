"""Joins the two sides that the page shows, the demo's Slack and the local AWS, and carries out what people do in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.demo import scenario
from bot.demo import slack_directory as directory
from bot.demo.acts import Acts
from bot.demo.slack_workspace import Workspace
from bot.demo.window import snapshot
from bot.errors import BotError, InputError


class AwsSide(Protocol):
    """What the AWS panel shows."""

    def shown(self) -> dict[str, Any]:
        """Return the last state that was read."""


@dataclass
class Window:
    """Fills the port of the page's server."""

    workspace: Workspace
    acts: Acts
    aws: AwsSide
    break_something: Callable[[str], object]
    """Plays a scenario's first half: something breaks and its alarm fires."""
    function_url: str = ""
    _states: dict[str, str] = field(default_factory=dict)

    def snapshot(self) -> dict[str, Any]:
        """Return all that is shown."""
        known = [(name, scenario.load(name).title) for name in scenario.names()]
        return {
            "team": directory.TEAM_NAME,
            "people": snapshot.people(),
            "app": {"user": directory.BOT_USER, "name": directory.BOT_NAME},
            **directory.features(self.function_url),
            **snapshot.slack_side(self.workspace),
            "scenarios": snapshot.scenarios(known, dict(self._states)),
            "aws": self.aws.shown(),
        }

    def wait_for_change(self, version: int, within_s: float) -> int:
        """Wait until something changes."""
        return self.workspace.wait_for_change(version, within_s)

    def file(self, file_id: str) -> tuple[str, str, bytes] | None:
        """Return a file's type, name and content."""
        found = self.workspace.files.complete.get(file_id)
        return (found.mimetype, found.name, found.content) if found else None

    def act(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do what somebody does in the page."""
        kind, user = str(asked.get("kind")), str(asked.get("user") or "")
        if kind == "scenario":
            return self._break(str(asked["name"]))
        doing = self._doing(user, asked).get(kind)
        if doing is None:
            raise InputError(f"kind: {kind!r} is nothing that can be done here")
        return doing()

    def _doing(self, user: str, asked: Mapping[str, Any]) -> dict[str, Callable[[], dict[str, Any]]]:
        acts = self.acts
        where: dict[str, str] = {key: str(value) for key, value in (asked.get("where") or {}).items()}
        return {
            "slash": lambda: acts.slash(user, asked["channel"], asked["command"], asked["text"]),
            "say": lambda: acts.say(user, asked["channel"], asked["text"], asked.get("thread_ts")),
            "click": lambda: acts.click(user, where, asked["action"], asked.get("state") or {}),
            "submit": lambda: acts.submit(user, asked["view_id"], asked.get("state") or {}),
            "close": lambda: acts.close(user, asked["view_id"]),
            "suggest": lambda: acts.suggest(user, where, asked["block_id"], asked["action_id"], asked.get("value") or ""),
            "home": lambda: acts.open_home(user),
            "ask": lambda: acts.ask(user, asked["callback_id"]),
            "shortcut": lambda: acts.shortcut(user, asked["callback_id"], asked["channel"], asked["ts"]),
        }

    def _break(self, name: str) -> dict[str, Any]:
        one = scenario.load(name)
        if self._states.get(name) in {"breaking", "broken"}:
            raise InputError(f"{one.function.name} is broken already; its thread is in the channel")
        self._states[name] = "breaking"
        self.workspace.touch()
        threading.Thread(target=self._break_now, args=(name,), name=f"break-{name}", daemon=True).start()
        return {}

    def _break_now(self, name: str) -> None:
        try:
            self.break_something(name)
            self._states[name] = "broken"
        except BotError as exc:
            self._states[name] = f"failed: {exc}"
        self.workspace.touch()
