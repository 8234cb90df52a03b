"""Applying, reading back and undoing, for every action, with the faults that AWS and other people bring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from bot.errors import InputError, OutcomeUnknownError, PlanStaleError, RefusedError, RemediationError
from bot.models.diagnosis import Action
from bot.models.plan import AppliedChange, PlanRequest, RemediationPlan
from bot.remediations.offers import REMEDIATIONS
from tests.remediations.account import Account, failure
from tests.remediations.changes import ACTIONS, change_of, configure, live, plan_of, remedy

UNDOABLE: tuple[Action, ...] = tuple(a for a in ACTIONS if a != "request-quota-increase")

NEVER_CALLED = {
    "iam:CreateServiceLinkedRole": "Service Quotas calls it with the caller's permissions at the first request",
    "cloudformation:DescribeStackResources": "only where the tags could not be read; see test_ownership",
}

OTHER_NAME = {"service-quotas": "servicequotas"}


def timed_out() -> ReadTimeoutError:
    """Return what botocore raises when the answer does not come."""
    return ReadTimeoutError(endpoint_url="https://aws")


def write_of(plan: RemediationPlan) -> str:
    """Return the plan's first call as the account records it."""
    return f"{plan.calls[0].service}:{plan.calls[0].operation}"


def permissions(operations: set[str]) -> Iterator[str]:
    """Yield the IAM action of each operation; API Gateway's are HTTP verbs."""
    for name in operations:
        service, _, operation = name.partition(":")
        if service.startswith("apigateway"):
            yield "apigateway:GET" if operation.startswith("Get") else "apigateway:PATCH"
        else:
            yield f"{OTHER_NAME.get(service, service)}:{operation}"


@pytest.mark.parametrize("action", ACTIONS)
class TestApply:
    def test_makes_exactly_the_planned_change(self, action: Action, account: Account) -> None:
        """What was sent is what the plan showed, and it stands."""
        plan = plan_of(action, account)
        account.calls.clear()

        applied = remedy(action).apply(plan, account)

        assert applied.outcome == "applied"
        assert applied.calls == plan.calls
        assert account.writes == [write_of(plan)]
        assert live(action, plan, account) == plan.after
        assert remedy(action).stands(plan, account)

    def test_refuses_a_stale_plan_and_names_both_values(self, action: Action, account: Account) -> None:
        """The person approved one change from one state."""
        plan = plan_of(action, account)
        change_of(action, account).disturb(account)
        found = live(action, plan, account)
        account.calls.clear()

        with pytest.raises(PlanStaleError, match="changed since") as caught:
            remedy(action).apply(plan, account)

        assert account.writes == []
        assert caught.value.planned == plan.before[caught.value.field]
        assert caught.value.found == found[caught.value.field]

    def test_a_second_time_is_refused(self, action: Action, account: Account) -> None:
        """An approval is good for one application."""
        plan = plan_of(action, account)
        remedy(action).apply(plan, account)
        account.calls.clear()

        with pytest.raises(PlanStaleError, match="nothing is left to do"):
            remedy(action).apply(plan, account)

        assert account.writes == []

    def test_a_retry_of_its_own_attempt_finds_it_done(self, action: Action, account: Account) -> None:
        """Killed after the call and before the record: the retry must not send it again."""
        plan = plan_of(action, account)
        remedy(action).apply(plan, account)
        account.calls.clear()

        again = remedy(action).apply(plan, account, resuming=True)

        assert again.outcome == "resumed"
        assert account.writes == []

    def test_a_retry_of_an_attempt_that_did_nothing_makes_it(self, action: Action, account: Account) -> None:
        """Killed before the call."""
        plan = plan_of(action, account)

        assert remedy(action).apply(plan, account, resuming=True).outcome == "applied"

    def test_a_lost_answer_is_settled_by_reading_back(self, action: Action, account: Account) -> None:
        """AWS did it, the answer never came: it stands, and was sent once."""
        plan = plan_of(action, account)
        account.calls.clear()
        account.lost[write_of(plan)] = timed_out()

        applied = remedy(action).apply(plan, account)

        assert applied.outcome == "read-back"
        assert account.writes == [write_of(plan)]
        assert live(action, plan, account) == plan.after

    def test_a_refusal_says_that_nothing_changed(self, action: Action, account: Account) -> None:
        """With AWS's own code, and what was read afterwards."""
        plan = plan_of(action, account)
        account.faults[write_of(plan)] = lambda: failure(409, "ResourceConflictException", "An update is in progress for resource: arn")

        with pytest.raises(RemediationError, match=r"An update is in progress.*read back") as caught:
            remedy(action).apply(plan, account)

        assert caught.value.code == "ResourceConflictException"
        assert live(action, plan, account) == plan.before

    def test_a_deleted_function_makes_the_plan_stale(self, action: Action, account: Account) -> None:
        """Deleted or renamed between the plan and the click."""
        plan = plan_of(action, account)
        account.client("lambda").delete_function(FunctionName="orders")
        account.calls.clear()

        with pytest.raises(PlanStaleError, match="function is none, planned from orders"):
            remedy(action).apply(plan, account)

        assert account.writes == []

    def test_takes_no_other_permissions_than_declared_and_all_of_those(self, action: Action, account: Account) -> None:
        """The write role is made of them: one more is a risk, one less an outage."""
        used: set[str] = set()
        for plan in plans(action, account):
            used |= account.operations
            account.calls.clear()
            applied = remedy(action).apply(plan, account)
            if action in UNDOABLE:
                remedy(action).undo(applied, account)
            used |= account.operations

        assert set(permissions(used)) == REMEDIATIONS[action].iam_actions - set(NEVER_CALLED)


