"""The doctor finds what is broken, says how to mend it, and finds nothing wrong in a whole deployment."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from moto import mock_aws

from bot.doctor import access, chat, stack, wiring
from bot.doctor.finding import Check, Deployment, Finding
from bot.errors import InputError
from bot.slack.manifest import bot_scopes
from tests.alarms.aws_parts import ACCOUNT, REGION, Account

SECRET = "a-signing-secret"
TOKEN = "xoxb-1-2-token"
RULES = "version: 1\nrules:\n  - may_ask: [anyone]\n    may_approve: [U0APPROVER]\n"


class World:
    """A Slack and a public endpoint on the loopback; a test says how they answer."""

    def __init__(self) -> None:
        self.scopes = ",".join(bot_scopes())
        self.errors: dict[str, str] = {}
        self.secret = SECRET
        self.is_open = False
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                if self.path.startswith("/api/"):
                    self._send(200, json.dumps(world.slack(self.path.rpartition("/")[2], body)), {"x-oauth-scopes": world.scopes})
                else:
                    stamp = self.headers.get("X-Slack-Request-Timestamp", "")
                    expected = "v0=" + hmac.new(world.secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
                    good = world.is_open or self.headers.get("X-Slack-Signature") == expected
                    self._send(200 if good else 401, json.loads(body)["challenge"] if good else "", {})

            def _send(self, status: int, body: str, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.server.server_port}/"

    def slack(self, method: str, body: str) -> dict[str, Any]:
        """Answer as Slack does."""
        if method in self.errors:
            return {"ok": False, "error": self.errors[method]}
        if method == "chat.postEphemeral":
            assert parse_qs(body).get("user", json.loads(body)["user"] if body.startswith("{") else "")
        return {"ok": True, "user": "medic", "user_id": "U0MEDIC", "team": "Demo"}

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(2)


@pytest.fixture
def world() -> Iterator[World]:
    """Return a Slack and an endpoint that are fine."""
    running = World()
    yield running
    running.close()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Return an account of moto's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account()


@pytest.fixture
def deployment(account: Account, world: World) -> Deployment:
    """Return a whole deployment, made of its parts."""
    clients = account.clients
    sqs, events = clients.client("sqs"), clients.client("events")
    urls = {
        output: sqs.create_queue(QueueName=output)["QueueUrl"]
        for output in ("WorkQueueUrl", "ChangeQueueUrl", "DeadLetterQueueUrl", "ChangeDeadLetterQueueUrl")
    }
    outputs = {
        **urls,
        "FunctionUrl": world.url,
        "TableName": "state",
        "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:medic",
        **{output: output.removesuffix("FunctionName").lower() for output in stack.FUNCTIONS},
    }
    for output in stack.FUNCTIONS:
        variables = {
            "SLACK_BOT_TOKEN_PARAMETER": "/medic/token",
            "SLACK_SIGNING_SECRET_PARAMETER": "/medic/secret",
            "SLACK_API_URL": f"{world.url}api/",
            "APPROVAL_RULES_PARAMETER": "/medic/rules",
        }
        account.function(outputs[output], Environment={"Variables": variables})
    for source, function in (("WorkQueueUrl", "InvestigateFunctionName"), ("ChangeQueueUrl", "RemediateFunctionName")):
        arn = sqs.get_queue_attributes(QueueUrl=urls[source], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        clients.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=outputs[function])
    events.put_rule(Name="sweep", ScheduleExpression="rate(15 minutes)")
    events.put_targets(Rule="sweep", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:ChangeQueueUrl"}])
    for name, value in (("/medic/token", TOKEN), ("/medic/secret", SECRET), ("/medic/rules", RULES)):
        clients.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
    functions = {output: clients.client("lambda").get_function_configuration(FunctionName=outputs[output]) for output in stack.FUNCTIONS}
    return Deployment("lambda-medic", outputs, {"DefaultChannel": "C0INCIDENTS", "ChangeableFunctions": "*"}, functions)


def an_alarm(account: Account, name: str, **actions: list[str]) -> None:
    """Make an alarm on a function's errors."""
    account.clients.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        **actions,
    )


def found(check: Check, deployment: Deployment, account: Account) -> list[Finding]:
    """Return what a check finds."""
    return list(check(deployment, account.clients))


def levels(findings: list[Finding]) -> set[str]:
    """Return the levels."""
    return {finding.level for finding in findings}


def test_whole_deployment_has_no_fault(deployment: Deployment, account: Account) -> None:
    """And a doctor who finds something everywhere is not asked again."""
    topic = [deployment.outputs["AlarmTopicArn"]]
    an_alarm(account, "checkout", AlarmActions=topic, OKActions=topic)
    checks = (stack.check_functions, stack.check_queues, stack.check_sweep, chat.check_slack, chat.check_endpoint)
    for check in (*checks, wiring.check_alarms, wiring.check_rules):
        findings = found(check, deployment, account)
        assert findings
        assert levels(findings) == {"ok"}, findings


def test_secrets_appear_in_no_finding(deployment: Deployment, account: Account, world: World) -> None:
    """Not even when they are wrong."""
    world.secret, world.errors = "another", {"auth.test": "invalid_auth"}
    findings = [*found(chat.check_slack, deployment, account), *found(chat.check_endpoint, deployment, account)]

    assert levels(findings) == {"fault"}
    assert not any(secret in repr(finding) for finding in findings for secret in (SECRET, TOKEN, "another"))


