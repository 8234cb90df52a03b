"""All that the page shows, as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.demo import slack_directory as directory
from bot.demo.slack_files import File
from bot.demo.slack_workspace import Message, Workspace


def people() -> list[dict[str, str]]:
    """Return everybody who can be seen, the app and Slack itself included."""
    shown = [
        {"id": p.id, "name": p.name, "role": p.role, "initials": p.initials, "color": p.color, "kind": "person"} for p in directory.PEOPLE
    ]
    app = {"id": directory.BOT_USER, "name": directory.BOT_NAME, "role": "", "initials": "λ", "color": "#1a3d5c", "kind": "app"}
    slackbot = {"id": directory.SLACKBOT, "name": "Slackbot", "role": "", "initials": "S", "color": "#e01e5a", "kind": "slackbot"}
    return [*shown, app, slackbot]


def slack_side(workspace: Workspace) -> dict[str, Any]:
    """Return channels, messages, windows and homes as they stand now."""
    with workspace.lock:
        views = {user: [view.shown() for view in stack] for user, stack in workspace.views.stacks.items() if stack}
        homes = {user: view.shown() for user, view in workspace.views.homes.items()}
        messages = [_message(message) for message in workspace.all_messages()]
        files = {file.id: _file(file) for file in workspace.files.complete.values()}
    channels = [{"id": channel, "name": directory.channel_name(channel)} for channel in workspace.channels]
    return {"channels": channels, "messages": messages, "views": views, "homes": homes, "files": files}


def _message(message: Message) -> dict[str, Any]:
    return {
        "channel": message.channel,
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": list(message.blocks),
        "thread_ts": message.thread_ts,
        "files": [file.id for file in message.files],
        "edits": message.edits,
        "only_for": message.only_for,
        "is_broadcast": message.is_broadcast,
    }


def _file(file: File) -> dict[str, Any]:
    size = len(file.content)
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "alt": file.alt_text,
        "size": size,
        "image": file.is_image,
        "preview": file.preview,
    }


def scenarios(known: Sequence[tuple[str, str]], state: dict[str, str]) -> list[dict[str, str]]:
    """Return the menu of what can be broken."""
    return [{"name": name, "title": title, "state": state.get(name, "")} for name, title in known]
