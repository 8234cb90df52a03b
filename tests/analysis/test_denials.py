# ruff: noqa: E501 - AWS's sentences stay whole
from __future__ import annotations

from typing import Any

import pytest

from bot.analysis.analyse import analyse
from bot.analysis.facts import Denial
from tests.analysis.incidents import ID, a_log, an_incident, report

ROLE = "arn:aws:sts::123456789012:assumed-role/checkout-role/checkout"
BASE = f"User: {ROLE} is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:eu-west-1:123456789012:table/orders "


def denials_of(*lines: str, **sections: Any) -> tuple[Denial, ...]:
    return analyse(an_incident(logs=[a_log(*lines)], **sections)).denials


def one(*lines: str, **sections: Any) -> Denial:
    found = denials_of(*lines, **sections)
    assert len(found) == 1
    return found[0]


class TestWording:
    @pytest.mark.parametrize(
        ("tail", "policy_type", "explicit"),
        [
            ("because no identity-based policy allows the dynamodb:PutItem action", "identity", False),
            ("with an explicit deny in an identity-based policy", "identity", True),
            ("because no resource-based policy allows the dynamodb:PutItem action", "resource", False),
            ("with an explicit deny in a resource-based policy", "resource", True),
            ("because no permissions boundary allows the dynamodb:PutItem action", "permissions-boundary", False),
            ("because no session policy allows the dynamodb:PutItem action", "session", False),
            ("with an explicit deny in a service control policy", "service-control", True),
            (
                "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-x/service_control_policy/p-y",
                "service-control",
                True,
            ),
            ("with an explicit deny in a resource control policy", "resource-control", True),
            ("because no VPC endpoint policy allows the dynamodb:PutItem action", "vpc-endpoint", False),
            ("because no role trust policy allows the sts:AssumeRole action", "role-trust", False),
            ("with an explicit deny", "unspecified", True),
            ("", "unspecified", None),
        ],
    )
    def test_the_tail_names_the_policy_that_refused(self, tail: str, policy_type: str, explicit: bool | None) -> None:
        """Only one is named even when several deny, and older services name none."""
        denial = one(f"[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the PutItem operation: {BASE}{tail}")

        assert (denial.policy_type, denial.explicit) == (policy_type, explicit)
        assert (denial.principal_kind, denial.action, denial.operation) == ("execution-role", "dynamodb:PutItem", "PutItem")
        assert denial.resource == "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"

    def test_a_sentence_that_a_terminal_broke_is_read_whole(self) -> None:
        """Consoles wrap long ARNs, also before the words that tell of an explicit deny."""
        denial = one(
            f"User: {ROLE}\nis not authorized to perform: dynamodb:PutItem on resource:\narn:aws:dynamodb:eu-west-1:1:table/o\nwith an explicit deny"
        )

        assert (denial.principal, denial.resource, denial.explicit) == (ROLE, "arn:aws:dynamodb:eu-west-1:1:table/o", True)

    def test_a_sentence_that_a_test_runner_framed_is_read_whole(self) -> None:
        """Such tools put a bar in front of every line that they wrap."""
        denial = one(
            "User: arn:aws:sts::123456789012:assumed-role/blog/fn is not authorized to perform:\n     | dynamodb:DescribeTable on resource:"
            "\n     | arn:aws:dynamodb:us-west-2:123456789012:table/posts"
        )

        assert (denial.action, denial.resource) == ("dynamodb:DescribeTable", "arn:aws:dynamodb:us-west-2:123456789012:table/posts")

    def test_without_a_principal_the_action_still_counts(self) -> None:
        """Reports leave out who was refused; what stands in the function's own log was refused to its role."""
        denial = one(
            "NotAuthorizedException: not authorized to perform: cognito-idp:AdminGetUser with an explicit deny in a service control policy"
        )

        assert (denial.principal, denial.principal_kind, denial.action) == (None, "execution-role", "cognito-idp:AdminGetUser")
        assert denial.policy_type == "service-control"

    def test_pulling_an_image_is_the_deployers_call(self) -> None:
        """A function does not pull its own image; Lambda does so with the rights of whoever deploys."""
        said = "User: arn:aws:sts::1:assumed-role/ci/run is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:2:repository/x"
        (denial,) = analyse(an_incident(client={"body": said})).denials

        assert denial.principal_kind == "deployer"

    def test_kms_behind_another_service_is_a_denial_of_kms(self) -> None:
        """S3 says that GetObject was denied, and means the key."""
        said = f"User: {ROLE} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/k because no identity-based policy allows the kms:Decrypt action"
        denial = one(f"An error occurred (AccessDenied) when calling the GetObject operation: {said}")

        assert (denial.action, denial.service, denial.operation) == ("kms:Decrypt", "kms", "GetObject")

    @pytest.mark.parametrize(
        ("line", "action", "operation", "service"),
        [
            ("An error occurred (AccessDenied) when calling the PutObject operation: Access Denied", "s3:PutObject", "PutObject", "s3"),
            (
                "An error occurred (AccessDenied) when calling the ListObjectsV2 operation: Access Denied",
                "s3:ListBucket",
                "ListObjectsV2",
                "s3",
            ),
            (
                "An error occurred (AccessDeniedException) when calling the GetSecretValue operation: Access to KMS is not allowed",
                "kms:Decrypt",
                "GetSecretValue",
                "kms",
            ),
            (
                "operation error S3: GetObject, https response error StatusCode: 403, api error AccessDenied: Access Denied",
                "s3:GetObject",
                "GetObject",
                "s3",
            ),
            ("Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; Request ID: X)", None, None, "s3"),
            ("AccessDenied: Access Denied", None, None, None),
        ],
    )
    def test_bare_refusals_are_named_by_the_call(self, line: str, action: str | None, operation: str | None, service: str | None) -> None:
        """What the sentence leaves out, the SDK's own words may tell."""
        denial = one(line)

        assert (denial.action, denial.operation, denial.service, denial.principal_kind) == (action, operation, service, "execution-role")

    @pytest.mark.parametrize(
        ("principal", "kind"),
        [
            ("sns.amazonaws.com", "service"),
            ("anonymous", "anonymous"),
            ("arn:aws:sts::1:assumed-role/checkout-role/awslambda_783_20180222015150438", "poller"),
            ("arn:aws:iam::1:user/ci", "caller"),
        ],
    )
    def test_the_principal_tells_who_was_refused(self, principal: str, kind: str) -> None:
        """A service, nobody in particular, the event source mapping's poller, or a caller."""
        said = f"User: {principal} is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-1:1:function:checkout"
        denial = one(client={"status": 403, "body": said})

        assert (denial.principal_kind, denial.role) == (kind, "client-body")


