"""What every click on a change's buttons must pass: the right change, plan, channel and message."""

from __future__ import annotations

import hmac
from typing import Final

from bot.commands import ClickCommand
from bot.errors import RefusedError
from bot.models.change import Change
from bot.workflow.changes.authority import authority_over, check_may_approve
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.changes.telling import answer
from bot.workflow.changes.trail import record, record_plan

NOTE_VERBS: Final = frozenset({"undo", "keep", "stop"})
"""Buttons that notes in the thread carry too; the others stand on the change's own message only."""


def addressed(desk: ChangeDesk, command: ClickCommand) -> Change:
    """Return the change that a button belongs to.

    Raises:
        RefusedError: No change has this button, or it does not stand where it was put.
    """
    change_id, _, binding = command.subject.partition(".")
    change = desk.changes.change_of(change_id) if binding else None
    # Compared in constant time, since the token is what tells our button from a forged one.
    if change is None or not hmac.compare_digest(change.token.encode(), command.subject.encode()):
        raise RefusedError("this button belongs to no change that I know; nothing was done")
    if command.channel_id != change.channel:
        raise RefusedError("this button belongs to another channel; nothing was done")
    if command.message_ts and command.message_ts == change.message_ts:
        return change
    if command.verb not in NOTE_VERBS or command.thread_ts != change.thread_ts:
        raise RefusedError("this button belongs to another message; nothing was done")
    return change


def refuse(desk: ChangeDesk, command: ClickCommand, change: Change | None, why: str) -> None:
    """Record a refusal, and tell the person who clicked and nobody else."""
    if change is not None:
        record(desk, change, "refused", command.user_id, cause=command.request_id, verb=command.verb, why=why)
    else:
        record_plan(
            desk,
            None,
            "refused",
            command.user_id,
            cause=command.request_id,
            channel=command.channel_id,
            verb=command.verb,
            why=why,
        )
    answer(desk, command, why)


def may_take_back(desk: ChangeDesk, change: Change, user_id: str) -> None:
    """Let those who may approve such a change, and the person who asked for it, take it back or keep it.

    Raises:
        RefusedError: This person may not.
    """
    if user_id == change.requested_by:
        return
    check_may_approve(desk, authority_over(desk, change.plan, change.incident_id).required(), user_id)
