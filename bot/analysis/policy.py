"""The function's resource policy, evaluated for the caller that the front door is."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.analysis.arn_match import shown
from bot.analysis.callers import Caller, authorizer_caller, caller_of
from bot.analysis.facts import InvokePermission
from bot.analysis.limits import front_door_kind
from bot.analysis.statements import Verdict, action_matches, conditions_of, judge, principal_matches, source_of, statements_of
from bot.models.diagnosis import Citation
from bot.models.incident_file import IncidentFile

URL_ACTIONS: Final = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
"""New URLs need both since October 2025; accounts that used URLs before are exempt until 1 November 2026.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"""

BOTH_SINCE: Final = "2025-10"
EXEMPT_UNTIL: Final = "2026-11-01"

_NEAREST: Final = ("source", "account", "other", "action", "principal")


def invoke_permission(incident: IncidentFile) -> InvokePermission:
    """Evaluate the policy for the target's front door."""
    kind = front_door_kind(incident)
    if kind in ("function-url", "cloudfront"):
        return _url_permission(incident, kind)
    caller = caller_of(incident)
    return InvokePermission() if caller is None else _evaluate(incident, caller, for_authorizer=False)


def authorizer_permission(incident: IncidentFile) -> InvokePermission:
    """Evaluate the policy for the gateway as the caller of its authorizer, when the target is that authorizer."""
    caller = authorizer_caller(incident)
    return InvokePermission(for_authorizer=True) if caller is None else _evaluate(incident, caller, for_authorizer=True)


def _evaluate(incident: IncidentFile, caller: Caller, *, for_authorizer: bool) -> InvokePermission:
    base = InvokePermission(
        caller_service=caller.service,
        caller_arn=shown(caller.arn) if caller.arn else None,
        needed_source_arn=caller.needed_source_arn,
        qualifier=caller.qualifier,
        for_authorizer=for_authorizer,
    )
    state, policy, ref = _policy_for(incident, caller.qualifier if caller.qualifier_known else incident.target.qualifier)
    if state == "unknown":
        return base
    if state == "none":
        return base.model_copy(update=_without_policy(incident, caller, ref))
    return base.model_copy(update=_by_statements(statements_of(policy), caller, ref))


def _policy_for(incident: IncidentFile, qualifier: str | None) -> tuple[str, object, str]:
    """Return the state, the policy and the place of the policy that counts: each qualifier has its own."""
    others = incident.resource_policies or {}
    if qualifier is not None and qualifier in others:
        policy = others[qualifier]
        ref = f'resource_policies."{qualifier}"'
        return ("none" if policy is None else "present"), policy, ref
    if qualifier is None and incident.target.qualifier is not None and "$LATEST" in others:
        policy = others["$LATEST"]
        return ("none" if policy is None else "present"), policy, 'resource_policies."$LATEST"'
    if qualifier != incident.target.qualifier:
        return "unknown", None, ""
    state = incident.state("resource_policy")
    return ("unknown" if state == "absent" else state), incident.resource_policy, "resource_policy"


def _without_policy(incident: IncidentFile, caller: Caller, ref: str) -> dict[str, Any]:
    """No policy where it is needed; a statement on the function itself does not count for an alias."""
    cite = (Citation(section=ref.partition(".")[0], ref=ref, text="null"),)
    elsewhere = [
        ("resource_policy", incident.resource_policy),
        *((f'resource_policies."{q}"', p) for q, p in (incident.resource_policies or {}).items()),
    ]
    for place, policy in elsewhere:
        if place == ref:
            continue
        for statement in statements_of(policy):
            if statement.get("Effect") == "Allow" and judge(statement, caller, caller.action).match == "yes":
                nearest = _cite(place, statement)
                return {"verdict": "qualifier-mismatch", "statement_sid": statement.get("Sid"), "cite": (*cite, nearest)}
    return {"verdict": "no-policy", "missing_actions": (caller.action,), "cite": cite}


def _by_statements(statements: list[dict[str, Any]], caller: Caller, ref: str) -> dict[str, Any]:
    judged = [(statement, judge(statement, caller, caller.action)) for statement in statements]
    for statement, verdict in judged:
        if statement.get("Effect") == "Deny" and verdict.match == "yes":
            return {"verdict": "explicit-deny", "statement_sid": statement.get("Sid"), "cite": (_cite(ref, statement),)}
    denies_maybe = any(s.get("Effect") == "Deny" and v.match == "maybe" for s, v in judged)
    allows = [(s, v) for s, v in judged if s.get("Effect", "Allow") == "Allow"]
    for statement, verdict in allows:
        if verdict.match == "yes":
            found = "unknown" if denies_maybe else "allowed"
            return {
                "verdict": found,
                "statement_sid": statement.get("Sid"),
                "statement_source": source_of(statement),
                "cite": (_cite(ref, statement),),
            }
    if any(verdict.match == "maybe" for _, verdict in allows):
        return {"verdict": "unknown"}
    return _nearest(allows, caller, ref)


