"""A report as Slack messages: a pure function of the report, by the name of the part.

The structure is built in Python and not from text templates: a value can then never become structure, whatever it holds, and
the type checker tells escaped text from raw text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.models.incident import Report
from bot.slack.blocks import Excerpt, Message
from bot.slack.chart_plan import chart_plan
from bot.slack.escape import brief
from bot.slack.headline import subject
from bot.slack.root import root_message
from bot.slack.thread import NOTES, PARTS

EXCERPTS: Final = "excerpts"
"""Name of the part that is a file: every text that was too long for its message."""

CHART: Final = "chart"
"""Name of the part that is an image, below the evidence."""

FILES: Final = frozenset({EXCERPTS, CHART})

BROADCAST: Final = frozenset({"worse"})
"""Replies that the channel sees too."""


def render_root(report: Report) -> Message:
    """Return the thread's first message."""
    return root_message(report)


def render_part(report: Report, part: str) -> Message | None:
    """Return a reply by its name, or None when the report has nothing for it."""
    return {**PARTS, **NOTES}[part](report)


def part_names(report: Report) -> tuple[str, ...]:
    """Return the replies that an answer makes, in order; the file comes last, for it completes the others."""
    names = [part for part, make in PARTS.items() if make(report) is not None]
    if chart_plan(report) is not None:
        at = names.index("evidence") + 1 if "evidence" in names else 0
        names.insert(at, CHART)
    if excerpts(report):
        names.append(EXCERPTS)
    return tuple(names)


def excerpts(report: Report) -> tuple[Excerpt, ...]:
    """Return every text that was shown in part or not at all."""
    messages = [render_root(report), *(make(report) for make in PARTS.values())]
    return tuple(dict.fromkeys(excerpt for message in messages if message for excerpt in message.overflow))


def excerpt_file(report: Report, texts: Sequence[Excerpt] | None = None) -> str:
    """Return an attached file: each text whole, under its title; all of the answer's where none are given."""
    kept = excerpts(report) if texts is None else texts
    parts = [f"{brief(subject(report))}, incident {report.incident.id}", *(f"=== {e.title}\n{e.text}" for e in kept)]
    return "\n\n".join(parts) + "\n"
