"""Which incident an alarm belongs to: the one that is open for its function, or a new one."""

from __future__ import annotations

from typing import Final

from bot.alarms.target import ResolvedTarget
from bot.models.alarm import Alarm
from bot.models.incident import Incident, incident_id_of
from bot.models.incident_file import Target
from bot.workflow.desk import Case
from bot.workflow.identity import alarm_identity, group_of, note_of
from bot.workflow.routing import Routed, channel_for
from bot.workflow.tags import read_tags
from bot.workflow.thread import known_incident

REOPEN_S: Final = 1800.0
"""An alarm that fires so soon after its incident recovered flaps: it is the same incident."""


def incident_of_alarm(case: Case, alarm: Alarm, found: ResolvedTarget | None) -> Incident:
    """Return the incident that a firing alarm belongs to, with the alarm noted in it. `found` is None where the search itself failed."""
    store, own = case.desk.store, incident_id_of(case.claim.key)
    at = alarm.changed_at.timestamp()
    known = case.noted("incident")
    if known is None:
        target = found.best if found else None
        # Before the joining: an incident that something points at must exist. One that nothing points at expires.
        store.create(_new_incident(case, alarm, target))
        known = store.join(group_of(alarm, target), own, at=at, open_s=case.desk.open_s, reopen_s=REOPEN_S)
        recovered_at = store.attach(alarm_identity(alarm), known, fired_at=at)
        store.note_alarm(known, note_of(alarm))
        if recovered_at is not None and recovered_at > at:
            # SQS handed the OK over before the failure that it ended.
            store.note_alarm(known, note_of(alarm, "OK", recovered_at))
        case.note("incident", known)
    return known_incident(case, known)


def _new_incident(case: Case, alarm: Alarm, target: Target | None) -> Incident:
    function = (target.function_name if target else None) or ""
    region = (target.region if target else None) or alarm.region or case.desk.region
    account = (target.account_id if target else None) or alarm.account_id or ""
    routed = Routed(function, alarm.name, account, lambda: read_tags(case.desk.aws, function, region, account))
    return Incident(
        id=incident_id_of(case.claim.key),
        origin="alarm",
        title=alarm.name,
        opened_at=case.now,
        channel=channel_for(case.desk.routes(), routed, case.desk.channel),
        function=function,
        account=account,
        region=region,
        alarm_arn=alarm_identity(alarm),
    )
