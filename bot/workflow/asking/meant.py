"""What a person means who names no function of the account: an alarm, an API, or a function with a slip of the finger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.alarms.named import alarm_named, near_misses, targets_behind_api
from bot.models.alarm import Alarm
from bot.models.incident_file import Client
from bot.models.window import Window
from bot.question import Question
from bot.workflow.asking.desk import AskDesk
from bot.workflow.examine import Subject


@dataclass(frozen=True)
class Meant:
    """What was found under a name. Nothing set but `suggestions`: the name is unknown."""

    alarm: Alarm | None = None
    subject: Subject | None = None
    suggestions: tuple[str, ...] = ()


def meant_by(desk: AskDesk, asked: Question) -> Meant | None:
    """Return what a name means beside a function, or None where it is a function's, or nobody knows the functions."""
    known = desk.directory.refresh()
    if not known or asked.function_name in known or asked.account_id or asked.region not in (None, desk.desk.region):
        return None
    now, region = desk.desk.clock.now(), asked.region or desk.desk.region or None
    alarm = alarm_named(asked.function_name, desk.desk.aws, region=region, now=now)
    if alarm is not None:
        return Meant(alarm=alarm)
    targets = targets_behind_api(asked.function_name, desk.desk.aws, region=region, account_id=None)
    if targets:
        names = ", ".join(dict.fromkeys(target.function_name or "" for target in targets))
        more = (f"{len(targets)} functions are behind {asked.function_name} ({names}); this is the first",) if len(targets) > 1 else ()
        window = Window(start=now - timedelta(minutes=asked.since_minutes), end=now)
        client = Client(status=asked.status) if asked.status else None
        return Meant(subject=Subject(targets[0], window, client=client, notes=more))
    return Meant(suggestions=near_misses(asked.function_name, known))
