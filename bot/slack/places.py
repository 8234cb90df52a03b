"""Links to threads."""

from __future__ import annotations

import re
from typing import Final

from bot.models.incident import Incident, Report
from bot.slack.blocks import Composer
from bot.slack.escape import brief

ARCHIVES: Final = "https://slack.com/archives"
"""Leads to a message in whatever workspace the reader is signed in to; a workspace's own host is not known here.

Source: https://docs.slack.dev/reference/methods/chat.getPermalink
"""


def thread_url(incident: Incident) -> str:
    """Return the address of an incident's thread, or an empty text where it has none."""
    if not re.fullmatch(r"[CDG][A-Z0-9]+", incident.channel) or not re.fullmatch(r"\d+\.\d+", incident.thread_ts):
        return ""
    return f"{ARCHIVES}/{incident.channel}/p{incident.thread_ts.replace('.', '')}"


def add_thread_link(composer: Composer, words: str, report: Report) -> None:
    """Add where the incident that tells of this one is."""
    lead = report.lead
    name = brief((lead.function or lead.title) if lead else report.incident.folded_into)
    url = thread_url(lead) if lead else ""
    composer.places(f"{words} {name}", [("Open the thread", url)] if url else [])
