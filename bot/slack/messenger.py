"""Reports into Slack: post, edit, reply, attach; and answers through a response URL where the bot is no member."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.errors import DeliveryError
from bot.models.chart import ChartPlan
from bot.models.incident import Incident, Report
from bot.slack.blocks import Message, text_chars
from bot.slack.chart import draw
from bot.slack.chart_plan import chart_plan
from bot.slack.escape import mrkdwn, plain
from bot.slack.limits import MAX_ALT_CHARS, MAX_BLOCKS, MAX_MESSAGE_CHARS
from bot.slack.render import BROADCAST, CHART, EXCERPTS, FILES, excerpt_file, part_names, render_part, render_root
from bot.slack.sending import Mark, Wire, ids_of
from bot.slack.thread import NOTES

logger = logging.getLogger(__name__)

METADATA_TYPE: Final = "lambda_medic_incident"
"""The mark on every message of an incident."""

ROOT: Final = "root"

MAX_RESPONSES: Final = 5
"""Answers that one response URL takes. Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""

NO_FILE: Final = "A file can only be attached in a thread: invite me to the channel and ask again to get the long texts."


@dataclass(frozen=True)
class SlackMessenger:
    """Fills the port Messenger."""

    token: Callable[[], str]
    api_url: str
    chart_image: Callable[[ChartPlan], bytes | None] | None = None
    """Somebody who draws charts better than we do; None from them means that they can't."""
    before_file: Callable[[str], None] = lambda channel: None
    """Waits for the channel's turn: a file that follows its message is one message more."""

    def post(self, report: Report) -> tuple[str, str]:
        """Post the first message into the incident's channel and return the channel's id and the message's."""
        answer = self._wire.post(report.incident.channel, render_root(report), _mark(report, ROOT))
        return str(answer["channel"]), str(answer["ts"])

    def find(self, incident: Incident) -> tuple[str, str] | None:
        """Return the ids of the first message when it stands in the channel already.

        Only a retry after a crash asks. It needs channels:history (groups:history in a private channel), which the manifest does
        not ask for: without it the answer is None.
        """
        messages = self._wire.read("conversations_history", channel=incident.channel, oldest=str(incident.opened_at - 60))
        for message in messages:
            marks = ids_of(message, METADATA_TYPE)
            if marks.get("incident_id") == incident.id and marks.get("part") == ROOT:
                return incident.channel, str(message["ts"])
        return None

    def edit(self, report: Report) -> None:
        """Bring the first message up to date, in place."""
        incident = report.incident
        self._wire.edit(incident.channel, incident.thread_ts, render_root(report), _mark(report, ROOT))

    def show_progress(self, report: Report) -> None:
        """Show in the first message how far the collectors are: at once or not at all, and without a word when Slack refuses."""
        incident = report.incident
        try:
            self._wire.edit_at_once(incident.channel, incident.thread_ts, render_root(report), _mark(report, ROOT))
        except DeliveryError as exc:
            logger.info("progress was not shown", extra={"incident_id": incident.id, "code": exc.code})

    def parts(self, report: Report) -> tuple[str, ...]:
        """Return the names of the replies that the report makes, in order."""
        return part_names(report)

    def posted_parts(self, report: Report) -> frozenset[str]:
        """Return the replies of the report's event that stand in the thread already, as far as the bot may look."""
        incident = report.incident
        messages = self._wire.read("conversations_replies", channel=incident.channel, ts=incident.thread_ts)
        marked = {str(marks["part"]) for message in messages if (marks := ids_of(message, METADATA_TYPE)).get("event") == report.event}
        # A file's message takes no mark; its name tells it.
        names = {file.get("name") for message in messages for file in message.get("files") or [] if isinstance(file, dict)}
        return frozenset(marked | {part for part in FILES if _file_name(report, part) in names})

    def reply(self, report: Report, part: str) -> None:
        """Post one reply into the thread."""
        if part == EXCERPTS:
            self._attach(report, EXCERPTS, excerpt_file(report))
        elif part == CHART:
            self._attach_chart(report)
        elif (message := render_part(report, part)) is not None:
            mark, incident = _mark(report, part), report.incident
            self._wire.post(incident.channel, message, mark, thread_ts=incident.thread_ts, is_broadcast=part in BROADCAST)
            if part in NOTES and message.overflow:
                self.before_file(incident.channel)
                self._attach(report, part, excerpt_file(report, message.overflow))

    def respond(self, response_url: str, report: Report, parts: tuple[str, ...]) -> None:
        """Answer the person who asked where the bot cannot post: first message and replies, seen only by them."""
        rendered = [render_root(report), *(render_part(report, part) for part in parts if part not in FILES)]
        messages = [message for message in rendered if message is not None]
        if any(message.overflow for message in messages):
            messages.append(Message(NO_FILE, ({"type": "context", "elements": [{"type": "plain_text", "text": NO_FILE}]},)))
        for message in joined(messages, MAX_RESPONSES):
            self._wire.respond(response_url, message.text, list(message.blocks))

    def tell(self, response_url: str, text: str) -> None:
        """Say one thing to the person who asked."""
        self._wire.respond(response_url, mrkdwn(text))

    def _attach(self, report: Report, part: str, content: str) -> None:
        incident = report.incident
        text = f"The long excerpts could not be attached (missing scope files:write). They are kept with incident {incident.id}."
        self._wire.attach(
            incident.channel,
            incident.thread_ts,
            filename=_file_name(report, part),
            title="Excerpts in full",
            content=content,
            instead=Message(text, ()),
            mark=_mark(report, part),
        )

    def _attach_chart(self, report: Report) -> None:
        """Attach the chart, or leave it out: it adds to the evidence, and no failure of it may hold the rest of the thread back."""
        incident, plan = report.incident, chart_plan(report)
        image = plan and ((self.chart_image and self.chart_image(plan)) or draw(plan))
        if not plan or not image:
            return
        try:
            self._wire.attach_image(
                incident.channel,
                incident.thread_ts,
                filename=_file_name(report, CHART),
                title=plain(f"{plan.title}, {plan.start:%H:%M} to {plan.end:%H:%M} UTC"),
                alt=plain(plan.alt)[:MAX_ALT_CHARS],
                image=image,
            )
        except DeliveryError as exc:
            logger.warning("chart was not attached", extra={"incident_id": incident.id, "code": exc.code})

    @property
    def _wire(self) -> Wire:
        return Wire(self.token, self.api_url)


def joined(messages: Sequence[Message], limit: int) -> list[Message]:
    """Return at most `limit` messages with the same content, neighbours put together where they fit."""
    out = list(messages)
    while len(out) > limit:
        sizes = [text_chars([*left.blocks, *right.blocks]) for left, right in pairwise(out)]
        at = sizes.index(min(sizes))
        left, right = out[at], out[at + 1]
        both = Message(f"{left.text}\n{right.text}", (*left.blocks, *right.blocks), (*left.overflow, *right.overflow))
        if len(both.blocks) > MAX_BLOCKS or text_chars(list(both.blocks)) > MAX_MESSAGE_CHARS:
            # Nothing fits together any more: the texts alone are far smaller than the blocks.
            both = Message(both.text, ())
        out[at : at + 2] = [both]
    return out


def _file_name(report: Report, part: str) -> str:
    """Return the name of a file, which tells a retry that it stands in the thread already."""
    return f"{report.incident.id}-{report.event}-{part}.{'png' if part == CHART else 'txt'}"


def _mark(report: Report, part: str) -> Mark:
    return Mark(METADATA_TYPE, {"incident_id": report.incident.id, "event": report.event, "part": part})
