"""The app manifest, compared with what the code really asks of Slack."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.ack.app import MESSAGE_SHORTCUT, build_app
from bot.ack.slash import TOPICS
from bot.ack.windows import ASK
from bot.slack import manifest
from bot.slack.manifest import SCOPES_BY_EVENT, SCOPES_BY_METHOD, UNREQUESTED, app_manifest, bot_scopes

BOT = Path(manifest.__file__).parents[1]

URL = "https://abc.lambda-url.eu-west-1.on.aws/"

MADE_OF = {"files.upload.v2": ("files.getUploadURLExternal", "files.completeUploadExternal")}
"""Methods of slack_sdk that are several of Slack's. Source: slack_sdk/web/client.py, files_upload_v2"""

WEB_METHODS = {
    name: name.replace("_", ".") for name in dir(WebClient) if "_" in name.strip("_") and not name.startswith("_") and name != "api_call"
}
"""Each method of slack_sdk's client with its name in the Web API."""


def called_methods() -> dict[str, str]:
    """Return the Web API methods that the bot's code names, each with one place: as a call, or as text for one."""
    found: dict[str, str] = {}
    for path in sorted(BOT.rglob("*.py")):
        inside = path.relative_to(BOT)
        # The demo plays Slack itself, and the manifest is what is judged here.
        if inside.parts[0] == "demo" or path == Path(manifest.__file__):
            continue
        for name in _named(ast.parse(path.read_text(encoding="utf-8"))):
            for method in MADE_OF.get(name, (name,)):
                found.setdefault(method, str(inside))
    return found


def _named(tree: ast.AST) -> Iterator[str]:
    known = set(WEB_METHODS.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in WEB_METHODS:
            yield WEB_METHODS[node.attr]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in WEB_METHODS:
                yield WEB_METHODS[node.value]
            elif node.value in known:
                yield node.value


class TestScopes:
    def test_every_method_that_is_called_has_its_scopes_in_the_manifest(self) -> None:
        """A new call without its scope would fail in every workspace, and only there."""
        missing = {method: where for method, where in called_methods().items() if method not in {*SCOPES_BY_METHOD, *UNREQUESTED}}

        assert missing == {}, "add the method with its scopes to SCOPES_BY_METHOD in bot/slack/manifest.py"

    def test_no_scope_is_asked_for_a_method_that_nobody_calls(self) -> None:
        """A scope that is not used is a risk for nothing."""
        assert {*SCOPES_BY_METHOD, *UNREQUESTED} - set(called_methods()) == set()

    def test_every_event_is_listened_to_and_none_but_those(self) -> None:
        """Slack would otherwise send what nobody answers, or never send what is waited for."""
        source = ast.parse(Path(build_app.__code__.co_filename).read_text(encoding="utf-8"))
        listened = {
            call.args[0].value
            for call in ast.walk(source)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "event"
            if isinstance(call.args[0], ast.Constant)
        }

        assert listened == set(SCOPES_BY_EVENT)

    def test_no_scope_lets_the_bot_read_or_administer(self) -> None:
        """What people write in their channels is none of the bot's business, unless they call it."""
        assert [scope for scope in bot_scopes() if "history" in scope or scope.startswith("admin")] == []


class TestManifest:
    def test_everything_that_slack_calls_has_the_address(self) -> None:
        """Commands, clicks, type-ahead and events all go to one place."""
        made = app_manifest(URL)

        assert made["features"]["slash_commands"][0]["url"] == URL
        assert made["settings"]["interactivity"] == {"is_enabled": True, "request_url": URL, "message_menu_options_url": URL}
        assert made["settings"]["event_subscriptions"] == {"request_url": URL, "bot_events": ["app_home_opened", "app_mention"]}
        assert made["settings"]["socket_mode_enabled"] is False

    def test_through_a_socket_there_is_no_address(self) -> None:
        """Slack refuses a manifest with Socket Mode and an address that it cannot verify."""
        made = app_manifest(socket_mode=True)

        assert "url" not in made["features"]["slash_commands"][0]
        assert made["settings"]["interactivity"] == {"is_enabled": True}
        assert made["settings"]["event_subscriptions"] == {"bot_events": ["app_home_opened", "app_mention"]}
        assert made["settings"]["socket_mode_enabled"] is True

    def test_an_app_that_slack_cannot_reach_is_refused(self) -> None:
        """Neither an address nor a socket."""
        with pytest.raises(ValueError, match="Socket Mode"):
            app_manifest()

    def test_the_hint_names_every_subcommand(self) -> None:
        """What the box shows while somebody types."""
        hint = app_manifest(URL)["features"]["slash_commands"][0]["usage_hint"]

        assert {"why", *TOPICS} - set(hint.replace("[", " ").replace("]", " ").split()) == set()

    def test_shortcuts_are_those_that_the_endpoint_answers(self) -> None:
        """The ids meet in Slack's requests; lengths are Slack's limits."""
        shortcuts = app_manifest(URL)["features"]["shortcuts"]

        assert {(one["type"], one["callback_id"]) for one in shortcuts} == {("message", MESSAGE_SHORTCUT), ("global", ASK)}
        assert all(len(one["name"]) <= 24 and len(one["description"]) <= 150 for one in shortcuts)

    def test_the_home_is_on(self) -> None:
        """And the talk with the bot can be read, for answers go there."""
        home = app_manifest(URL)["features"]["app_home"]

        assert home["home_tab_enabled"]
        assert home["messages_tab_enabled"]
