"""What goes wrong around a write: the worker dies, AWS refuses, loses its answer or falls silent."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ReadTimeoutError

from tests.remediations.account import failure
from tests.workflow.changes.delivery import LiveAccount
from tests.workflow.changes.world import World
from tests.workflow.fakes import Killed

UPDATE = "lambda:UpdateFunctionConfiguration"
READ = "lambda:GetFunctionConfiguration"
OLD, NEW = 3, 10


def events(world: World) -> list[str]:
    """Return what the audit trail tells."""
    return [event for event, _ in world.audit.events]


def state_of(world: World) -> str:
    """Return the state of the change, read anew."""
    return world.change.state


def killing() -> Any:
    """Kill the worker at an AWS call."""
    raise Killed


def kill(account: LiveAccount, place: str) -> None:
    """Kill the worker once, before the write reached AWS or after AWS did as asked."""
    if place == "after":
        account.lost[UPDATE] = Killed()  # type: ignore[assignment]
        return

    def once() -> Any:
        del account.faults[UPDATE]
        account.killed_before += 1
        raise Killed

    account.faults[UPDATE] = once


def effective(account: LiveAccount) -> int:
    """Return how many updates reached AWS: each was sent, and one that the worker was killed at did not get there."""
    return len(account.updates) - account.killed_before


def silence_after_write(account: LiveAccount, reads: int) -> Any:
    """Lose the write's answer and fail so many questions after it; returns how many are left."""
    left = [reads]
    account.lost[UPDATE] = ReadTimeoutError(endpoint_url="https://aws")

    def silent() -> Any:
        if not account.updates or left[0] <= 0:
            return None
        left[0] -= 1
        return failure(503, "ServiceUnavailableException")

    account.faults[READ] = silent
    return lambda: left[0]


def dying(at: int) -> Any:
    """Return a watcher that kills the process at the n-th moment."""
    left = [at]

    def watch(name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    return watch


def from_second(code: str) -> Any:
    """Return a fault that lets the first call through and refuses all that follow."""
    seen = [0]

    def refuse() -> Any:
        seen[0] += 1
        return failure(400, code, "The final policy size (20674) is bigger than the limit (20480).") if seen[0] > 1 else None

    return refuse


def watching(account: LiveAccount, watch: Any) -> None:
    """Tell of each call to AWS before it is sent."""
    before = account.before

    def told(model: Any, **event: Any) -> Any:
        watch(f"{model.service_model.service_name}:{model.name}")
        return before(model=model, **event)

    account.before = told  # type: ignore[method-assign]
