"""What every plan is: made from the live state by reading alone, exact, and complete for the person who approves it."""

from __future__ import annotations

import botocore.session
import botocore.validate
import pytest

from bot.errors import InputError, RefusedError, RemediationError, TargetNotFoundError
from bot.models.diagnosis import Action
from bot.models.plan import PlanRequest, RemediationPlan
from bot.remediations.state import REVISIONED
from tests.remediations.account import ROLE, Account, failure
from tests.remediations.changes import ACTIONS, GRANT, change_of, configure, plan_of, remedy


@pytest.mark.parametrize("action", ACTIONS)
class TestEveryPlan:
    def test_reads_only(self, action: Action, account: Account) -> None:
        """What was called is recorded at botocore's own event."""
        plan_of(action, account)

        assert account.calls
        assert account.writes == []

    def test_says_all_that_an_approver_must_know(self, action: Action, account: Account) -> None:
        """Old and new value, effects with the cost, undo, owner, and the calls."""
        plan = plan_of(action, account)

        assert plan.fields
        assert all(change.old != change.new for change in plan.fields)
        assert any("cost" in effect for effect in plan.effects)
        assert plan.undo
        assert plan.ownership.owner == "nobody"
        assert (plan.account_id, plan.region) == ("123456789012", "eu-west-1")
        assert plan.unread == []

    def test_its_calls_are_ones_that_botocore_takes(self, action: Action, account: Account) -> None:
        """Names and types of all parameters are checked against AWS's own model."""
        plan = plan_of(action, account)

        for call in plan.calls:
            model = botocore.session.get_session().get_service_model(call.service).operation_model(call.operation)
            assert model.input_shape is not None
            report = botocore.validate.ParamValidator().validate(call.parameters, model.input_shape)
            assert not report.has_errors(), report.generate_report()

    def test_holds_the_revision_where_the_api_takes_one(self, action: Action, account: Account) -> None:
        """A policy that does not exist yet has none."""
        plan = plan_of(action, account)

        takes_one = plan.calls[0].operation in REVISIONED and action != "add-invoke-permission"
        assert ("RevisionId" in plan.calls[0].parameters) == takes_one

    def test_refuses_unknown_parameters(self, action: Action, account: Account) -> None:
        """A misspelt parameter must not be left out in silence; the known ones are named."""
        with pytest.raises(InputError, match=r"to_secondz: .*known parameters"):
            plan_of(action, account, params={"to_secondz": 3})

    def test_survives_json_with_the_same_fingerprint(self, action: Action, account: Account) -> None:
        """The plan is kept in a table between its approval and its application."""
        plan = plan_of(action, account)

        again = RemediationPlan.model_validate_json(plan.model_dump_json())

        assert again == plan
        assert again.fingerprint() == plan.fingerprint()

    def test_a_function_that_is_gone_is_named(self, action: Action, account: Account) -> None:
        """Deleted or renamed meanwhile."""
        account.client("lambda").delete_function(FunctionName="orders")

        with pytest.raises((TargetNotFoundError, RefusedError), match="orders does not exist"):
            remedy(action).plan(PlanRequest(action=action, function_name="orders", params=change_of(action, account).params), account)


class TestFingerprint:
    def test_changes_with_any_field(self, account: Account) -> None:
        """An approval of one plan is no approval of another."""
        plan = plan_of("raise-timeout", account)

        others = [
            plan.model_copy(update={"after": {"timeout_s": 31}}),
            plan.model_copy(update={"function_name": "invoices"}),
            plan.model_copy(update={"account_id": "210987654321"}),
            plan.model_copy(update={"warnings": []}),
        ]

        assert len({p.fingerprint() for p in [plan, *others]}) == 5