class TestPlaces:
    def test_a_delivery_log_in_json_in_json(self) -> None:
        """SNS logs its failures with two levels of escaping; the citation stands in the file as it is."""
        raw = '"{\\"ErrorCode\\":\\"AccessDeniedException\\",\\"ErrorMessage\\":\\"User: sns.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:x:y:function:checkout because no resource-based policy allows the lambda:InvokeFunction action\\"}"'
        found = analyse(an_incident(logs=[a_log(raw, group="sns/eu-west-1/123456789012/topic/Failure")])).denials

        assert [(d.principal_kind, d.policy_type, d.role) for d in found] == [("service", "resource", "delivery-log")]
        assert found[0].cite[0].text in raw

    def test_cloudtrail_names_call_and_caller_beside_the_message(self) -> None:
        """A bare `403 Forbidden` of S3 is a HeadObject, which needs s3:GetObject."""
        row = {
            "eventSource": "s3.amazonaws.com",
            "eventName": "HeadObject",
            "errorCode": "AccessDenied",
            "errorMessage": "403 Forbidden",
            "userIdentity": {"arn": ROLE},
        }
        denial = one(denials=[row])

        assert (denial.action, denial.operation, denial.principal, denial.principal_kind) == (
            "s3:GetObject",
            "HeadObject",
            ROLE,
            "execution-role",
        )

    def test_a_mapping_that_lambda_refused_to_make(self) -> None:
        """The role lacks what the poller needs."""
        said = "The provided execution role does not have permissions to call DeleteMessage on SQS (Service: AWSLambda; Status Code: 400)"
        denial = one(
            changes=[{"EventName": "CreateEventSourceMapping20150331", "errorCode": "InvalidParameterValueException", "errorMessage": said}]
        )

        assert (denial.action, denial.principal_kind, denial.role) == ("sqs:DeleteMessage", "execution-role", "change")

    def test_lambda_reads_the_package_for_the_deployer(self) -> None:
        """The one who deploys lacks the right, or the object is gone; the function's role has no part in it."""
        said = "Your access has been denied by S3, please make sure your request credentials have permission to GetObject for my-bucket/autotag-0.5.3.zip. S3 Error Code: AccessDenied."
        denial = one(denials=[{"eventSource": "lambda.amazonaws.com", "errorCode": "AccessDenied", "errorMessage": said}])

        assert (denial.principal_kind, denial.action, denial.resource) == ("deployer", "s3:GetObject", "my-bucket/autotag-0.5.3.zip")

    def test_the_environments_key(self) -> None:
        """Lambda cannot decrypt the variables, so the function never starts."""
        denial = one(
            client={
                "status": 502,
                "body": "Lambda was unable to decrypt the environment variables because KMS access was denied. Please check the function's KMS key settings.",
            }
        )

        assert (denial.action, denial.service) == ("kms:Decrypt", "kms")

    def test_a_handled_refusal_keeps_the_outcome_of_its_invocation(self) -> None:
        """Caught and answered: outcome ok; a word of it in a healthy run's chatter is none at all."""
        start = f"START RequestId: {ID} Version: 1"

        assert [denial.outcome for denial in denials_of(start, f"[WARNING]\t2026-05-14T03:12:01.000Z\t{ID}\t{BASE}", report())] == ["ok"]
        assert denials_of(start, "AccessDenied page rendered", report()) == ()

    def test_an_authorizers_refusal_of_a_client_is_none_of_iam(self) -> None:
        """The gateway says it of the client; no AWS principal was refused."""
        assert (
            denials_of(client={"status": 403, "body": '{"Message":"User is not authorized to access this resource with an explicit deny"}'})
            == ()
        )

    def test_a_model_that_is_not_switched_on_is_no_refusal_of_iam(self) -> None:
        """Bedrock says AccessDeniedException, and no policy lifts it."""
        said = "An error occurred (AccessDeniedException) when calling the InvokeModel operation: You don't have access to the model with the specified model ID."

        assert denials_of(said) == ()


