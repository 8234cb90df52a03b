"""The doctor finds what is broken, says how to mend it, and finds nothing wrong in a whole deployment."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from moto import mock_aws

from bot.aws.audit import DynamoAuditLog
from bot.aws.table import Table
from bot.doctor import access, changing, chat, endpoint, stack, trail, wiring
from bot.doctor.examine import CHECKS
from bot.doctor.finding import Check, Deployment, Finding
from bot.errors import InputError
from bot.models.audit import AuditRecord
from bot.slack.manifest import bot_scopes
from tests.alarms.aws_parts import ACCOUNT, REGION, Account
from tests.declared import READING
from tests.dynamodb import make_table

SECRET = "a-signing-secret"
TOKEN = "xoxb-1-2-token"
BUCKET = "medic-audit"
ROUTES = "- {channel: C0PAYMENTS, functions: [payments-*]}\n"
PARAMETERS = {
    "DefaultChannel": "C0INCIDENTS",
    "ChangeableFunctions": "check*",
    "ChangeableRoles": "func*",
    "OperatorTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:operators",
}
RULES = "version: 1\nrules:\n  - may_ask: [anyone]\n    may_approve: [U0APPROVER]\n"


class World:
    """A Slack and a public endpoint on the loopback; a test says how they answer."""

    def __init__(self) -> None:
        self.scopes = ",".join(bot_scopes())
        self.errors: dict[str, str] = {}
        self.secret = SECRET
        self.is_open = False
        self.is_barred = False
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
                    self._send(403 if world.is_barred else 200 if good else 401, json.loads(body)["challenge"] if good else "", {})

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
            "WORK_QUEUE_URL": urls["WorkQueueUrl"],
            "CHANGE_QUEUE_URL": urls["ChangeQueueUrl"],
            "TABLE_NAME": "state",
            "DEFAULT_CHANNEL": "C0INCIDENTS",
            "AUDIT_BUCKET": BUCKET,
            "ROUTES_PARAMETER": "/medic/routes",
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
    for name, value in (("/medic/token", TOKEN), ("/medic/secret", SECRET), ("/medic/rules", RULES), ("/medic/routes", ROUTES)):
        clients.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
    account.function("checkout")
    make_table(clients.client("dynamodb"), "state")
    a_locked_bucket(account)
    functions = {output: clients.client("lambda").get_function_configuration(FunctionName=outputs[output]) for output in stack.FUNCTIONS}
    for output, config in functions.items():
        config["Role"] = f"arn:aws:iam::{ACCOUNT}:role/lambda-medic/{output}"
    return Deployment("lambda-medic", outputs, dict(PARAMETERS), functions)


def a_locked_bucket(account: Account) -> None:
    """Make the bucket as docs/install.md says."""
    s3 = account.clients.client("s3")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True, CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}
    s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})


def an_alarm(account: Account, name: str, **actions: Any) -> None:
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
    simulated = Simulated(account, writes_on=("function:checkout", f"{BUCKET}/audit/"))
    for check in CHECKS:
        findings = list(check(deployment, simulated))
        assert findings
        assert levels(findings) == {"ok"}, findings


def test_secrets_appear_in_no_finding(deployment: Deployment, account: Account, world: World) -> None:
    """Not even when they are wrong."""
    world.secret, world.errors = "another", {"auth.test": "invalid_auth"}
    findings = [*found(chat.check_slack, deployment, account), *found(endpoint.check_endpoint, deployment, account)]

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
        broken(lambda _a, _d, w: setattr(w, "secret", "changed"), endpoint.check_endpoint, "answers 401 to a request signed"),
        broken(lambda _a, _d, w: setattr(w, "is_barred", True), endpoint.check_endpoint, "AWS answers 403"),
        broken(lambda _a, _d, w: setattr(w, "is_open", True), endpoint.check_endpoint, "without a signature"),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").delete_parameter(Name="/medic/token"), chat.check_slack, "there is no such parameter"
        ),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").put_parameter(Name="/medic/secret", Value="x\n", Type="SecureString", Overwrite=True),
            endpoint.check_endpoint,
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
            changing.check_rules,
            "/medic/rules:2",
        ),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").delete_parameter(Name="/medic/rules"), changing.check_rules, "no such parameter, so"
        ),
        broken(lambda _a, d, _w: d.parameters.pop("ChangeableFunctions"), changing.check_rules, "the role may change no function"),
        broken(
            lambda a, _d, _w: a.clients.client("ssm").put_parameter(
                Name="/medic/routes", Value="- chanel: C1\n", Type="SecureString", Overwrite=True
            ),
            wiring.check_routes,
            "/medic/routes:1",
        ),
        broken(lambda a, _d, _w: a.clients.client("ssm").delete_parameter(Name="/medic/routes"), wiring.check_routes, "no such parameter"),
        broken(
            lambda _a, d, _w: d.functions["RemediateFunctionName"]["Environment"]["Variables"].update(VERIFY_AFTER_SECONDS="60,1000"),
            stack.check_settings,
            "VERIFY_AFTER_SECONDS",
        ),
        broken(lambda a, _d, _w: a.clients.client("s3").delete_bucket(Bucket=BUCKET), trail.check_trail, "there is no such bucket"),
        broken(
            lambda a, _d, _w: DynamoAuditLog(Table(a.clients, "state")).append(
                AuditRecord(id="one", event="requested", at=1.0, by="U0ONCALL")
            ),
            trail.check_trail,
            "entry 1 has no copy",
        ),
    ],
)
def test_fault_is_found_with_what_mends_it(
    deployment: Deployment, account: Account, world: World, breaking: Callable[[Account, Deployment, World], Any], check: Check, said: str
) -> None:
    """Broken one way at a time."""
    breaking(account, deployment, world)
    aws = Simulated(account, writes_on=("function:checkout", f"{BUCKET}/audit/"))
    faults = [finding for finding in check(deployment, aws) if finding.level == "fault"]

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

    assert levels(found(changing.check_rules, bare, account)) == {"note"}


class Simulated:
    """The account's clients with an IAM whose simulation a test decides; moto has none.

    What reads is allowed, and what writes on the resources that are named; a test may decide otherwise about single actions.
    """

    def __init__(self, account: Account, *, writes_on: tuple[str, ...] = (), allowed: Mapping[str, bool] | None = None) -> None:
        self._account = account
        self._writes_on = writes_on
        self._decided = allowed or {}

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client."""
        return self if service == "iam" else self._account.clients.client(service, region)

    def simulate_principal_policy(self, **asked: Any) -> dict[str, Any]:
        """Answer as IAM does."""
        decisions = {action: self._is_allowed(action, asked) for action in asked["ActionNames"]}
        results = [{"EvalActionName": name, "EvalDecision": "allowed" if is_so else "implicitDeny"} for name, is_so in decisions.items()]
        return {"EvaluationResults": results}

    def _is_allowed(self, action: str, asked: dict[str, Any]) -> bool:
        if action in self._decided:
            return self._decided[action]
        if READING.search(action):
            return not asked["PolicySourceArn"].endswith("/AckFunctionName")
        return any(part in asked["ResourceArns"][0] for part in self._writes_on)


