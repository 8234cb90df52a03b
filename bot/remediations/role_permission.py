"""grant-role-permission: one statement with the exact action and resource, in an inline policy of its own."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from bot.analysis.facts import Denial
from bot.models.diagnosis import Action, DeclinedRemediation, RemediationOffer, Risk
from bot.remediations.case import Case, mapping, partition_of, rows, word
from bot.remediations.remediation import PLAN_READS, REMEDIATIONS
from bot.remediations.role_actions import (
    ACTIONS_OF_OPERATION,
    HINTS,
    LOG_ACTIONS,
    POLLER_ACTIONS,
    RESOURCE_PATTERN,
    WITHOUT_RESOURCE,
    is_dangerous,
)
from bot.remediations.role_policy import RolePolicy

NOT_BY_GRANT: Final = {
    "permissions-boundary": "the role's permissions boundary does not allow the action; no policy of the role can",
    "session": "the session's policy does not allow the action; no policy of the role can",
    "service-control": "an organisation's policy does not allow the action; no policy of the role can",
    "resource-control": "an organisation's resource policy does not allow the action; no policy of the role can",
    "vpc-endpoint": "the VPC endpoint's policy does not allow the action; no policy of the role can",
    "resource": "the resource's own policy must allow it; a policy of the role alone does not",
    "role-trust": "the trust policy of the role to be assumed must name this one; a policy of this role alone does not",
}
"""Kinds of policy that a grant to the role does not overrule.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html."""


_ARN: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:[^<>\s]+")


@dataclass(frozen=True, slots=True)
class Need:
    """Actions that the role lacks on one resource; `resource` None: not named."""

    actions: tuple[str, ...]
    resource: str | None
    seen_in: str


@REMEDIATIONS.register("grant-role-permission")
class GrantRolePermission(RolePolicy):
    """Let the execution role do exactly what was refused."""

    action: ClassVar[Action] = "grant-role-permission"
    risk: ClassVar[Risk] = "medium"
    iam_actions: ClassVar[frozenset[str]] = PLAN_READS | {
        "iam:DeleteRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListRolePolicies",
        "iam:PutRolePolicy",
        "iam:SimulatePrincipalPolicy",
        "lambda:ListFunctions",
    }
    source_url: ClassVar[str] = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html"

    def offer(self, case: Case) -> RemediationOffer | DeclinedRemediation:
        """Return the statement to add, unless another kind of policy refuses."""
        ours = [d for d in case.facts.denials if d.principal_kind in ("execution-role", "poller", "unknown")]
        refusals = [reason for reason in map(refused_otherwise, ours) if reason]
        needs = list(self._needs(case, [d for d in ours if not refused_otherwise(d)]))
        if not needs:
            return self.declined(refusals[0] if refusals else self._nothing_known(case))
        need = next((n for n in needs if _exact(n.resource)), needs[0])
        actions = self._not_yet_allowed(case, need)
        resource = _exact(need.resource) or ("*" if set(actions) <= WITHOUT_RESOURCE else None)
        pattern = None if resource else self._pattern(case, actions[0])
        role = case.name("Role") or word(_role(case).get("Arn"))
        missing = [name for name, value in (("role_arn", role), ("resource", resource)) if value is None]
        params = {
            "role_arn": role,
            "policy_name": f"lambda-medic-{actions[0].replace(':', '-')}",
            "actions": list(actions),
            "resource": resource,
            "resource_pattern": pattern,
            "missing": missing or None,
        }
        dangerous = any(map(is_dangerous, actions))
        hints = "".join(f"; {HINTS[a]}" for a in actions if a in HINTS)
        return self.offered(params, f"{need.seen_in}; the role may serve other functions too{hints}", risk="high" if dangerous else None)

    def _needs(self, case: Case, denials: list[Denial]) -> Iterator[Need]:
        """Yield what the role lacks: parsed refusals first, then simulations, then raw CloudTrail rows, then what the cause implies."""
        for denial in denials:
            actions = _actions(denial.action, denial.service, denial.operation)
            polls = denial.principal_kind == "poller" or case.cause == "event-source-mapping-broken"
            poller = POLLER_ACTIONS.get(actions[0].partition(":")[0]) if polls and actions else None
            if actions:
                yield Need(
                    poller or actions, denial.resource or self._source(case, actions[0]), f"AWS refused {', '.join(actions)} to the role"
                )
        for simulation in rows(_role(case).get("simulations")):
            named = word(simulation.get("EvalActionName"))
            if simulation.get("EvalDecision") == "implicitDeny" and named:
                resource = word(simulation.get("EvalResourceName"))
                yield Need(
                    LOG_ACTIONS if named in LOG_ACTIONS else (named,),
                    resource if resource not in (None, "*") else self._log_group(case, named),
                    f"no policy of the role allows {named}",
                )
        if case.facts.denials:
            return
        if case.cause == "kms-access-denied":
            yield Need(("kms:Decrypt",), case.name("KMSKeyArn"), "the key is refused to the role")
            return
        for row in case.incident.denials or []:
            service = str(row.get("eventSource", "")).partition(".")[0]
            if service and row.get("eventName"):
                yield Need(_actions(None, service, str(row["eventName"])), None, f"CloudTrail shows {row['eventName']} refused")
        if case.cause == "log-permission-missing":
            yield Need(LOG_ACTIONS, self._log_group(case, LOG_ACTIONS[0]), "the role may not write logs")

    def _not_yet_allowed(self, case: Case, need: Need) -> tuple[str, ...]:
        """Leave out what the role's policies allow already; a PutObject that is allowed and refused sets an ACL."""
        lacking = tuple(a for a in need.actions if not _allows(case, a))
        if lacking:
            return lacking
        return ("s3:PutObjectAcl",) if "s3:PutObject" in need.actions else need.actions

    def _nothing_known(self, case: Case) -> str:
        if case.facts.denials:
            return "the refusals concern another principal than the execution role"
        return "which action on which resource is refused must be known first"

    def _source(self, case: Case, action: str) -> str | None:
        """Return the queue or stream of the only mapping whose service the action belongs to."""
        service = action.partition(":")[0]
        arns = [str(m["EventSourceArn"]) for m in case.incident.event_sources or [] if m.get("EventSourceArn")]
        ours = [arn for arn in arns if arn.split(":")[2:3] == [service]]
        return ours[0] if service in POLLER_ACTIONS and len(ours) == 1 else None

    def _log_group(self, case: Case, action: str) -> str | None:
        group = case.name("LoggingConfig", "LogGroup") or (f"/aws/lambda/{case.function_name}" if case.function_name else None)
        if action.partition(":")[0] != "logs" or not (group and case.region and case.account_id):
            return None
        return f"arn:{partition_of(case.region)}:logs:{case.region}:{case.account_id}:log-group:{group}:*"

    def _pattern(self, case: Case, action: str) -> str | None:
        shape = RESOURCE_PATTERN.get(action.partition(":")[0])
        names = {"region": case.region or "<region>", "account": case.account_id or "<account-id>"}
        return shape.format(partition=partition_of(case.region), **names) if shape else None


