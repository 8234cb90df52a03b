"""The live state of what a change touches, and the calls that AWS holds to a revision of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from bot.models.plan import ApiCall

REVISIONED: Final = frozenset({"AddPermission", "RemovePermission", "UpdateAlias", "UpdateFunctionConfiguration"})
"""Operations that take a RevisionId and are refused when it is not the latest.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html, RevisionId"""


@dataclass(frozen=True, slots=True)
class Observed:
    """The live state of what a change touches; `values` has the plan's fields, None is "none"."""

    values: dict[str, Any]
    revision_id: str | None = None
    is_pending: bool = False
    """AWS is still putting an earlier change into effect."""
    raw: dict[str, Any] = field(default_factory=dict)
    """What else was read on the way, for the plan's words."""


def with_revision(call: ApiCall, revision_id: str | None) -> ApiCall:
    """Return a call that AWS refuses when the state has moved on, where the operation can."""
    if revision_id is None or call.operation not in REVISIONED:
        return call
    return call.model_copy(update={"parameters": {**call.parameters, "RevisionId": revision_id}})
