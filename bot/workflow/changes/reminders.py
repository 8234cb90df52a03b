"""A live change that the owner's template does not know is lost at a deployment: the thread is reminded until both agree."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from bot.commands import ClickCommand
from bot.errors import BotError, RefusedError, TargetNotFoundError
from bot.models.change import STANDING, Change
from bot.models.plan import Owner
from bot.remediations.ownership import LOGICAL_ID_TAG, STACK_TAG
from bot.remediations.reads import Reads
from bot.workflow.changes import states
from bot.workflow.changes.carry_out import told
from bot.workflow.changes.clicks import addressed, refuse
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.telling import answer, note_once, show
from bot.workflow.changes.trail import SELF, record
from bot.workflow.changes.turn import lock_key

READS: Final = frozenset({"cloudformation:DescribeStackResource", "lambda:ListTags"})
"""The IAM actions that it takes."""

EVERY_S: Final = 24 * 3600.0

MOST: Final = 14
"""So many reminders where nobody can tell from AWS whether the template was changed."""

UNOWNED: Final[frozenset[Owner]] = frozenset({"nobody", "unknown"})

DEPLOYED: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
"""A rollback puts the template from before back, which says nothing about the new one.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html"""


def is_reminded_of(change: Change) -> bool:
    """Tell whether reminders are ahead; a change that ends by itself needs none."""
    return change.state in STANDING and change.revert_at is None and not change.quiet_by and change.plan.ownership.owner not in UNOWNED


def stop(desk: ChangeDesk, command: ClickCommand) -> None:
    """End the reminders because a person clicked; whoever reads the channel may."""
    change: Change | None = None
    try:
        change = addressed(desk, command)
        _check_can_end(change, command.user_id)
    except RefusedError as exc:
        refuse(desk, command, change, str(exc))
        return
    if not change.quiet_by:
        change = desk.changes.swap(change.model_copy(update={"quiet_by": command.user_id}))
    record(desk, change, "reminders-ended", command.user_id, cause="reminders")
    show(desk, change)
    answer(desk, command, "No more reminders about this change.")


def remind(desk: ChangeDesk, change: Change) -> Change:
    """End the reminders where template and function agree or the change is gone, or post the one that is due.

    Raises:
        BotError: The live state could not be read; the next sweep looks again.
    """
    if not is_reminded_of(change):
        return change
    remedy, aws = desk.remedies(change.plan.action), desk.aws.for_incident(change.incident_id)
    deployed_at = _deployed_at(desk, change)
    try:
        seen = remedy.observe(change.plan, Reads(aws, change.plan.region)).values
    except TargetNotFoundError:
        return _end(desk, change, "taken-back", f"{change.plan.function_name} is gone")
    except RefusedError as exc:
        return _end(desk, change, "taken-back", str(exc))
    if not remedy.reached(seen, change.plan.after):
        return _end(desk, change, "taken-back", _taken_back(deployed_at, seen))
    if deployed_at is not None:
        return _end(desk, change, "agreed")
    return _post_due(desk, change)


def _check_can_end(change: Change, user_id: str) -> None:
    if change.state not in STANDING:
        raise RefusedError(f"nothing is left to be reminded of: this change {states.WORDS[change.state]}")
    if change.quiet_by not in ("", user_id):
        raise RefusedError("the reminders have ended already")


def _post_due(desk: ChangeDesk, change: Change) -> Change:
    now = desk.clock.now().timestamp()
    if now < (change.reminded_at or change.applied_at or now) + EVERY_S:
        return change
    number = change.reminders + 1
    note_once(desk, change, "drift", cause=f"reminder-{number}")
    change = desk.changes.swap(change.model_copy(update={"reminded_at": now, "reminders": number}))
    is_last = number >= MOST and not _stack_of(desk, change)
    return _end(desk, change, "enough") if is_last else change


def _end(desk: ChangeDesk, change: Change, why: str, problem: str = "") -> Change:
    """End the reminders; in the thread it is said where the change is gone."""
    fields: dict[str, Any] = {"quiet_by": why, **({"problem": problem} if problem else {})}
    ended = change.model_copy(update=fields)
    if problem:
        note_once(desk, ended, "drift", cause=why)
    # Before the write, for what is written is not looked at again; a retry adds no second entry.
    record(desk, ended, "reminders-ended", SELF, cause="reminders", why=why, reason=problem)
    change = desk.changes.swap(ended)
    show(desk, change)
    return change


def _deployed_at(desk: ChangeDesk, change: Change) -> float | None:
    """Return when CloudFormation last put the function into place, if that was after the change; None where it was not, or nobody knows."""
    stack = _stack_of(desk, change)
    if not stack:
        return None
    reads = Reads(desk.aws.for_incident(change.incident_id), change.plan.region)
    try:
        answer = reads.or_none("cloudformation", "DescribeStackResource", StackName=stack[0], LogicalResourceId=stack[1]) or {}
    except BotError:
        return None
    detail = answer.get("StackResourceDetail", {})
    at = detail.get("LastUpdatedTimestamp")
    if at is None or detail.get("ResourceStatus") not in DEPLOYED or at.timestamp() <= (change.applied_at or 0.0):
        return None
    return float(at.timestamp())


def _stack_of(desk: ChangeDesk, change: Change) -> tuple[str, str] | None:
    reads = Reads(desk.aws.for_incident(change.incident_id), change.plan.region)
    found: dict[str, str] = reads.optional("lambda", "ListTags", Resource=lock_key(change.plan)).get("Tags", {})
    stack, logical_id = found.get(STACK_TAG), found.get(LOGICAL_ID_TAG)
    return (stack, logical_id) if stack and logical_id else None


def _taken_back(deployed_at: float | None, seen: dict[str, Any]) -> str:
    if deployed_at is None:
        return f"somebody changed it since: it is {told(seen)} now"
    return f"the deployment of {datetime.fromtimestamp(deployed_at, UTC):%Y-%m-%d %H:%M} UTC took the change back: it is {told(seen)} now"
