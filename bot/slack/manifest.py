"""The Slack app manifest: scopes no wider than the methods that the bot calls and the features that it registers."""

from __future__ import annotations

from typing import Any, Final

SCOPES_BY_METHOD: Final[dict[str, tuple[str, ...]]] = {
    "auth.test": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write", "chat:write.public"),
    "chat.update": ("chat:write",),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "usergroups.users.list": ("usergroups:read",),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
"""Web API methods that the bot calls, with the scopes that each needs. Source: docs.slack.dev, page of each method."""

UNREQUESTED: Final[dict[str, str]] = {
    "conversations.history": "finds a thread again after a crash; its scope would let the bot read all of a channel",
    "conversations.replies": "finds replies again after a crash; its scope would let the bot read all of a channel",
}
"""Methods that are called and do without their scope: they fail, and the bot goes on. Whoever wants them adds the scope."""

SCOPES_BY_EVENT: Final[dict[str, tuple[str, ...]]] = {"app_home_opened": (), "app_mention": ("app_mentions:read",)}
"""Events that the bot is told of. Source: docs.slack.dev, page of each event."""

COMMAND_SCOPE: Final = "commands"
"""Needed for slash commands and shortcuts. Source: https://docs.slack.dev/reference/scopes/commands"""

SLASH_COMMAND: Final = "/lambda"

USAGE_HINT: Final = "why [fn] [status] [since] | status | history fn | playbooks | mute fn 1h | unmute fn | audit fn | help"

SHORTCUTS: Final = (
    {
        "name": "Why?",
        "type": "message",
        "callback_id": "medic.message",
        "description": "Find why the function or alarm in this message fails",
    },
    {"name": "Ask why it fails", "type": "global", "callback_id": "medic.ask", "description": "Choose a function and find why it fails"},
)
"""The endpoint answers to these callback ids. Names have 24 characters at most. Source: https://docs.slack.dev/reference/app-manifest"""


def bot_scopes() -> list[str]:
    """Return the bot token's scopes, sorted."""
    needed = [*SCOPES_BY_METHOD.values(), *SCOPES_BY_EVENT.values()]
    return sorted({COMMAND_SCOPE, *(scope for scopes in needed for scope in scopes)})


def app_manifest(url: str | None = None, *, socket_mode: bool = False) -> dict[str, Any]:
    """Return the app manifest for a deployment whose public endpoint is `url`, or for one that Slack reaches through a socket.

    Source of the keys: https://docs.slack.dev/reference/app-manifest

    Raises:
        ValueError: There is neither an address nor a socket.
    """
    if not url and not socket_mode:
        raise ValueError("url: Slack needs the address of the public endpoint, unless Socket Mode is on")
    return {
        "display_information": {
            "name": "Lambda Medic",
            "description": "Finds why a Lambda-backed API fails, with the evidence.",
            "background_color": "#1a3d5c",
        },
        "features": {
            # Answers to a question that was asked from no channel go to the messages tab; nothing typed there is read.
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": True},
            "bot_user": {"display_name": "Lambda Medic", "always_online": True},
            "shortcuts": [dict(shortcut) for shortcut in SHORTCUTS],
            "slash_commands": [
                {
                    "command": SLASH_COMMAND,
                    **_at("url", url, socket_mode),
                    "description": "Find why a Lambda function fails",
                    "usage_hint": USAGE_HINT,
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": bot_scopes()}},
        "settings": {
            "event_subscriptions": {**_at("request_url", url, socket_mode), "bot_events": sorted(SCOPES_BY_EVENT)},
            "interactivity": {
                "is_enabled": True,
                **_at("request_url", url, socket_mode),
                **_at("message_menu_options_url", url, socket_mode),
            },
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }


def _at(key: str, url: str | None, socket_mode: bool) -> dict[str, str]:
    """Return an address under its key; through a socket there are none."""
    return {} if socket_mode or not url else {key: url}