class TestTimeout:
    def test_tells_the_worst_case_and_who_keeps_the_old_value(self, account: Account) -> None:
        """3,000 calls in the busiest five minutes are ten a second."""
        plan = plan_of("raise-timeout", account, qualifier="live")

        assert any("hold 300 environments at once instead of 30; the account allows 1,000" in e for e in plan.effects)
        assert any("callers use live, which is version 2" in w for w in plan.warnings)
        assert any("hides messages for 30 s, 180 s are advised" in w for w in plan.warnings)

    def test_is_refused_where_the_front_door_gives_up_first(self, account: Account) -> None:
        """The caller is gone by then."""
        configure(Timeout=30)(account)

        with pytest.raises(RefusedError, match="the timeout is already 30 s; the HTTP API stops waiting at 30 s"):
            plan_of("raise-timeout", account, params={"to_seconds": 60}, front_door="http-api", front_door_limit_s=30)

    @pytest.mark.parametrize("seconds", [0, 901, "soon", 3.5])
    def test_out_of_bounds_is_refused(self, account: Account, seconds: object) -> None:
        """Lambda takes 1 to 900 seconds, whole ones."""
        with pytest.raises(InputError, match="to_seconds"):
            plan_of("raise-timeout", account, params={"to_seconds": seconds})

    def test_less_than_now_is_refused(self, account: Account) -> None:
        """It would not be a raise."""
        with pytest.raises(RefusedError, match="3 s is not more than the present 3 s"):
            plan_of("raise-timeout", account, params={"to_seconds": 3})

    def test_an_update_in_progress_is_told_and_its_revision_not_kept(self, account: Account) -> None:
        """The revision moves on when the update ends."""
        account.update_status = "InProgress"

        plan = plan_of("raise-timeout", account)

        assert any("in progress" in w for w in plan.warnings)
        assert plan.revision_id is None

    def test_what_may_not_be_read_is_told_and_does_not_stop_the_plan(self, account: Account) -> None:
        """Fewer permissions make a poorer plan, not none."""
        account.faults["cloudtrail:LookupEvents"] = lambda: failure(403, "AccessDeniedException", "not authorized")

        plan = plan_of("raise-timeout", account)

        assert plan.unread == ["cloudtrail:LookupEvents: AccessDeniedException: not authorized"]
        assert plan.ownership.owner == "unknown"


class TestMemory:
    def test_tells_dollars_a_day(self, account: Account) -> None:
        """6,000 seconds at 128 MB are 750 GB-seconds, at 512 MB 3,000."""
        plan = plan_of("raise-memory", account)

        assert any("cost: $0.01 → $0.05 a day" in e for e in plan.effects)

    def test_above_what_small_accounts_get_is_warned_of(self, account: Account) -> None:
        """AWS would refuse."""
        plan = plan_of("raise-memory", account, params={"to_mb": 4096})

        assert any("3008 MB refuses this" in w for w in plan.warnings)


class TestCapacity:
    def test_names_the_neighbours_with_their_peaks(self, account: Account) -> None:
        """They share what is left."""
        plan = plan_of("raise-reserved-concurrency", account)

        assert any("share 870 instead of 900; peaks of the last 7 days: invoices 40; together 60" in e for e in plan.effects)
        assert not plan.needs_second_approver

    def test_below_the_accounts_minimum_is_refused(self, account: Account) -> None:
        """AWS keeps 100 unreserved."""
        with pytest.raises(RefusedError, match="AWS allows no less than 100"):
            plan_of("raise-reserved-concurrency", account, params={"to_concurrency": 821})

    def test_the_minimum_of_a_new_account_is_ten(self, account: Account) -> None:
        """Not always 100."""
        account.limit = {"ConcurrentExecutions": 50, "UnreservedConcurrentExecutions": 40}
        account.metrics[("UnreservedConcurrentExecutions", None)] = 5.0

        assert plan_of("raise-reserved-concurrency", account, params={"to_concurrency": 50}).after == {"reserved_concurrency": 50}
        with pytest.raises(RefusedError, match="no less than 10"):
            plan_of("raise-reserved-concurrency", account, params={"to_concurrency": 51})

    def test_neighbours_that_would_starve_refuse_it(self, account: Account) -> None:
        """They used more at their peak than would be left."""
        account.metrics[("UnreservedConcurrentExecutions", None)] = 880.0

        with pytest.raises(RefusedError, match="used 880 at their peak"):
            plan_of("raise-reserved-concurrency", account)

    def test_little_room_takes_a_second_person(self, account: Account) -> None:
        """Less than a quarter above the neighbours' peak."""
        account.metrics[("UnreservedConcurrentExecutions", None)] = 800.0

        assert plan_of("raise-reserved-concurrency", account).needs_second_approver

    def test_provisioned_concurrency_has_its_price(self, account: Account) -> None:
        """Five environments of 128 MB for a day."""
        plan = plan_of("set-provisioned-concurrency", account)

        assert any("$0 → $0.23 a day for 5 environments" in e for e in plan.effects)

    def test_provisioned_concurrency_needs_an_alias_or_version(self, account: Account) -> None:
        """$LATEST cannot have it."""
        with pytest.raises(RefusedError, match="LATEST cannot have it"):
            plan_of("set-provisioned-concurrency", account, params={"to_concurrency": 5})

    def test_a_kill_switch_takes_a_second_person(self, account: Account) -> None:
        """Reserved 0 is somebody's decision."""
        account.client("lambda").put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
        request = PlanRequest(action="remove-reserved-concurrency", function_name="orders")

        plan = remedy("remove-reserved-concurrency").plan(request, account)

        assert plan.needs_second_approver
        assert plan.before == {"reserved_concurrency": 0}

    def test_one_open_request_blocks_another(self, account: Account) -> None:
        """AWS takes one at a time for each quota."""
        account.requests.append({"DesiredValue": 1500.0, "Status": "CASE_OPENED"})

        with pytest.raises(RefusedError, match="a request for 1,500 is open already"):
            plan_of("request-quota-increase", account)


