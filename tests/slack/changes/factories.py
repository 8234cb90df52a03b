"""Changes in every state of their life."""

from __future__ import annotations

from typing import Any, get_args

from bot.models.change import Change, ChangeState, Check, Decision, Offered
from bot.models.plan import ApiCall, AppliedChange, Ownership, RemediationPlan
from bot.workflow.changes.desk import Editable, PlanWindow

NOW = 1778728330.0
ASKED_BY = "U0ONCALL"
APPROVER = "U0APPROVER"
GROUP = "S0PLATFORM"

STATES: tuple[ChangeState, ...] = get_args(ChangeState)

MEANT = (f"<@{ASKED_BY}>", f"<@{APPROVER}>", f"<!subteam^{GROUP}>")
"""The mentions that the bot means."""


def a_plan(**fields: Any) -> RemediationPlan:
    """Return the plan of a longer timeout of a function that Terraform owns."""
    return RemediationPlan(
        **{
            "action": "raise-timeout",
            "function_name": "orders",
            "account_id": "123456789012",
            "region": "eu-west-1",
            "risk": "low",
            "before": {"timeout_s": 3},
            "after": {"timeout_s": 30},
            "calls": [
                ApiCall(service="lambda", operation="UpdateFunctionConfiguration", parameters={"FunctionName": "orders", "Timeout": 30})
            ],
            "effects": ["cost: only runs that last longer cost more"],
            "warnings": ["callers of live keep the old value"],
            "ownership": Ownership(
                owner="terraform", evidence=["tag managed-by=terraform"], warning="Terraform owns orders", patch="x = 1"
            ),
            "undo": "set Timeout back to 3 s",
            **fields,
        }
    )


def a_change(plan: RemediationPlan | None = None, **fields: Any) -> Change:
    """Return a change that waits for approval."""
    plan = plan or a_plan()
    return Change(
        **{
            "id": "chg-0123456789abcdef",
            "incident_id": "inc-0123456789ab",
            "channel": "C0DEPLOYS",
            "thread_ts": "1778728330.000100",
            "message_ts": "1778728390.000200",
            "plan": plan,
            "fingerprint": plan.fingerprint(),
            "requested_by": ASKED_BY,
            "requested_at": NOW,
            "expires_at": NOW + 900,
            "approvers": (APPROVER, GROUP),
            "offer_id": "off-0123456789abcdef",
            **fields,
        }
    )


def a_check(**fields: Any) -> Check:
    """Return a look at the alarm that finds it recovered."""
    known = {
        "number": 1,
        "at": NOW + 200,
        "stands": True,
        "alarm_state": "OK",
        "recovered_at": NOW + 130,
        "said": "Errors: 41 → 0 a minute.",
    }
    return Check(**{**known, **fields})


def in_state(state: ChangeState, plan: RemediationPlan | None = None, **fields: Any) -> Change:
    """Return a change in a state, with all that is known of it then."""
    plan = plan or a_plan()
    approved = Decision(user_id=APPROVER, at=NOW + 20, request_id="r1")
    done = AppliedChange(plan=plan, plan_fingerprint=plan.fingerprint(), before=plan.before, after=plan.after, outcome="applied")
    stood = {"approvals": (approved,), "applied": done, "applied_at": NOW + 30}
    undo = {"undo_by": Decision(user_id=ASKED_BY, at=NOW + 400, request_id="r2")}
    more: dict[ChangeState, dict[str, Any]] = {
        "pending": {"minutes": 60},
        "approved": {"approvals": (approved,)},
        "applying": {"approvals": (approved,)},
        "applied": {**stood, "minutes": 60, "revert_at": NOW + 3630},
        "verified": {**stood, "checks": (a_check(),)},
        "ineffective": {**stood, "checks": (a_check(recovered_at=None, alarm_state="ALARM", said="Errors: 41 a minute still."),)},
        "failed": {"approvals": (approved,), "problem": "changed since: timeout_s is 7, planned from 3"},
        "undoing": {**stood, **undo},
        "undone": {**stood, **undo, "undone": done, "undone_at": NOW + 410},
        "rejected": {"ended_by": Decision(user_id=APPROVER, at=NOW + 20, request_id="r1")},
        "expired": {},
        "withdrawn": {"ended_by": Decision(user_id=ASKED_BY, at=NOW + 20, request_id="r1")},
        "rehearsed": {"approvals": (approved,), "applied_at": NOW + 30},
    }
    return a_change(plan, **{"state": state, **more[state], **fields})


def a_window(plan: RemediationPlan | None = None, **fields: Any) -> PlanWindow:
    """Return the window of a plan that the reader may ask for."""
    plan = plan or a_plan()
    return PlanWindow(
        **{
            "offered": Offered(id="off-0123456789abcdef", incident_id="inc-0123456789ab", event="e1", index=0, action=plan.action),
            "plan": plan,
            "command": "aws lambda update-function-configuration --function-name orders --timeout 30",
            "editable": (Editable(name="to_seconds", label="Timeout in seconds", kind="number", value=30, least=4, most=900),),
            "may_ask": True,
            "approvers": (APPROVER, GROUP),
            **fields,
        }
    )