class TestOldAndOddWordings:
    @pytest.mark.parametrize(
        ("line", "action"),
        [
            ("An error occurred (403) when calling the HeadObject operation: Forbidden", "s3:GetObject"),
            (
                "User `arn:aws:sts::123456789012:assumed-role/r/mailer' is not authorized to perform `ses:SendEmail' on resource `arn:aws:ses:eu-west-1:123456789012:identity/example.com'",
                "ses:SendEmail",
            ),
            (
                'Error executing "PutObject" on "https://b.s3.eu-west-1.amazonaws.com/k"; AWS HTTP error: <Code>AccessDenied</Code>',
                "s3:PutObject",
            ),
            (
                "Your access has been denied by EC2, please make sure your function execution role have permission to CreateNetworkInterface. EC2 Error Code: UnauthorizedOperation.",
                "ec2:CreateNetworkInterface",
            ),
            (
                "AccessDeniedException: Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model.",
                "aws-marketplace:ViewSubscriptions",
            ),
            ("Forbidden: null\n    at Request.extractError (/var/runtime/node_modules/aws-sdk/lib/services/s3.js:577:35)", None),
            ("AccessDenied: Access to the resource https://sqs.eu-west-1.amazonaws.com/ is denied.", None),
        ],
    )
    def test_each_is_a_refusal_of_the_role(self, line: str, action: str | None) -> None:
        """What SDKs and services make of the same answer; some know no action."""
        denial = one(f"[ERROR] {line}")

        assert (denial.principal_kind, denial.action) == ("execution-role", action)

    @pytest.mark.parametrize(
        ("principal", "action", "kind"),
        [
            ("arn:aws:iam::123456789012:user/ci", "s3:GetObject", "caller"),
            ("arn:aws:sts::210987654321:assumed-role/visitor/session", "s3:GetObject", "caller"),
            ("arn:aws:sts::123456789012:assumed-role/pipeline/build", "lambda:UpdateFunctionCode", "deployer"),
            ("arn:aws:sts::123456789012:assumed-role/checkout-role/checkout", "lambda:UpdateFunctionCode", "execution-role"),
        ],
    )
    def test_trails_name_others_too(self, principal: str, action: str, kind: str) -> None:
        """A user, another account's role and whoever deploys are not the function; its own session is, whatever it asks for."""
        said = f"User: {principal} is not authorized to perform: {action} on resource: arn:aws:s3:::b/k because no identity-based policy allows it"
        target = {"function_name": "checkout", "account_id": "123456789012", "front_door": None}

        assert one(target=target, denials=[{"errorCode": "AccessDenied", "errorMessage": said}]).principal_kind == kind