def broken(breaking: Callable[[Account, Deployment, World], Any], check: Check, said: str) -> Any:
    """Return one way to break the deployment."""
    return pytest.param(breaking, check, said, id=said)


@pytest.mark.parametrize(
    ("breaking", "check", "said"),
    [
        broken(lambda _a, _d, w: w.errors.update({"auth.test": "token_revoked"}), chat.check_slack, "token_revoked"),
        broken(lambda _a, _d, w: setattr(w, "scopes", "commands"), chat.check_slack, "missing: "),
        broken(lambda _a, _d, w: w.errors.update({"chat.postEphemeral": "channel_not_found"}), chat.check_slack, "channel_not_found"),
        broken(lambda _a, _d, w: w.errors.update({"chat.postEphemeral": "is_archived"}), chat.check_slack, "is_archived"),
        broken(lambda _a, _d, w: setattr(w, "secret", "changed"), chat.check_endpoint, "answers 401 to a request signed"),
        broken(lambda _a, _d, w: setattr(w, "is_open", True), chat.check_endpoint, "without a signature"),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").delete_parameter(Name="/medic/token"), chat.check_slack, "there is no such parameter"
        ),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").put_parameter(Name="/medic/secret", Value="x\n", Type="SecureString", Overwrite=True),
            chat.check_endpoint,
            "line end around it",
        ),
        broken(
            lambda a, d, _w: a.clients.client("sqs").send_message(QueueUrl=d.outputs["DeadLetterQueueUrl"], MessageBody="x"),
            stack.check_queues,
            "1 messages that the bot gave up on",
        ),
        broken(
            lambda a, _d, _w: a.clients.client("lambda").put_function_concurrency(
                FunctionName="investigate", ReservedConcurrentExecutions=0
            ),
            stack.check_functions,
            "is switched off",
        ),
        broken(lambda a, _d, _w: a.clients.client("events").disable_rule(Name="sweep"), stack.check_sweep, "no enabled rule"),
        broken(lambda a, _d, _w: an_alarm(a, "lonely"), wiring.check_alarms, "none of 1 alarms leads here"),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").put_parameter(
                Name="/medic/rules", Value="rules:\n  - may_aproove: [U1]\n", Type="SecureString", Overwrite=True
            ),
            wiring.check_rules,
            "/medic/rules:2",
        ),
    ],
)
def test_fault_is_found_with_what_mends_it(
    deployment: Deployment, account: Account, world: World, breaking: Callable[[Account, Deployment, World], Any], check: Check, said: str
) -> None:
    """Broken one way at a time."""
    breaking(account, deployment, world)
    faults = [finding for finding in found(check, deployment, account) if finding.level == "fault"]

    assert any(said in finding.said for finding in faults), faults
    assert all(finding.mend for finding in faults)


def test_alarms_that_never_say_they_recovered_are_noted(deployment: Deployment, account: Account) -> None:
    """Their threads would stay red."""
    an_alarm(account, "checkout", AlarmActions=[deployment.outputs["AlarmTopicArn"]])
    an_alarm(account, "billing")

    notes = [finding.said for finding in found(wiring.check_alarms, deployment, account) if finding.level == "note"]

    assert notes == ["1 never tell that they recovered: checkout", "1 about functions or APIs do not lead here: billing"]


def test_without_rules_the_doctor_says_that_nobody_can_change_anything(deployment: Deployment, account: Account) -> None:
    """It is the safe default, and no fault."""
    bare = Deployment(deployment.name, deployment.outputs, deployment.parameters, {})

    assert levels(found(wiring.check_rules, bare, account)) == {"note"}


class Simulated:
    """Fills AwsClients with an IAM whose simulation a test decides; moto has none."""

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._allowed = allowed

    def client(self, service: str, region: str | None = None) -> Any:
        """Return IAM."""
        return self

    def simulate_principal_policy(self, **asked: Any) -> dict[str, Any]:
        """Answer as IAM does."""
        decisions = {action: "allowed" if self._allowed(action) else "implicitDeny" for action in asked["ActionNames"]}
        return {"EvaluationResults": [{"EvalActionName": a, "EvalDecision": d} for a, d in decisions.items()]}


def test_refused_read_is_named(deployment: Deployment) -> None:
    """Without it the answers have gaps."""
    aws = Simulated(lambda action: action != "lambda:GetPolicy")
    [finding] = access.check_reading(deployment, aws)

    assert finding.level == "fault"
    assert finding.said.endswith("lambda:GetPolicy")


def test_widened_role_is_found(deployment: Deployment) -> None:
    """Somebody attached a policy to the role that only reads."""
    findings = list(access.check_forbidden(deployment, Simulated(lambda action: action == "lambda:AddPermission")))

    assert [finding.level for finding in findings].count("fault") == 1
    assert any("lambda:AddPermission" in finding.said for finding in findings)


def test_stack_that_is_none_of_ours_is_refused(account: Account) -> None:
    """And one that does not exist."""
    cloudformation = account.clients.client("cloudformation")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    cloudformation.create_stack(StackName="other", TemplateBody=body)

    for name in ("other", "nothing"):
        with pytest.raises(InputError, match=name):
            stack.read_deployment(name, account.clients)
