"""Who and what is in the demo's workspace: people, the app, channels, and the scopes that the app was installed with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bot.ack.slash import TOPICS, WHY
from bot.ack.wording import HELP
from bot.slack.manifest import SLASH_COMMAND, app_manifest, bot_scopes

TEAM_ID: Final = "T0DEMO"
TEAM_NAME: Final = "Demo"

APP_ID: Final = "A0MEDIC"
BOT_ID: Final = "B0MEDIC"
BOT_USER: Final = "U0MEDIC"
BOT_NAME: Final = "Lambda Medic"

SLACKBOT: Final = "USLACKBOT"
"""Says what Slack itself has to say."""


@dataclass(frozen=True)
class Person:
    """Somebody in the workspace."""

    id: str
    handle: str
    name: str
    role: str
    color: str
    """Of the square with the initials."""

    @property
    def initials(self) -> str:
        """Return what stands in the square."""
        return "".join(word[0] for word in self.name.split()[:2])


PEOPLE: Final = (
    Person("U0ONCALL", "olivia", "Olivia Reyes", "on-call", "#4a154b"),
    Person("U0APPROVER", "arjun", "Arjun Mehta", "approver", "#1164a3"),
    Person("U0STRANGER", "sam", "Sam Novak", "stranger", "#b35c00"),
)

GROUPS: Final[dict[str, tuple[str, ...]]] = {"S0PLATFORM": ("U0APPROVER",)}
"""User groups with their members."""

CHANNEL_NAMES: Final = {"C0INCIDENTS": "incidents", "C0GENERAL": "general"}

METHOD_SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "auth.test": (),
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.replies": ("channels:history", "groups:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "usergroups.users.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "views.open": (),
    "views.update": (),
    "views.push": (),
    "views.publish": (),
}
"""What each method needs; any one of several scopes will do. Source: docs.slack.dev/reference/methods, the page of each method."""


def person(user_id: str) -> Person | None:
    """Return somebody by id."""
    return next((one for one in PEOPLE if one.id == user_id), None)


def conversation_with(user_id: str) -> str:
    """Return the id of the app's own conversation with a person: its messages tab."""
    return f"D{user_id[1:]}"


def channel_name(channel: str) -> str:
    """Return a channel's name without its #."""
    return CHANNEL_NAMES.get(channel, channel.lower())


def installed_scopes() -> frozenset[str]:
    """Return the scopes that the app's own manifest asks for: the demo's Slack grants these and no others."""
    return frozenset(bot_scopes())


def subcommands() -> list[dict[str, str]]:
    """Return the words that may follow the slash command, with the help's own explanation."""
    lines = [line.removeprefix("• `{command} ").partition("`: ") for line in HELP.splitlines() if line.startswith("• `{command} ")]
    hints = {usage.split()[0]: text for usage, _, text in reversed(lines)}
    return [{"name": name, "hint": hints.get(name, "").replace("`", "").replace("{command}", SLASH_COMMAND)} for name in (WHY, *TOPICS)]


def features(url: str) -> dict[str, Any]:
    """Return what the app's own manifest adds to Slack: slash commands and shortcuts."""
    declared = app_manifest(url)["features"]
    commands = [{"command": one["command"], "hint": one.get("usage_hint", "")} for one in declared.get("slash_commands", [])]
    shortcuts = [{"callback_id": one["callback_id"], "name": one["name"], "type": one["type"]} for one in declared.get("shortcuts", [])]
    return {"subcommands": subcommands(), "commands": commands or [{"command": SLASH_COMMAND, "hint": ""}], "shortcuts": shortcuts}
