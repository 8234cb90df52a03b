"""Collecting: in parallel, under one deadline, with a row in `gaps` for every question that failed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from bot.aws.clients import Boto3Clients, Connection
from bot.errors import TargetNotFoundError
from bot.evidence.collect import Progress, collect
from bot.models.incident_file import Client, FrontDoor, Gap, IncidentFile, Target
from tests.evidence.fakes import NOW, REGION, WINDOW, BreakableClients, hanging, refusal
from tests.evidence.shop import ACCOUNT, ERRORS_AT, open_shop

CHECKOUT = Target(function_name="checkout", region=REGION)

in_an_account = pytest.mark.usefixtures("account")


def look(target: Target = CHECKOUT, faults: dict[str, Callable[..., Any]] | None = None, **options: Any) -> IncidentFile:
    """Collect with some questions broken on the wire."""
    return collect(target, WINDOW, BreakableClients(faults), deadline_s=options.pop("deadline_s", 20), now=NOW, **options).incident


def gap(incident: IncidentFile, operation: str) -> Gap:
    """Return the one gap of an operation."""
    found = [gap for gap in incident.gaps if gap.operation == operation]
    assert len(found) == 1, incident.gaps
    return found[0]


@in_an_account
class TestFile:
    def test_holds_what_aws_answered(self) -> None:
        """Sections in AWS's own keys, the front door found from the resource policy."""
        shop = open_shop()
        boto3.client("iam").create_account_alias(AccountAlias="shop-prod")

        incident = look()

        assert incident.target == Target(
            function_name="checkout",
            region=REGION,
            account_id=ACCOUNT,
            account_alias="shop-prod",
            front_door=FrontDoor(kind="rest-api", id=shop.api_id, stage="prod", route="POST /orders"),
        )
        assert incident.function is not None
        assert (incident.function["Timeout"], incident.function["Role"]) == (3, shop.role_arn)
        assert incident.tags == {"team": "shop"}
        assert incident.concurrency is not None
        assert incident.concurrency["ReservedConcurrentExecutions"] is None
        assert incident.resource_policy is not None
        assert incident.execution_role is not None
        assert [policy["name"] for policy in incident.execution_role["policies"]] == ["own", "tables"]
        assert incident.event_sources == []

    def test_holds_the_gateway_that_calls_the_function(self) -> None:
        """Route, type and timeout of the integration stand in the names of the contract."""
        shop = open_shop()

        gateway = look().gateway

        assert gateway is not None
        assert (gateway["kind"], gateway["id"], gateway["name"], gateway["policy"]) == ("rest-api", shop.api_id, "shop", None)
        assert gateway["stage"]["stageName"] == "prod"
        integration = gateway["integrations"][0]
        assert (integration["route"], integration["type"], integration["authorizationType"]) == ("POST /orders", "AWS_PROXY", "NONE")
        assert gateway["authorizers"] == []

    def test_holds_no_secret(self) -> None:
        """Environment values are dropped, log lines pass the redactor."""
        open_shop()

        incident = look(
            client=Client(status=502, headers={"Authorization": "opaque-token"}), alarm={"AlarmDescription": "password=hunter2"}
        )

        assert incident.function is not None
        assert incident.function["Environment"]["Variables"] == {"DB_PASSWORD": "***", "STAGE": "***"}
        assert "hunter2" not in incident.to_json()
        assert "opaque-token" not in incident.to_json()

    def test_holds_logs_and_metrics_of_the_window(self) -> None:
        """What the diagnosis counts."""
        open_shop()

        incident = look()

        assert incident.logs is not None
        lines = [event.message for group in incident.logs for event in group.events]
        assert any("Task timed out after 3.00 seconds" in line for line in lines)
        assert incident.metrics is not None
        errors = next(s for s in incident.metrics if s.MetricName == "Errors")
        assert (errors.Values, errors.Timestamps) == ([3.0], [ERRORS_AT.isoformat().replace("+00:00", "Z")])

    def test_tells_none_from_not_read(self) -> None:
        """AWS said that there is no policy and no URL; a policy that could not be read is absent."""
        open_shop(with_permission=False)

        answered = look()
        refused = look(faults={"lambda.GetPolicy": refusal(403, "AccessDeniedException")})

        assert (answered.state("resource_policy"), answered.state("function_url")) == ("none", "none")
        assert refused.state("resource_policy") == "absent"

    def test_is_the_same_after_saving_and_reading(self) -> None:
        """A replay sees what the live answer saw."""
        open_shop()

        incident = look()

        assert IncidentFile.from_json(incident.to_json()) == incident

    def test_is_the_same_whichever_thread_was_first(self) -> None:
        """Two runs over the same account give the same file."""
        open_shop()

        assert look().to_json() == look().to_json()


