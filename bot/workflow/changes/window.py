"""A click on an offer: its window shows the plan made now, and whether this person may ask for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from bot.commands import ClickCommand
from bot.errors import DeliveryError, InputError, RefusedError, RemediationError, TargetNotFoundError
from bot.remediations.command_line import command_line
from bot.workflow.changes.authority import READS as AUTHORITY_READS
from bot.workflow.changes.authority import authority_over, check_can_be_approved, check_may_ask, why_nobody_may
from bot.workflow.changes.desk import ChangeDesk, PlanWindow
from bot.workflow.changes.prepare import Prepared, prepare
from bot.workflow.thread import is_passing

logger = logging.getLogger(__name__)

READS: Final = AUTHORITY_READS
"""What the use cases of this folder ask AWS beside what the actions declare themselves."""


def open_window(desk: ChangeDesk, command: ClickCommand) -> None:
    """Fill the window that the endpoint has opened.

    Raises:
        DeliveryError: Slack does not answer at this moment. A window that was closed meanwhile is nobody's fault.
    """
    try:
        prepared = prepare(desk, command.subject)
    except RefusedError as exc:
        problem = str(exc)
        _show(lambda: desk.messenger.show_problem(command.view_id, problem))
        return
    window = window_of(desk, prepared, command.user_id)
    _show(lambda: desk.messenger.show_plan(command.view_id, window))


def window_of(desk: ChangeDesk, prepared: Prepared, user_id: str) -> PlanWindow:
    """Return what a person is shown of an offer; the plan only reads."""
    window = PlanWindow(offered=prepared.offered, editable=prepared.editable, is_rehearsal=desk.is_rehearsal)
    try:
        plan = prepared.plan(desk, {})
    except InputError as exc:
        # A value that the evidence lacks can be filled in; the plan is then made when the window is sent, and shown to approvers.
        is_fillable = any(one.value is None for one in window.editable)
        refusal = str(exc).removesuffix("; give it with --param")
        why_not = why_nobody_may(desk)
        return window.model_copy(update={"refusal": refusal, "may_ask": is_fillable and not why_not, "why_not": why_not})
    except (RemediationError, TargetNotFoundError) as exc:
        return window.model_copy(update={"refusal": str(exc)})
    window = window.model_copy(update={"plan": plan, "command": command_line(plan)})
    authority = authority_over(desk, plan, prepared.incident.id)
    rule = authority.rule
    if rule is None:
        return window.model_copy(update={"why_not": authority.why_not})
    who = {"approvers": rule.may_approve, "needed": rule.needed_for(plan), "lifetime_minutes": rule.lifetime_minutes}
    window = window.model_copy(update=who)
    try:
        check_may_ask(desk, rule, user_id)
        check_can_be_approved(desk, rule, plan, user_id)
    except RefusedError as exc:
        return window.model_copy(update={"why_not": str(exc)})
    return window.model_copy(update={"may_ask": True})


def _show(send: Callable[[], None]) -> None:
    try:
        send()
    except DeliveryError as exc:
        if is_passing(exc):
            raise
        logger.info("window was not taken, it may be closed", extra={"code": exc.code})
