"""A piece of work that is done once, whatever is delivered twice or dies on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, Literal

from bot.errors import BotError, LeaseLostError, NotYetError
from bot.models.incident import Claim
from bot.ports import IncidentStore

logger = logging.getLogger(__name__)

Outcome = Literal["done", "duplicate", "busy"]
"""`busy`: another worker is at the same event. The delivery must come again, for that worker may die."""

LEASE_MARGIN_S: Final = 5.0
"""How much longer a claim lasts than the worker that made it can."""


def once(store: IncidentStore, key: str, *, owner: str, time_left_s: Callable[[], float], work: Callable[[Claim], None]) -> Outcome:
    """Claim an event, work on it, and note that nothing is left to do.

    Raises:
        Exception: Whatever broke the work off; the claim is given back, so that the next delivery need not wait for its end.
    """
    claim = store.claim(key, owner=owner, lease_s=time_left_s() + LEASE_MARGIN_S)
    if claim.standing in {"done", "busy"}:
        logger.info("delivery is a double", extra={"event": claim.event, "standing": claim.standing})
        return "duplicate" if claim.standing == "done" else "busy"
    try:
        work(claim)
    except LeaseLostError:
        raise
    except Exception as exc:
        if not isinstance(exc, NotYetError):
            logger.warning("work broke off", extra={"event": claim.event, "error": type(exc).__name__})
        try:
            store.release(claim)
        except BotError:
            logger.exception("claim was not given back, its lease ends by itself", extra={"event": claim.event})
        raise
    store.finish(claim)
    return "done"