def plans(action: Action, account: Account) -> Iterator[RemediationPlan]:
    """Yield the plan of a change, and another one where the way differs by what was there before."""
    yield plan_of(action, account)
    if action == "raise-reserved-concurrency":
        account.client("lambda").delete_function_concurrency(FunctionName="orders")
        account.calls.clear()
        yield remedy(action).plan(PlanRequest(action=action, function_name="orders", params={"to_concurrency": 40}), account)


@pytest.mark.parametrize("action", UNDOABLE)
class TestUndo:
    def test_restores_exactly_what_was_there(self, action: Action, account: Account) -> None:
        """None included; from a change that was kept as JSON meanwhile."""
        plan = plan_of(action, account)
        applied = AppliedChange.model_validate_json(remedy(action).apply(plan, account).model_dump_json())

        undone = remedy(action).undo(applied, account)

        assert live(action, plan, account) == plan.before
        assert undone.is_undo
        assert undone.after == plan.before
        assert not remedy(action).stands(plan, account)

    def test_twice_is_refused(self, action: Action, account: Account) -> None:
        """Two people click."""
        applied = remedy(action).apply(plan_of(action, account), account)
        undone = remedy(action).undo(applied, account)
        account.calls.clear()

        with pytest.raises(PlanStaleError, match="nothing is left to do"):
            remedy(action).undo(applied, account)
        with pytest.raises(RefusedError, match="undo already"):
            remedy(action).undo(undone, account)

        assert account.writes == []

    def test_a_retry_of_its_own_attempt_finds_it_done(self, action: Action, account: Account) -> None:
        """Killed after the call."""
        applied = remedy(action).apply(plan_of(action, account), account)
        remedy(action).undo(applied, account)

        assert remedy(action).undo(applied, account, resuming=True).outcome == "resumed"


THIRD: dict[Action, Any] = {
    "raise-timeout": configure(Timeout=7),
    "raise-memory": configure(MemorySize=256),
    "raise-ephemeral-storage": configure(EphemeralStorage={"Size": 2048}),
    "raise-reserved-concurrency": lambda a: a.client("lambda").put_function_concurrency(
        FunctionName="orders", ReservedConcurrentExecutions=30
    ),
    "remove-reserved-concurrency": lambda a: a.client("lambda").put_function_concurrency(
        FunctionName="orders", ReservedConcurrentExecutions=30
    ),
    "set-provisioned-concurrency": lambda a: a.provisioned.update(live=9),
    "rollback-alias": lambda a: a.client("lambda").update_alias(FunctionName="orders", Name="live", FunctionVersion="$LATEST"),
}


