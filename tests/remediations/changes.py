"""One change of each action at the account of the tests, and a third person's change that makes its plan stale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

from bot.models.diagnosis import Action
from bot.models.plan import PlanRequest, RemediationPlan
from bot.remediations.offers import REMEDIATIONS
from bot.remediations.reads import Reads
from bot.remediations.remediation import Remediation
from tests.remediations.account import REGION, SOME_POLICY, Account

ACTIONS: tuple[Action, ...] = get_args(Action)

API_ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/*/GET/orders"

GRANT = {"actions": ["s3:GetObject"], "resource": "arn:aws:s3:::orders-bucket/*"}


@dataclass(frozen=True)
class Change:
    """What is asked for, what must be there first, and how somebody else gets in between."""

    params: dict[str, Any]
    disturb: Callable[[Account], None]
    prepare: Callable[[Account], None] = lambda account: None
    more: dict[str, Any] = field(default_factory=dict)


def configure(**settings: Any) -> Callable[[Account], None]:
    """Return a third person's change of the function."""
    return lambda account: account.client("lambda").update_function_configuration(FunctionName="orders", **settings)


def reserve(number: int) -> Callable[[Account], None]:
    """Return a third person's reservation."""
    return lambda account: account.client("lambda").put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=number)


def grant(account: Account) -> None:
    """Put another policy under the name that the remediation uses."""
    account.client("iam").put_role_policy(RoleName="orders-role", PolicyName="lambda-medic-s3-GetObject", PolicyDocument=SOME_POLICY)


def permit(account: Account) -> None:
    """Put another statement under the id that the remediation uses."""
    account.client("lambda").add_permission(
        FunctionName="orders", StatementId="lambda-medic-api", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )


def enable(account: Account) -> None:
    """Enable the mapping by hand."""
    account.client("lambda").update_event_source_mapping(UUID=account.mapping, Enabled=True)


def move_alias(account: Account) -> None:
    """Point the alias at a third version."""
    account.client("lambda").publish_version(FunctionName="orders", Description="three")
    account.client("lambda").update_alias(FunctionName="orders", Name="live", FunctionVersion="$LATEST")


def log_at_info(account: Account) -> None:
    """Set another level."""
    patch = [{"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"}]
    account.client("apigateway").update_stage(restApiId=account.api_id, stageName="prod", patchOperations=patch)


def change_of(action: Action, account: Account) -> Change:
    """Return the change of an action."""
    statement = {"statement_id": "lambda-medic-api", "principal": "apigateway.amazonaws.com", "source_arn": API_ARN}
    changes = {
        "raise-timeout": Change({"to_seconds": 30}, configure(Timeout=7)),
        "raise-memory": Change({"to_mb": 512}, configure(MemorySize=256)),
        "raise-ephemeral-storage": Change({"to_mb": 1024}, configure(EphemeralStorage={"Size": 2048})),
        "enable-tracing": Change({}, configure(TracingConfig={"Mode": "Active"})),
        "add-invoke-permission": Change({"statements": [statement]}, permit),
        "raise-reserved-concurrency": Change({"to_concurrency": 50}, reserve(30), prepare=reserve(20)),
        "remove-reserved-concurrency": Change({}, reserve(30), prepare=reserve(20)),
        "set-provisioned-concurrency": Change({"qualifier": "live", "to_concurrency": 5}, lambda a: a.provisioned.update(live=9)),
        "request-quota-increase": Change(
            {"desired_value": 2000}, lambda a: a.requests.append({"DesiredValue": 1500.0, "Status": "PENDING"})
        ),
        "grant-role-permission": Change(dict(GRANT), grant),
        "rollback-alias": Change({"alias": "live", "to_version": "1"}, move_alias),
        "enable-event-source": Change({}, enable),
        "enable-execution-logging": Change({"api_id": account.api_id, "stage": "prod"}, log_at_info),
    }
    return changes[action]


def remedy(action: Action) -> Remediation:
    """Return the remediation, which does not wait in tests."""
    return REMEDIATIONS[action](lambda seconds: None)


def plan_of(action: Action, account: Account, **more: Any) -> RemediationPlan:
    """Return a plan of the action's change."""
    change = change_of(action, account)
    change.prepare(account)
    account.calls.clear()
    params = more.pop("params", change.params)
    return remedy(action).plan(PlanRequest(action=action, function_name="orders", region=REGION, params=params, **more), account)


def live(action: Action, plan: RemediationPlan, account: Account) -> dict[str, Any]:
    """Return the state as AWS has it."""
    return REMEDIATIONS[action]().observe(plan, Reads(account, REGION)).values
