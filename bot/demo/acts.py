"""What people do in the demo's Slack; each act goes to the deployed bot as a signed request, and its answer is done as Slack would."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo import slack_directory as directory
from bot.demo.slack_requests import NoAnswerError, SlackRequests
from bot.demo.slack_views import SlackError, View, checked_view
from bot.demo.slack_workspace import Message, Workspace, shown
from bot.errors import InputError

NO_CONNECTION = "We had some trouble connecting. Try again?"
"""Slack's words in a window whose app did not answer."""


@dataclass(frozen=True)
class Acts:
    """People's hands. Each method returns what only the person's own screen has to know; the workspace holds the rest."""

    workspace: Workspace
    requests: SlackRequests
    slack_url: str

    def slash(self, user: str, channel: str, command: str, text: str) -> dict[str, Any]:
        """Send a slash command."""
        form = {
            **self._common(user),
            "command": command,
            "text": text,
            "user_id": user,
            "user_name": self._person(user).handle,
            "team_id": directory.TEAM_ID,
            "team_domain": directory.TEAM_NAME.lower(),
            "channel_id": channel,
            "channel_name": directory.channel_name(channel),
            "response_url": self._response_url(user, channel),
        }
        try:
            answer = self.requests.form(form)
        except NoAnswerError as exc:
            self._slack_says(user, channel, f"{command} failed with the error \u201c{exc}\u201d")
            return {"error": str(exc)}
        if answer.get("text") or answer.get("blocks"):
            try:
                message = self.workspace.composed({**answer, "channel": channel}, ts=self.workspace.new_ts())
            except SlackError as exc:
                self._slack_says(user, channel, f"{command} failed with the error \u201cinvalid_command_response\u201d ({exc.code})")
                return {"error": exc.code}
            only_for = "" if answer.get("response_type") == "in_channel" else user
            self._keep(message, only_for)
        return {}

    def click(self, user: str, where: Mapping[str, str], action: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
        """Use a button or a menu of a message, window or app home."""
        now = f"{time.time():.6f}"
        payload = {
            **self._common(user),
            "type": "block_actions",
            **self._where(user, where),
            "actions": [{**action, "action_ts": now}],
            "state": {"values": dict(state)},
        }
        try:
            self.requests.payload(payload)
        except NoAnswerError as exc:
            return {"error": str(exc)}
        return {}

    def submit(self, user: str, view_id: str, state: Mapping[str, Any]) -> dict[str, Any]:
        """Send the form that a person sees."""
        view = self._view(user, view_id)
        body = {**view.shown(), "state": {"values": dict(state)}}
        try:
            answer = self.requests.payload({**self._common(user), "type": "view_submission", "view": body, "response_urls": []})
        except NoAnswerError:
            return {"error": NO_CONNECTION}
        return self._respond_to_form(user, view, answer)

    def close(self, user: str, view_id: str) -> dict[str, Any]:
        """Close the window that a person sees."""
        view = self._view(user, view_id)
        with self.workspace.lock:
            self.workspace.views.close(user)
            self.workspace.touch()
        if view.body.get("notify_on_close"):
            payload = {**self._common(user), "type": "view_closed", "view": view.shown(), "is_cleared": False}
            try:
                self.requests.payload(payload)
            except NoAnswerError as exc:
                return {"error": str(exc)}
        return {}

    def suggest(self, user: str, where: Mapping[str, str], block_id: str, action_id: str, value: str) -> dict[str, Any]:
        """Ask for the options of a menu as a person types."""
        payload = {
            **self._common(user),
            "type": "block_suggestion",
            **self._where(user, where),
            "block_id": block_id,
            "action_id": action_id,
            "value": value,
        }
        try:
            answer = self.requests.payload(payload)
        except NoAnswerError as exc:
            return {"options": [], "error": str(exc)}
        return {"options": answer.get("options") or [], "option_groups": answer.get("option_groups") or []}

    def open_home(self, user: str) -> dict[str, Any]:
        """Open the app's home."""
        home = self.workspace.views.homes.get(user)
        event = {"type": "app_home_opened", "user": user, "tab": "home", "channel": f"D{user[1:]}", "event_ts": f"{time.time():.6f}"}
        return self._event(user, {**event, **({"view": home.shown()} if home else {})})

    def say(self, user: str, channel: str, text: str, thread_ts: str | None) -> dict[str, Any]:
        """Write a message; the app hears of it only when it is mentioned."""
        mention = f"<@{directory.BOT_USER}>"
        said = text.replace(f"@{directory.BOT_NAME}", mention)
        message = self.workspace.say(channel, user, said, thread_ts=thread_ts)
        if mention not in said:
            return {}
        event = {"type": "app_mention", "user": user, "text": said, "ts": message.ts, "channel": channel, "event_ts": message.ts}
        return self._event(user, {**event, **({"thread_ts": thread_ts} if thread_ts else {})})

    def shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> dict[str, Any]:
        """Use a shortcut on a message."""
        message = self._message(user, channel, ts)
        payload = {
            **self._common(user),
            "type": "message_action",
            "callback_id": callback_id,
            "message_ts": ts,
            "message": shown(message),
            "channel": {"id": channel, "name": directory.channel_name(channel)},
            "response_url": self._response_url(user, channel, ts),
            "action_ts": f"{time.time():.6f}",
        }
        try:
            self.requests.payload(payload)
        except NoAnswerError as exc:
            return {"error": str(exc)}
        return {}

    def ask(self, user: str, callback_id: str) -> dict[str, Any]:
        """Use a shortcut that is about no message."""
        try:
            self.requests.payload({**self._common(user), "type": "shortcut", "callback_id": callback_id, "action_ts": f"{time.time():.6f}"})
        except NoAnswerError as exc:
            return {"error": str(exc)}
        return {}

    def _respond_to_form(self, user: str, view: View, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Do what `response_action` says. Source: https://docs.slack.dev/surfaces/modals#displaying_errors and the sections before it."""
        wanted = answer.get("response_action")
        if wanted == "errors":
            return {"errors": answer.get("errors") or {}}
        views = self.workspace.views
        try:
            with self.workspace.lock:
                if wanted == "update":
                    views.replaced(user, view, checked_view(answer.get("view"), "modal"))
                elif wanted == "push":
                    views.lay_over(user, checked_view(answer.get("view"), "modal"))
                else:
                    views.close(user, everything=wanted == "clear")
                self.workspace.touch()
        except SlackError as exc:
            return {"error": f"{NO_CONNECTION} ({exc.code}: {'; '.join(exc.details)})"}
        return {}

    def _event(self, user: str, event: dict[str, Any]) -> dict[str, Any]:
        body = {
            "type": "event_callback",
            "team_id": directory.TEAM_ID,
            "api_app_id": directory.APP_ID,
            "event": event,
            "event_id": f"Ev{time.time_ns():X}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": directory.TEAM_ID, "user_id": directory.BOT_USER, "is_bot": True}],
        }
        try:
            self.requests.event(body)
        except NoAnswerError as exc:
            return {"error": str(exc)}
        return {}

    def _common(self, user: str) -> dict[str, Any]:
        with self.workspace.lock:
            trigger = self.workspace.views.new_trigger(user)
        known = self._person(user)
        return {
            "api_app_id": directory.APP_ID,
            "team": {"id": directory.TEAM_ID, "domain": directory.TEAM_NAME.lower()},
            "user": {"id": user, "username": known.handle, "name": known.handle, "team_id": directory.TEAM_ID},
            "trigger_id": trigger,
        }

    def _where(self, user: str, where: Mapping[str, str]) -> dict[str, Any]:
        """Return what a payload says about the place of a button."""
        if where.get("view_id"):
            view = self.workspace.views.homes.get(user)
            if view is None or view.id != where["view_id"]:
                view = self._view(user, where["view_id"])
            return {"container": {"type": "view", "view_id": view.id}, "view": view.shown()}
        message = self._message(user, where.get("channel", ""), where.get("ts", ""))
        container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel, "is_ephemeral": bool(message.only_for)}
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        return {
            "container": container,
            "channel": {"id": message.channel, "name": directory.channel_name(message.channel)},
            "message": shown(message),
            "response_url": self._response_url(user, message.channel, message.ts),
        }

    def _message(self, user: str, channel: str, ts: str) -> Message:
        message = self.workspace.messages.get((channel, ts)) or self.workspace.private.get(ts)
        if message is None or message.only_for not in {"", user}:
            raise InputError(f"message {ts} in {channel}: not there for {user}")
        return message

    def _view(self, user: str, view_id: str) -> View:
        view = self.workspace.views.top(user)
        if view is None or view.id != view_id:
            raise InputError(f"window {view_id}: not open for {user}")
        return view

    def _response_url(self, user: str, channel: str, message_ts: str = "") -> str:
        return f"{self.slack_url}/response/{self.workspace.answers.new(user, channel, message_ts)}"

    def _person(self, user: str) -> directory.Person:
        known = directory.person(user)
        if known is None:
            raise InputError(f"person: {user!r} is not known; known: {', '.join(one.id for one in directory.PEOPLE)}")
        return known

    def _keep(self, message: Message, only_for: str) -> None:
        with self.workspace.lock:
            self.workspace.keep(Message(message.channel, message.ts, message.text, message.blocks, only_for=only_for))
            self.workspace.touch()

    def _slack_says(self, user: str, channel: str, text: str) -> None:
        self.workspace.say(channel, directory.SLACKBOT, text, only_for=user)