def _nearest(allows: list[tuple[dict[str, Any], Verdict]], caller: Caller, ref: str) -> dict[str, Any]:
    """Say which statement comes nearest, and what it misses by."""
    ordered = sorted(allows, key=lambda pair: _NEAREST.index(pair[1].miss or "principal"))
    if not ordered or ordered[0][1].miss not in ("source", "account"):
        cites = tuple(_cite(ref, statement) for statement, _ in ordered[:1]) or (
            Citation(section=ref.partition(".")[0], ref=ref, text="[]"),
        )
        return {"verdict": "no-statement", "missing_actions": (caller.action,), "cite": cites}
    statement, verdict = ordered[0]
    return {
        "verdict": "source-mismatch" if verdict.miss == "source" else "account-mismatch",
        "statement_sid": statement.get("Sid"),
        "statement_source": verdict.source,
        "cite": (_cite(ref, statement),),
    }


def _url_permission(incident: IncidentFile, kind: str) -> InvokePermission:
    """A function URL: both actions, for everybody (AuthType NONE) or for CloudFront's origin access control."""
    through_cloudfront = kind == "cloudfront" and _has_lambda_oac(incident)
    auth = (incident.function_url or {}).get("AuthType")
    if kind == "cloudfront" and not through_cloudfront:
        return InvokePermission()
    service = "cloudfront.amazonaws.com" if through_cloudfront else "*"
    base = InvokePermission(caller_service=service)
    state = incident.state("resource_policy")
    if state == "absent" or (not through_cloudfront and auth != "NONE"):
        return base  # with AWS_IAM a caller of the same account needs no statement
    if state == "none":
        cite = (Citation(section="resource_policy", ref="resource_policy", text="null"),)
        return base.model_copy(update={"verdict": "no-policy", "missing_actions": URL_ACTIONS, "cite": cite})
    caller = Caller(service, None, None, None)
    statements = statements_of(incident.resource_policy)
    missing = tuple(action for action in URL_ACTIONS if not _url_allows(statements, caller, action, auth))
    cites = tuple(_cite("resource_policy", statement) for statement in statements[:2])
    if not missing:
        return base.model_copy(update={"verdict": "allowed", "cite": cites})
    update = {"missing_actions": missing, "cite": cites or (Citation(section="resource_policy", ref="resource_policy", text="[]"),)}
    if URL_ACTIONS[0] in missing:
        return base.model_copy(update={**update, "verdict": "no-statement"})
    return base.model_copy(update={**update, "verdict": "url-incomplete" if needs_both_actions(incident) else "unknown"})


def _url_allows(statements: list[dict[str, Any]], caller: Caller, action: str, auth: str | None) -> bool:
    for statement in statements:
        if statement.get("Effect", "Allow") != "Allow":
            continue
        if caller.service == "*" and not _is_public(statement):
            continue
        if principal_matches(statement, caller.service) == "no" or action_matches(statement, action) == "no":
            continue
        if judge(statement, caller, action, url_auth=auth or "?").match != "no":
            return True
    return False


def _is_public(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, dict) and principal.get("AWS") in ("*", ["*"]))


def needs_both_actions(incident: IncidentFile) -> bool:
    """Tell whether the second action is needed: by the URL's age, by the date, or because callers are being refused."""
    created = (incident.function_url or {}).get("CreationTime")
    if isinstance(created, str) and created[:7] >= BOTH_SINCE:
        return True
    if (incident.collected_at or "") >= EXEMPT_UNTIL:
        return True
    return incident.client is not None and incident.client.status == 403


def _has_lambda_oac(incident: IncidentFile) -> bool:
    gateway = incident.gateway or {}
    control = gateway.get("OriginAccessControl")
    kind = control.get("OriginAccessControlOriginType") if isinstance(control, dict) else None
    return kind == "lambda" or any(".lambda-url." in str(value) for value in _domains(gateway))


def _domains(gateway: dict[str, Any]) -> list[object]:
    origins = gateway.get("Origins")
    items = origins.get("Items") if isinstance(origins, dict) else None
    return [item.get("DomainName") for item in items or [] if isinstance(item, dict) and item.get("OriginAccessControlId")]


def _cite(ref: str, statement: dict[str, Any]) -> Citation:
    """Cite the telling part of a statement as the file has it."""
    for _, _, values in conditions_of(statement):
        if values:
            return Citation(section=ref.partition(".")[0], ref=f"{ref}.Statement", text=values[0])
    part = statement.get("Sid") or statement.get("Action") or statement
    text = part if isinstance(part, str) else json.dumps(part)
    return Citation(section=ref.partition(".")[0], ref=f"{ref}.Statement", text=text[:300])
