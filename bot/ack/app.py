"""The Bolt app: which kind of request is answered by what."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from slack_bolt import App, BoltContext, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError

from bot.ack.answers import Answers
from bot.ack.payload import text_at
from bot.ack.windows import ASK
from bot.commands import ID_PREFIX

logger = logging.getLogger(__name__)

ANY: Final = re.compile(r"")
"""A workspace may name the command as it likes, and which ids are ours is judged where the command is made."""

MESSAGE_SHORTCUT: Final = f"{ID_PREFIX}message"

SIGNED: Final = "lambda_medic_signed"
"""Key in Bolt's context: what tells this request from others where Slack sent no id with it."""


def build_app(answers: Answers) -> App:
    """Return the Bolt app. Requests reach it with their signature already checked."""
    app = App(
        name="lambda-medic",
        logger=logging.getLogger("bot.ack.bolt"),
        process_before_response=True,
        # A token would make Bolt call auth.test while it is built.
        authorize=_authorize,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        raise_error_for_unhandled_request=True,
    )

    def of(context: BoltContext) -> Answers:
        return answers.of(str(context.get(SIGNED) or ""))

    @app.command(ANY)
    def answer_command(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        return of(context).command(body)

    @app.action(ANY)
    def answer_click(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        return of(context).click(body)

    @app.view_submission(ANY)
    def answer_form(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        return of(context).form(body)

    @app.view_closed(ANY)
    def answer_closing() -> BoltResponse:
        return BoltResponse(status=200, body="")

    @app.options(ANY)
    def answer_options(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        return of(context).options(body)

    @app.message_shortcut(MESSAGE_SHORTCUT)
    def answer_message(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        return of(context).message(body)

    @app.global_shortcut(ASK)
    def answer_shortcut(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        return of(context).shortcut(body)

    @app.event("app_mention")
    def answer_mention(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        return of(context).mention(body)

    @app.event("app_home_opened")
    def answer_home(body: dict[str, Any], context: BoltContext) -> BoltResponse:
        return of(context).home(body)

    @app.error
    def answer_error(error: Exception, body: dict[str, Any]) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            facts = {"type": text_at(body, "type")[:40], "of": (text_at(body, "callback_id") or text_at(body, "event", "type"))[:40]}
            logger.warning("request was of no kind that is handled", extra=facts)
            # An event that was subscribed to beyond the manifest: refusing it would make Slack repeat it, and end the subscription.
            return BoltResponse(status=200 if body.get("type") == "event_callback" else 404, body="")
        logger.error("request failed", exc_info=error)
        return BoltResponse(status=500, body="")

    return app


def _authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)
