"""Who owns a function, by its tags: a mention only where the tag's value is an id that Slack gave out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bot.models.incident import Report
from bot.slack.escape import Mrkdwn, mrkdwn, short

OWNER_TAGS: Final = ("slack", "owner", "team")
"""Keys that are read, in any case; the first one that mentions somebody does it alone, so that one fault pings once."""

USER_ID: Final = re.compile(r"[UW](?=[A-Z]*[0-9])[A-Z0-9]{8,12}")
GROUP_ID: Final = re.compile(r"S(?=[A-Z]*[0-9])[A-Z0-9]{8,12}")
"""Ids have at least nine characters and a digit among them, so that a team called SUPPORTDESK is no group.

Source: https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
"""


def owner(report: Report) -> Mrkdwn:
    """Return the owner as a mention, else as plain words, empty where no tag names one."""
    tags = {key.lower(): value for key, value in (_tags(report) or {}).items()}
    values = [str(tags[key]) for key in OWNER_TAGS if tags.get(key)]
    return next((live for value in values if (live := mention(value))), mrkdwn(short(values[0], 140)) if values else Mrkdwn(""))


def mention(value: str) -> Mrkdwn:
    """Return the mention of a user or group by its id, with or without an @ before it; empty for anything else."""
    name = value.strip().removeprefix("@")
    if USER_ID.fullmatch(name):
        return Mrkdwn(f"<@{name}>")
    return Mrkdwn(f"<!subteam^{name}>") if GROUP_ID.fullmatch(name) else Mrkdwn("")


def _tags(report: Report) -> Mapping[str, str] | None:
    return report.findings.evidence.tags if report.findings else None