def test_refused_read_is_named(deployment: Deployment, account: Account) -> None:
    """Without it the answers have gaps."""
    said = [finding.said for finding in access.check_reading(deployment, Simulated(account, allowed={"lambda:GetPolicy": False}))]

    assert len(said) == 2
    assert all(one.startswith("1 of ") and one.endswith("lambda:GetPolicy") for one in said)


def test_refused_write_is_named(deployment: Deployment, account: Account) -> None:
    """The template allows it; a boundary or an organisation does not."""
    aws = Simulated(account, writes_on=("function:checkout",), allowed={"lambda:UpdateAlias": False})
    [finding] = access.check_changing(deployment, aws)

    assert finding.level == "fault"
    assert finding.said.endswith("function:checkout: lambda:UpdateAlias")


def test_role_that_may_change_the_bot_itself_is_found(deployment: Deployment, account: Account) -> None:
    """It could approve for everybody then."""
    [finding] = access.check_changing(deployment, Simulated(account, writes_on=("function:",)))

    assert finding.level == "fault"
    assert "may change the bot's own" in finding.said


def test_widened_role_is_found(deployment: Deployment, account: Account) -> None:
    """Somebody attached a policy to the role that only reads."""
    findings = list(access.check_forbidden(deployment, Simulated(account, allowed={"lambda:AddPermission": True})))

    assert [finding.level for finding in findings].count("fault") == 1
    assert any("lambda:AddPermission" in finding.said for finding in findings)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"ChangeableFunctions": "payments-*"}, "payments-* names none of 1 functions"),
        ({"ChangeableFunctions": "a*"}, "a* names none of 1 functions"),
        ({"ChangeableRoles": "service-role/func*"}, "service-role/func* names the role of none of them"),
        ({"ChangeableFunctions": "", "ChangeableRoles": "func*"}, "does nothing without ChangeableFunctions"),
    ],
)
def test_pattern_that_names_nothing_is_found(deployment: Deployment, account: Account, parameters: dict[str, str], said: str) -> None:
    """A misspelt one lets nobody down before the night it is needed. The bot's own functions do not count."""
    other = replace(deployment, parameters={**deployment.parameters, **parameters})
    [told] = [finding for finding in found(changing.check_changeable, other, account) if finding.level != "ok"]

    assert told.said == said
    assert told.mend


def test_alarms_about_the_bot_are_not_asked_to_lead_to_it(deployment: Deployment, account: Account) -> None:
    """They go to the operator; one that nobody hears is noted."""
    an_alarm(account, "checkout", AlarmActions=[deployment.outputs["AlarmTopicArn"]], OKActions=[deployment.outputs["AlarmTopicArn"]])
    an_alarm(account, "own", Dimensions=[{"Name": "FunctionName", "Value": deployment.outputs["AckFunctionName"]}])
    bare = replace(deployment, parameters={**deployment.parameters, "OperatorTopicArn": ""})

    assert levels(found(wiring.check_alarms, bare, account)) == {"ok"}
    assert levels(found(wiring.check_operator, bare, account)) == {"note"}


def test_stack_that_is_none_of_ours_is_refused(account: Account) -> None:
    """And one that does not exist."""
    cloudformation = account.clients.client("cloudformation")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    cloudformation.create_stack(StackName="other", TemplateBody=body)

    for name in ("other", "nothing"):
        with pytest.raises(InputError, match=name):
            stack.read_deployment(name, account.clients)
