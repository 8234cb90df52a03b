"""The Slack app manifest: scopes no wider than the methods that the bot calls."""

from __future__ import annotations

from typing import Any, Final

SCOPES_BY_METHOD: Final = {
    "chat.postMessage": ("chat:write", "chat:write.public"),
    "chat.update": ("chat:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
}
"""Web API methods that the bot calls, with the scopes that each needs. Source: docs.slack.dev, page of each method."""

COMMAND_SCOPE: Final = "commands"
"""Needed to register a slash command. Source: https://docs.slack.dev/reference/scopes/commands"""

SLASH_COMMAND: Final = "/lambda"


def bot_scopes() -> list[str]:
    """Return the bot token's scopes, sorted."""
    return sorted({COMMAND_SCOPE, *(scope for scopes in SCOPES_BY_METHOD.values() for scope in scopes)})


def app_manifest(url: str) -> dict[str, Any]:
    """Return the app manifest for a deployment whose public endpoint is `url`.

    Source of the keys: https://docs.slack.dev/reference/app-manifest
    """
    return {
        "display_information": {
            "name": "Lambda Medic",
            "description": "Finds why a Lambda-backed API fails, with the evidence.",
            "background_color": "#1a3d5c",
        },
        "features": {
            "bot_user": {"display_name": "Lambda Medic", "always_online": True},
            "slash_commands": [
                {
                    "command": SLASH_COMMAND,
                    "url": url,
                    "description": "Find why a Lambda function fails",
                    "usage_hint": "why my-function [status] | help",
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": bot_scopes()}},
        "settings": {"org_deploy_enabled": False, "socket_mode_enabled": False, "token_rotation_enabled": False},
    }