@in_an_account
class TestFaults:
    def test_one_refused_call_is_a_gap_and_spoils_nothing_else(self) -> None:
        """No permission for one question: all others are answered."""
        open_shop()

        incident = look(faults={"lambda.ListTags": refusal(403, "AccessDeniedException", "not authorized to perform: lambda:ListTags")})

        found = gap(incident, "lambda:ListTags")
        assert (found.section, found.code) == ("tags", "AccessDeniedException")
        assert "lambda:ListTags" in found.message
        assert incident.state("tags") == "absent"
        assert incident.state("function") == "present"

    def test_a_throttled_call_is_tried_again_and_then_a_gap(self) -> None:
        """The receipt counts the second try."""
        open_shop()
        tries: list[str] = []
        answer = refusal(429, "TooManyRequestsException", "Rate exceeded")

        def throttled(request: Any, **rest: Any) -> Any:
            tries.append(request.url)
            return answer(request, **rest)

        incident = look(faults={"lambda.GetFunctionConcurrency": throttled})

        assert len(tries) == 2
        assert gap(incident, "lambda:GetFunctionConcurrency").code == "TooManyRequestsException"
        assert "ReservedConcurrentExecutions" not in (incident.concurrency or {})

    def test_a_question_that_fails_stops_only_those_that_need_it(self) -> None:
        """Without the configuration the role is not known, while the default log group is a good guess."""
        open_shop()

        incident = look(faults={"lambda.GetFunctionConfiguration": refusal(403, "AccessDeniedException")})

        role = next(gap for gap in incident.gaps if gap.section == "execution_role")
        assert (role.code, role.message) == (
            "NotAsked",
            "not asked: it needs function, and lambda:GetFunctionConfiguration failed with AccessDeniedException",
        )
        assert [group.group for group in incident.logs or []] == ["/aws/lambda/checkout"]

    def test_a_late_answer_is_a_gap_and_the_rest_stands(self) -> None:
        """One endpoint hangs: at the deadline the file is returned with everything else."""
        open_shop()
        release = threading.Event()

        try:
            incident = look(faults={"lambda.GetPolicy": hanging(release)}, deadline_s=3)
        finally:
            release.set()

        late = gap(incident, "lambda:GetPolicy")
        assert (late.section, late.code) == ("resource_policy", "DeadlineExceeded")
        assert incident.state("resource_policy") == "absent"
        assert incident.state("function") == incident.state("logs") == "present"

    def test_a_late_part_of_a_section_names_its_own_question(self) -> None:
        """The gateway's stage hangs; integrations and authorizers were read, and the gap says which question was not answered."""
        open_shop()
        release = threading.Event()

        try:
            incident = look(faults={"api-gateway.GetStages": hanging(release)}, deadline_s=3)
        finally:
            release.set()

        assert gap(incident, "apigateway:GetStages").code == "DeadlineExceeded"
        assert incident.gateway is not None
        assert incident.gateway["integrations"]
        assert "stage" not in incident.gateway

    def test_questions_do_not_wait_for_the_configuration(self) -> None:
        """While the configuration hangs, everything that does not need it is answered."""
        open_shop()
        release = threading.Event()

        try:
            incident = look(faults={"lambda.GetFunctionConfiguration": hanging(release)}, deadline_s=3)
        finally:
            release.set()

        assert gap(incident, "lambda:GetFunctionConfiguration").code == "DeadlineExceeded"
        assert incident.state("resource_policy") == incident.state("metrics") == incident.state("gateway") == "present"

    def test_a_broken_answer_is_a_gap(self) -> None:
        """A shape that nobody expected takes one collector down and no other."""
        open_shop()

        clients = BreakableClients(changes={"lambda.GetPolicy": lambda parsed: parsed.update(Policy="{not json")})
        incident = collect(CHECKOUT, WINDOW, clients, deadline_s=20, now=NOW).incident

        assert gap(incident, "lambda:GetPolicy").code == "JSONDecodeError"
        assert incident.state("function") == "present"


