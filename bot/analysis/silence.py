"""What a silent function leaves: an empty log group, and what the simulator says of its right to write one."""

from __future__ import annotations

from bot.analysis.facts import SimulatedDenial
from bot.analysis.roles import group_roles
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile


def denied_simulations(incident: IncidentFile) -> tuple[SimulatedDenial, ...]:
    """Return what SimulatePrincipalPolicy denied the execution role, in the file's order."""
    rows = (incident.execution_role or {}).get("simulations") or []
    return tuple(
        _denied(index, row)
        for index, row in enumerate(rows)
        if isinstance(row, dict)
        and str(row.get("EvalDecision")) in ("implicitDeny", "explicitDeny")
        and ":" in str(row.get("EvalActionName"))
    )


def _denied(index: int, row: dict[str, object]) -> SimulatedDenial:
    action, decision = str(row["EvalActionName"]), str(row["EvalDecision"])
    resource = row.get("EvalResourceName")
    return SimulatedDenial(
        cite=(Citation(section="execution_role", ref=f"execution_role.simulations[{index}]", text=f"{action}: {decision}"),),
        action=action,
        service=action.partition(":")[0],
        explicit=decision == "explicitDeny",
        resource=str(resource) if resource and resource != "*" else None,
    )


def function_log_is_empty(incident: IncidentFile) -> bool | None:
    """Return whether the function's own group is silent; None where nobody read it."""
    roles = group_roles(incident)
    groups = [group for group in incident.logs or [] if roles[group.group] == "function-log"]
    if groups:
        return not any(group.events for group in groups)
    missing = any(gap.section == "logs" and gap.code == "ResourceNotFoundException" for gap in incident.gaps)
    return True if missing else None