def refused_otherwise(denial: Denial) -> str | None:
    """Return why a grant to the role would not lift a refusal, or None where it would."""
    if denial.explicit and denial.policy_type in ("identity", "unspecified"):
        return "the refusal is an explicit deny, which no grant overrules"
    if denial.policy_type in NOT_BY_GRANT:
        return NOT_BY_GRANT[denial.policy_type]
    return "the refusal is an explicit deny, which no grant overrules" if denial.explicit else None


def _exact(resource: str | None) -> str | None:
    """Return a resource that a policy may name; a report made public often has its account or key blanked out."""
    return resource if resource and _ARN.fullmatch(resource) else None


def _actions(action: str | None, service: str | None, operation: str | None) -> tuple[str, ...]:
    """Return the IAM actions for a refused action, or for an operation where only that is named."""
    if action:
        return ACTIONS_OF_OPERATION.get(action, (action,))
    if not (service and operation):
        return ()
    named = f"{service}:{operation}"
    return ACTIONS_OF_OPERATION.get(named, (named,))


def _allows(case: Case, action: str) -> bool:
    """Tell whether a policy of the role that was read names the action in an Allow."""
    for policy in rows(_role(case).get("policies")):
        for statement in rows(mapping(policy.get("document")).get("Statement")):
            if statement.get("Effect") == "Allow":
                patterns = [str(a).lower() for a in _listed(statement.get("Action"))]
                if any(fnmatch.fnmatchcase(action.lower(), pattern) for pattern in patterns):
                    return True
    return False


def _role(case: Case) -> dict[str, Any]:
    return case.incident.execution_role or {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