class TestThirdPerson:
    @pytest.mark.parametrize("action", THIRD)
    def test_undo_is_refused_when_somebody_changed_it_since(self, action: Action, account: Account) -> None:
        """Their change is not ours to take away; both values are shown."""
        plan = plan_of(action, account)
        applied = remedy(action).apply(plan, account)
        THIRD[action](account)
        found = live(action, plan, account)
        account.calls.clear()

        with pytest.raises(PlanStaleError, match="changed since") as caught:
            remedy(action).undo(applied, account)

        assert account.writes == []
        assert (caught.value.planned, caught.value.found) == (plan.after[caught.value.field], found[caught.value.field])

    def test_another_field_of_the_function_makes_the_plan_stale(self, account: Account) -> None:
        """The revision tells what the compared field does not, a deployment for example."""
        plan = plan_of("raise-timeout", account)
        configure(Description="deployed")(account)

        with pytest.raises(PlanStaleError, match="revision_id"):
            remedy("raise-timeout").apply(plan, account)

    def test_a_change_between_reading_and_writing_is_refused_by_aws(self, account: Account) -> None:
        """Compare and swap: the revision goes with the write."""
        plan = plan_of("raise-timeout", account)
        meddle = [True]

        def in_between() -> None:
            if meddle:
                meddle.clear()
                account.revisions["function"] += 1

        account.faults["lambda:UpdateFunctionConfiguration"] = in_between

        with pytest.raises(PlanStaleError, match="AWS refused the write"):
            remedy("raise-timeout").apply(plan, account)
        assert live("raise-timeout", plan, account) == plan.before

    def test_undo_leaves_the_statements_of_others_alone(self, account: Account) -> None:
        """Only the statement under our own id goes."""
        applied = remedy("add-invoke-permission").apply(plan_of("add-invoke-permission", account), account)
        account.client("lambda").add_permission(
            FunctionName="orders", StatementId="theirs", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
        )

        remedy("add-invoke-permission").undo(applied, account)

        policy = account.client("lambda").get_policy(FunctionName="orders")["Policy"]
        assert "theirs" in policy
        assert "lambda-medic-api" not in policy


class TestUnknown:
    def test_neither_answer_nor_state_is_told_as_unknown(self, account: Account) -> None:
        """Nothing is claimed that nobody saw."""
        plan = plan_of("raise-timeout", account)

        def lose_everything() -> None:
            account.faults["lambda:GetFunctionConfiguration"] = lambda: failure(500, "ServiceException")
            account.lost["lambda:UpdateFunctionConfiguration"] = timed_out()

        account.faults["lambda:UpdateFunctionConfiguration"] = lose_everything

        with pytest.raises(OutcomeUnknownError, match="neither its answer nor the state"):
            remedy("raise-timeout").apply(plan, account)

    def test_an_update_in_progress_is_waited_for(self, account: Account) -> None:
        """AWS refuses a second update meanwhile."""
        plan = plan_of("raise-timeout", account)
        account.update_status = "InProgress"
        waits: list[float] = []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            account.update_status = None

        applied = REMEDIATIONS["raise-timeout"](wait).apply(plan, account)

        assert applied.outcome == "applied"
        assert len(waits) == 1

    def test_an_update_that_does_not_end_changes_nothing(self, account: Account) -> None:
        """It gives up and says so."""
        plan = plan_of("raise-timeout", account)
        account.update_status = "InProgress"
        account.calls.clear()

        with pytest.raises(RemediationError, match="still in progress; nothing was changed"):
            remedy("raise-timeout").apply(plan, account)
        assert account.writes == []


class TestWrongPlace:
    def test_another_account_is_refused(self, account: Account) -> None:
        """The credentials reach a function of the same name elsewhere."""
        plan = plan_of("raise-timeout", account).model_copy(update={"account_id": "210987654321"})

        with pytest.raises(RefusedError, match="planned for 210987654321"):
            remedy("raise-timeout").apply(plan, account)

    def test_another_actions_plan_is_refused(self, account: Account) -> None:
        """An approval of one plan, used on another."""
        with pytest.raises(InputError, match="made for raise-timeout, given to raise-memory"):
            remedy("raise-memory").apply(plan_of("raise-timeout", account), account)