class TestInvokePermission:
    def test_a_service_without_a_source_is_refused(self, account: Account) -> None:
        """Any account's API could invoke: the confused deputy."""
        with pytest.raises(RefusedError, match="every account's resources"):
            plan_of("add-invoke-permission", account, params={"principal": "apigateway.amazonaws.com"})

    def test_a_bucket_needs_its_account(self, account: Account) -> None:
        """A bucket's ARN does not say whose it is."""
        params = {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::orders"}

        with pytest.raises(RefusedError, match="source_account"):
            plan_of("add-invoke-permission", account, params=params)

    def test_a_policy_without_room_is_refused(self, account: Account) -> None:
        """AWS allows 20,480 bytes."""
        for number in range(70):
            account.client("lambda").add_permission(
                FunctionName="orders",
                StatementId=f"s{number}",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/*/GET/orders-{number}",
            )

        with pytest.raises(RefusedError, match="20,480"):
            plan_of("add-invoke-permission", account)


class TestGrant:
    @pytest.mark.parametrize("action", ["s3:*", "*", "s3:Get*"])
    def test_a_wildcard_action_is_refused(self, account: Account, action: str) -> None:
        """Exactly what was refused, no more."""
        with pytest.raises(InputError, match="no exact action"):
            plan_of("grant-role-permission", account, params={**GRANT, "actions": [action]})

    def test_all_resources_are_refused_where_one_can_be_named(self, account: Account) -> None:
        """S3 objects have ARNs."""
        with pytest.raises(RefusedError, match="name an ARN"):
            plan_of("grant-role-permission", account, params={**GRANT, "resource": "*"})

    def test_an_explicit_deny_refuses_it(self, account: Account) -> None:
        """No grant overrules one."""
        account.decisions["s3:GetObject"] = "explicitDeny"

        with pytest.raises(RefusedError, match="denies s3:GetObject explicitly"):
            plan_of("grant-role-permission", account)

    def test_another_functions_role_is_refused(self, account: Account) -> None:
        """The request names one function; the write role reaches further than it should."""
        with pytest.raises(RefusedError, match=f"which is {ROLE}"):
            plan_of("grant-role-permission", account, params={**GRANT, "role_arn": "arn:aws:iam::123456789012:role/admin"})

    def test_names_who_else_gets_it(self, account: Account) -> None:
        """Roles are shared."""
        plan = plan_of("grant-role-permission", account)

        assert any("who gets it: orders, invoices, search" in e for e in plan.effects)


class TestFailures:
    def test_aws_out_of_reach_is_an_error_with_its_code(self, account: Account) -> None:
        """Not an empty answer."""
        account.faults["lambda:GetFunctionConfiguration"] = lambda: failure(403, "AccessDeniedException", "no")

        with pytest.raises(RemediationError, match="lambda:GetFunctionConfiguration: AccessDeniedException") as caught:
            plan_of("raise-timeout", account)
        assert caught.value.code == "AccessDeniedException"
