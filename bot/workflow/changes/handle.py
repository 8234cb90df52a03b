"""One message of the change queue, worked on once, whatever is delivered twice or dies on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from bot.commands import ClickCommand, TickCommand
from bot.errors import CommandError
from bot.workflow.changes import ask, carry_out, decide, reminders, sweep, temporary, undo, verify, window
from bot.workflow.changes.desk import ChangeDesk
from bot.workflow.once import Outcome, once

VERBS: Final[dict[str, Callable[[ChangeDesk, ClickCommand], Any]]] = {
    "plan": window.open_window,
    "request": ask.request,
    "approve": decide.decide,
    "reject": decide.decide,
    "withdraw": decide.decide,
    "undo": undo.undo,
    "keep": temporary.keep,
    "stop": reminders.stop,
}

STEPS: Final[dict[str, Callable[[ChangeDesk, TickCommand], Any]]] = {
    "apply": carry_out.carry_out,
    "verify": verify.verify,
    "warn": temporary.warn,
    "revert": temporary.revert,
    "sweep": sweep.sweep,
}


def handle(desk: ChangeDesk, command: ClickCommand | TickCommand, *, owner: str, time_left_s: Callable[[], float]) -> Outcome:
    """Do what a person clicked, or what is due.

    Raises:
        CommandError: There is no such verb or step.
        Exception: Whatever broke it off; the queue hands the message over once more.
    """
    work = _work(replace(desk, time_left_s=time_left_s), command)
    key = f"{command.kind}|{command.request_id}"
    return once(desk.incidents, key, owner=owner, time_left_s=time_left_s, work=lambda claim: work())


def _work(desk: ChangeDesk, command: ClickCommand | TickCommand) -> Callable[[], Any]:
    if isinstance(command, ClickCommand):
        verb = VERBS.get(command.verb)
        if verb is None:
            raise CommandError(f"verb: {command.verb!r} is not for this worker; known: {', '.join(VERBS)}")
        return lambda: verb(desk, command)
    step = STEPS.get(command.step)
    if step is None:
        raise CommandError(f"step: {command.step!r} is no step; known: {', '.join(STEPS)}")
    return lambda: step(desk, command)
