"""The app's home, and the form that asks for the true cause: both windows, not messages."""

from __future__ import annotations

from typing import Any, Final

from bot.commands import ID_PREFIX
from bot.models.replies import GradeWindow, HomeReply
from bot.slack.answers import change_words, incident_words
from bot.slack.blocks import Composer
from bot.slack.elements import button, labelled, plain_text, select, text_input
from bot.slack.escape import Mrkdwn, bold, code, date
from bot.slack.limits import MAX_OPTIONS, MAX_TITLE_CHARS, MAX_VIEW_BLOCKS

SOMETHING_ELSE: Final = "something-else"


def home_view(home: HomeReply) -> dict[str, Any]:
    """Return the home of one person."""
    composer = Composer(max_blocks=MAX_VIEW_BLOCKS, left_out="/lambda status shows more")
    composer.actions(button("Ask why a function fails", f"{ID_PREFIX}ask", "home", style="primary"))
    composer.header("Open incidents")
    for line in home.incidents:
        composer.section(incident_words(line))
    if not home.incidents:
        composer.section(Mrkdwn("🟢 Nothing is open."))
    composer.divider()
    composer.header("Waiting for your approval")
    for change in home.waiting:
        composer.section(change_words(change))
    if not home.waiting:
        composer.section(Mrkdwn("Nothing waits for you."))
    composer.divider()
    composer.header("Recent verdicts")
    for line in home.recent:
        composer.section(incident_words(line))
    if not home.recent:
        composer.section(Mrkdwn("None yet. An alarm, or `/lambda why my-function`, makes the first."))
    composer.note_overflow()
    composer.context(Mrkdwn(f"As of {date(home.at)}; open this page again to see what has changed."))
    return {"type": "home", "blocks": composer.blocks}


def grade_view(window: GradeWindow) -> dict[str, Any]:
    """Return the form that asks what the cause really was."""
    composer = Composer(max_blocks=MAX_VIEW_BLOCKS)
    said = Mrkdwn(f"I said {code(window.said)}.") if window.said else Mrkdwn("I named no cause.")
    composer.section(Mrkdwn(f"{said} {bold('What was it really?')}"))
    causes = [(cause.replace("-", " "), cause) for cause in window.causes if cause != window.said][: MAX_OPTIONS - 1]
    menu = select(f"{ID_PREFIX}value", "Choose the true cause", [*causes, ("something else", SOMETHING_ELSE)])
    composer.entry(labelled("cause", "True cause", menu, is_optional=window.grade == "partly"))
    note = text_input(f"{ID_PREFIX}value", is_multiline=True, placeholder="What gave it away? No secrets, please.")
    composer.entry(labelled("note", "What should I have seen?", note, is_optional=True))
    return {
        "type": "modal",
        "callback_id": f"{ID_PREFIX}{window.grade}",
        "private_metadata": window.incident_id,
        "title": plain_text("Grade the diagnosis", MAX_TITLE_CHARS),
        "submit": plain_text("Keep it", MAX_TITLE_CHARS),
        "close": plain_text("Cancel", MAX_TITLE_CHARS),
        "blocks": composer.blocks,
    }
