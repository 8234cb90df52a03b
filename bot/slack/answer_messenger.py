"""Answers on their way to one person."""

from __future__ import annotations

from dataclasses import dataclass

from bot.models.replies import GradeWindow, HomeReply, Reply
from bot.slack.answers import render_reply
from bot.slack.home import grade_view, home_view
from bot.slack.sending import Wire, called


@dataclass(frozen=True)
class SlackAnswerMessenger:
    """Fills the port AnswerMessenger."""

    wire: Wire

    def answer(self, response_url: str, reply: Reply) -> None:
        """Answer so that only the person who asked sees it."""
        message = render_reply(reply)
        self.wire.respond(response_url, message.text, list(message.blocks))

    def answer_person(self, channel: str, thread_ts: str, user_id: str, reply: Reply) -> None:
        """The same where there is no response URL."""
        message = render_reply(reply)
        client = self.wire.client(is_repeatable=False)
        thread = thread_ts or None
        called(
            lambda: client.chat_postEphemeral(
                channel=channel, user=user_id, text=message.text, blocks=list(message.blocks), thread_ts=thread
            )
        )

    def publish_home(self, user_id: str, home: HomeReply) -> None:
        """Draw the app's home of a person."""
        client = self.wire.client(is_repeatable=True)
        called(lambda: client.views_publish(user_id=user_id, view=home_view(home)))

    def show_grade(self, view_id: str, window: GradeWindow) -> None:
        """Fill the window that asks for the true cause."""
        client = self.wire.client(is_repeatable=True)
        called(lambda: client.views_update(view_id=view_id, view=grade_view(window)))
