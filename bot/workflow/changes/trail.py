"""What goes into the audit trail about a change."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from bot.errors import RemediationError
from bot.models.audit import AuditEvent, AuditRecord
from bot.models.change import Change
from bot.models.diagnosis import Action
from bot.models.plan import RemediationPlan
from bot.workflow.changes.desk import ChangeDesk

SELF: Final = "lambda-medic"
"""Who did what happens by itself."""

ID_CHARS: Final = 24


def record(desk: ChangeDesk, change: Change, event: AuditEvent, by: str, *, cause: str, **details: Any) -> None:
    """Add what happened to a change.

    Args:
        desk: The ports.
        change: As it stands after the event.
        event: What happened.
        by: Slack's user id, or `SELF`.
        cause: What made it happen, the same on every retry: the id of a request or a step of which there is one.
        details: Reasons and results beside the fields with their old and new values, which are always there.
    """
    record_plan(
        desk,
        change.plan,
        event,
        by,
        cause=f"{change.id}|{cause}",
        change_id=change.id,
        incident_id=change.incident_id,
        channel=change.channel,
        **details,
    )


def record_plan(
    desk: ChangeDesk,
    plan: RemediationPlan | None,
    event: AuditEvent,
    by: str,
    *,
    cause: str,
    change_id: str = "",
    incident_id: str = "",
    channel: str = "",
    action: Action | None = None,
    function_name: str = "",
    **details: Any,
) -> None:
    """Add what happened where there is no change, or not even a plan: mostly a refusal.

    Without a plan `action` and `function_name` are what it was about, where that is known: the function's entries are found by it.
    """
    entry = AuditRecord(
        id=f"aud-{hashlib.sha256(f'{event}|{cause}'.encode()).hexdigest()[:ID_CHARS]}",
        event=event,
        at=desk.clock.now().timestamp(),
        by=by,
        change_id=change_id,
        incident_id=incident_id,
        action=action,
        function_name=function_name,
        channel=channel,
        details={name: value for name, value in details.items() if value not in (None, "")},
    )
    if plan is not None:
        fields = {field.name: {"old": field.old, "new": field.new} for field in plan.fields}
        entry = entry.model_copy(
            update={
                "action": plan.action,
                "function_name": plan.function_name,
                "account_id": plan.account_id,
                "region": plan.region,
                "fingerprint": plan.fingerprint(),
                "details": {"fields": fields, **entry.details},
            }
        )
    desk.audit.append(entry)


def reason_of(error: RemediationError) -> dict[str, str]:
    """Return what an error tells, as details."""
    return {"reason": str(error), "operation": error.operation, "code": error.code}
