"""A plan's window was sent: the plan is made again from the live state, and what it is now is asked for in the incident's thread."""

from __future__ import annotations

import logging
from typing import Final

from bot.commands import ClickCommand
from bot.errors import DeliveryError, InputError, RefusedError, RemediationError, TargetNotFoundError
from bot.models.change import Change, ChangeState, change_id_of
from bot.models.plan import RemediationPlan
from bot.workflow.changes import states
from bot.workflow.changes.authority import authority_over, check_can_be_approved, check_may_ask
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.inputs import parse_values
from bot.workflow.changes.prepare import Prepared, prepare
from bot.workflow.changes.rules import Rule
from bot.workflow.changes.telling import show
from bot.workflow.changes.trail import SELF, record, record_plan
from bot.workflow.changes.write import expire_if_late, step
from bot.workflow.thread import is_passing

logger = logging.getLogger(__name__)

UNDER_WAY: Final[frozenset[ChangeState]] = frozenset({"pending", "approved", "applying", "undoing"})
"""While a change is here, the same one of the same function cannot be asked for again."""


def request(desk: ChangeDesk, command: ClickCommand) -> None:
    """Open a change, or refuse to; a second delivery of the same form goes on where the first one ended.

    Raises:
        DeliveryError: Slack does not answer at this moment.
        StateError: The table failed.
    """
    change = desk.changes.change_of(change_id_of(command.request_id))
    is_new = change is None
    if change is None:
        change = _opened(desk, command)
    if change is not None:
        _announce(desk, change, is_new=is_new)


def _opened(desk: ChangeDesk, command: ClickCommand) -> Change | None:
    prepared: Prepared | None = None
    plan: RemediationPlan | None = None
    try:
        prepared = prepare(desk, command.subject)
        given, minutes = parse_values(command.values, prepared.editable)
        _check_can_stand(prepared, minutes)
        plan = prepared.plan(desk, given)
        rule = authority_over(desk, plan, prepared.incident.id).required()
        check_may_ask(desk, rule, command.user_id)
        check_can_be_approved(desk, rule, plan, command.user_id)
        _check_is_only(desk, plan)
    except (InputError, RemediationError, TargetNotFoundError) as exc:
        _refuse(desk, command, prepared, plan, str(exc))
        return None
    return desk.changes.add_change(_change(desk, command, prepared, plan, rule, minutes))


def _change(desk: ChangeDesk, command: ClickCommand, prepared: Prepared, plan: RemediationPlan, rule: Rule, minutes: int | None) -> Change:
    now = desk.clock.now().timestamp()
    incident = prepared.incident
    return Change(
        id=change_id_of(command.request_id),
        incident_id=incident.id,
        channel=incident.channel,
        thread_ts=incident.thread_ts,
        plan=plan,
        fingerprint=plan.fingerprint(),
        requested_by=command.user_id,
        requested_at=now,
        expires_at=now + rule.lifetime_minutes * 60,
        offer_id=prepared.offered.id,
        needed=rule.needed_for(plan),
        approvers=rule.may_approve,
        alarm_arn=incident.alarm_arn,
        opened_at=incident.opened_at,
        minutes=minutes,
    )


def _check_can_stand(prepared: Prepared, minutes: int | None) -> None:
    """Refuse what nobody could decide about, or what could not end as it is to."""
    if not prepared.incident.thread_ts:
        raise RefusedError("the incident has no thread in which this could be asked for")
    if minutes is not None and prepared.remedy.undo_refusal:
        raise RefusedError(f"it cannot end by itself: {prepared.remedy.undo_refusal}")


def _check_is_only(desk: ChangeDesk, plan: RemediationPlan) -> None:
    """Refuse a second request of the same kind.

    Two requests at the very same moment may both pass. Both then wait for approval, one is made at a time, and the second one is
    refused then, since the state that it was planned from is gone.
    """
    for other_id in desk.changes.open_changes():
        other = desk.changes.change_of(other_id)
        if other is None or not _is_same(other.plan, plan):
            continue
        if states.expire(other, desk.clock.now().timestamp()).state in UNDER_WAY:
            raise RefusedError(f"the same was asked for already: {plan.action} of {plan.function_name} {states.WORDS[other.state]}")


def _is_same(one: RemediationPlan, other: RemediationPlan) -> bool:
    return (one.action, one.function_name, one.account_id, one.region) == (
        other.action,
        other.function_name,
        other.account_id,
        other.region,
    )


def _announce(desk: ChangeDesk, change: Change, *, is_new: bool) -> None:
    """Record and post a change. All of it may be done again by a retry of a worker that died here."""
    until_s = round(change.expires_at - change.requested_at)
    record(
        desk,
        change,
        "requested",
        change.requested_by,
        cause="request",
        needed=change.needed,
        lifetime_s=until_s,
        minutes=change.minutes,
        rehearsal=desk.is_rehearsal or None,
    )
    change = expire_if_late(desk, change)
    if not change.message_ts:
        ts = _posted(desk, change, is_new=is_new)
        if not ts:
            return
        change = step(desk, change.id, lambda stored: stored.model_copy(update={"message_ts": ts}))
    show(desk, change)


def _posted(desk: ChangeDesk, change: Change, *, is_new: bool) -> str:
    """Post the change's message, or find the one of a worker that died after it; an empty text where Slack will never take it."""
    try:
        # A change that was there before may have a message already, which a second one would double.
        found = None if is_new else desk.messenger.find_change(change)
        return found or desk.messenger.post_change(change)
    except DeliveryError as exc:
        if is_passing(exc):
            raise
        problem = f"its message could not be posted into the thread ({exc.code}), so that nobody could decide"
        failed = step(desk, change.id, lambda stored: stored if stored.is_over else states.failed(stored, problem))
        record(desk, failed, "failed", SELF, cause="post", reason=problem)
        desk.changes.close_change(failed.id)
        _tell(desk, change.channel, change.thread_ts, change.requested_by, f"This change failed: {problem}.")
        return ""


def _refuse(desk: ChangeDesk, command: ClickCommand, prepared: Prepared | None, plan: RemediationPlan | None, why: str) -> None:
    incident = prepared.incident if prepared else None
    record_plan(
        desk,
        plan,
        "refused",
        command.user_id,
        cause=command.request_id,
        incident_id=incident.id if incident else "",
        channel=incident.channel if incident else command.channel_id,
        verb=command.verb,
        why=why,
        action=prepared.offered.action if prepared else None,
        function_name=(prepared.case.function_name or "") if prepared else "",
    )
    channel, thread_ts = (incident.channel, incident.thread_ts) if incident else (command.channel_id, command.thread_ts)
    _tell(desk, channel, thread_ts, command.user_id, f"I did not ask for this change: {why}")


def _tell(desk: ChangeDesk, channel: str, thread_ts: str, user_id: str, text: str) -> None:
    if not channel:
        logger.warning("nobody could be told, there is no channel")
        return
    try:
        desk.messenger.tell_person(channel, thread_ts, user_id, text)
    except DeliveryError as exc:
        logger.warning("private answer was not taken", extra={"code": exc.code})
