"""The app's home: what is open, what waits for this person, and what was said lately."""

from __future__ import annotations

from typing import Final

from bot.models.replies import HomeReply
from bot.workflow.asking.desk import AskDesk
from bot.workflow.asking.lines import change_line, incident_line
from bot.workflow.asking.people import may_decide

SHOWN: Final = 10


def home_of(desk: AskDesk, user_id: str) -> HomeReply:
    """Return the home of a person."""
    open_now = desk.index.open_incidents()
    return HomeReply(
        incidents=tuple(incident_line(desk, incident) for incident in open_now[:SHOWN]),
        waiting=tuple(change_line(change) for change in desk.waiting() if may_decide(desk, change, user_id))[:SHOWN],
        recent=tuple(incident_line(desk, incident) for incident in desk.index.recent_incidents(SHOWN)),
        at=desk.desk.clock.now().timestamp(),
    )
