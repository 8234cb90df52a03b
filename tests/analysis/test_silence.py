from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.silence import function_log_is_empty, role_may_write_logs
from tests.analysis.incidents import an_incident

TARGET = {"function_name": "checkout", "region": "eu-west-1", "account_id": "123456789012", "front_door": None}
BOTH = ["logs:CreateLogStream", "logs:PutLogEvents"]
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout"


def may(*policies: dict[str, Any], **sections: Any) -> bool | None:
    return role_may_write_logs(an_incident(target=TARGET, execution_role={"policies": list(policies)}, **sections))


def a_policy(action: object, resource: object = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"name": "own", "document": {"Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]}}


class TestRoleMayWriteLogs:
    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            (a_policy(BOTH), True),
            (a_policy("logs:*", "arn:aws:logs:*:*:*"), True),
            (a_policy("*"), True),
            (a_policy(BOTH, f"{GROUP}:*"), True),
            (a_policy(BOTH, "arn:aws:logs:*:*:log-group:/aws/lambda/*:*:*"), True),
            (a_policy(BOTH, [f"{GROUP}-other:*"]), False),
            (a_policy("logs:PutLogEvents"), False),
            (a_policy(BOTH, effect="Deny"), False),
            (a_policy("dynamodb:GetItem"), False),
            ({"name": "AWSLambdaBasicExecutionRole"}, True),
            ({"name": "AmazonS3FullAccess"}, False),
            ({"arn": "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"}, False),
            ({"name": "something-managed"}, None),
        ],
    )
    def test_both_actions_on_the_functions_own_group(self, policy: dict[str, Any], expected: bool | None) -> None:
        """A policy that is only named is known by AWS's names, or not at all."""
        assert may(policy) is expected

    def test_the_group_that_is_configured_counts(self) -> None:
        """LoggingConfig may send the lines elsewhere, where the usual statement does not reach."""
        function = {"LoggingConfig": {"LogGroup": "/shared/platform"}}

        assert may(a_policy(BOTH, f"{GROUP}:*"), function=function) is False

    def test_all_but_some_actions_are_allowed(self) -> None:
        """NotAction is read as allowing, so that nobody is accused on a guess."""
        assert may({"name": "own", "document": {"Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}}}) is True

    def test_without_policies_nothing_is_known(self) -> None:
        """A role that nobody read, and one whose policies were left out."""
        assert may() is None
        assert role_may_write_logs(an_incident(target=TARGET)) is None


class TestFunctionLogIsEmpty:
    def test_no_group_at_all_is_an_empty_log(self) -> None:
        """An empty list says that the logs were read and none was found; a missing section says nothing."""
        assert function_log_is_empty(an_incident(target=TARGET, logs=[])) is True
        assert function_log_is_empty(an_incident(target=TARGET)) is None