class TestNothingAnswers:
    def test_expired_credentials_are_named_in_every_gap(self) -> None:
        """Nothing was read, and the file says why; it does not claim that there is nothing."""
        incident = look(faults={"*": refusal(403, "ExpiredTokenException", "The security token included in the request is expired")})

        assert incident.state("function") == incident.state("logs") == incident.state("resource_policy") == "absent"
        assert {gap.code for gap in incident.gaps} == {"ExpiredTokenException", "NotAsked"}
        assert gap(incident, "lambda:GetFunctionConfiguration").message == "The security token included in the request is expired"

    @pytest.fixture
    def closed_port(self) -> Iterator[int]:
        """A port of this machine on which nothing listens."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            yield taken.getsockname()[1]

    def test_an_unreachable_endpoint_is_named(self, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """No network, or a wrong endpoint: every gap carries the address that did not answer."""
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port}")

        incident = collect(CHECKOUT, WINDOW, Boto3Clients(Connection(region=REGION, max_attempts=1)), deadline_s=20).incident

        assert gap(incident, "lambda:GetFunctionConfiguration").code == "EndpointConnectionError"
        assert str(closed_port) in gap(incident, "lambda:GetFunctionConfiguration").message


@in_an_account
class TestTarget:
    def test_an_unknown_function_is_answered_with_near_names(self) -> None:
        """A person misspelt it."""
        open_shop()

        with pytest.raises(TargetNotFoundError, match=r"no function is called 'chekout' in eu-west-1; did you mean checkout\?"):
            look(Target(function_name="chekout", region=REGION))

    def test_an_unknown_function_is_said_without_the_list(self) -> None:
        """The hint needs a permission of its own, the message does not."""
        with pytest.raises(TargetNotFoundError, match=r"no function is called 'chekout' in eu-west-1$"):
            look(Target(function_name="chekout", region=REGION), {"lambda.ListFunctions": refusal(403, "AccessDeniedException")})

    def test_an_unknown_alias_is_answered_with_the_known_ones(self) -> None:
        """The function exists, its alias does not."""
        open_shop()
        client = boto3.client("lambda", REGION)
        client.publish_version(FunctionName="checkout")
        client.create_alias(FunctionName="checkout", Name="live", FunctionVersion="1")

        with pytest.raises(TargetNotFoundError, match="function checkout has no alias or version 'liv' in eu-west-1; its aliases: live"):
            look(Target(function_name="checkout:liv", region=REGION))

    def test_an_alarm_for_a_deleted_function_still_gives_a_file(self) -> None:
        """What else is known, such as who deleted it, is worth having."""
        incident = look(Target(function_name="gone", region=REGION), alarm={"AlarmName": "gone-errors"})

        assert incident.state("function") == "none"
        assert gap(incident, "lambda:GetFunctionConfiguration").code == "ResourceNotFoundException"
        assert incident.alarm == {"AlarmName": "gone-errors"}

    def test_an_arn_is_taken_apart(self) -> None:
        """People paste what the console shows."""
        shop = open_shop()

        incident = look(Target(function_name=shop.function_arn, region=None))

        assert (incident.target.function_name, incident.target.region) == ("checkout", REGION)

    def test_a_front_door_alone_is_enough(self) -> None:
        """An API whose function nobody knows is read, and nothing is asked about a function."""
        shop = open_shop()
        clients = BreakableClients()

        incident = collect(
            Target(region=REGION, front_door=FrontDoor(kind="rest-api", id=shop.api_id, stage="prod")), WINDOW, clients, deadline_s=20
        ).incident

        assert incident.state("gateway") == "present"
        assert not [sent for sent in clients.sent if sent.startswith("lambda.")]


@in_an_account
class TestReceipt:
    def test_counts_calls_and_what_was_read_of_the_logs(self) -> None:
        """An operator sees what an investigation costs, and how much of the logs was read."""
        open_shop()
        clients = BreakableClients()

        receipt = collect(CHECKOUT, WINDOW, clients, deadline_s=20).receipt

        assert receipt.api_calls >= len(clients.sent)
        assert (receipt.logs.events, receipt.logs.pages, receipt.logs.is_spent) == (5, 1, False)
        assert receipt.logs.bytes_allowed == 8_000_000
        assert receipt.seconds > 0

    def test_progress_tells_of_each_collector(self) -> None:
        """Each begins once and ends once."""
        open_shop()
        seen: list[Progress] = []

        look(progress=seen.append, faults={"lambda.ListTags": refusal(403, "AccessDeniedException")})

        started = sorted(p.collector for p in seen if p.state == "started")
        assert started == sorted(p.collector for p in seen if p.state != "started")
        assert next(p for p in seen if p.collector == "function-tags" and p.state != "started").state == "failed"
