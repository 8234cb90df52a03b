"""From a button to a change in AWS and back: on the deployed stack, with roles enforced, driven by signed clicks."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from bot.aws.audit import AuditTrail
from bot.aws.changes import DynamoChangeStore
from bot.aws.state import DynamoIncidentStore
from bot.aws.table import Table
from bot.demo import broken, scenario
from bot.demo.deployed import SystemTime, bot_log
from bot.demo.local_aws import ACCOUNT_ID, REGION
from bot.models.change import Change, Offered, offer_id_of
from bot.models.diagnosis import Action, Answer, Citation, Diagnosis, RemediationOffer
from bot.models.incident import Findings, Incident, incident_id_of
from bot.models.incident_file import IncidentFile, Target
from bot.models.receipt import Receipt
from bot.models.window import Window
from tests.e2e import emulate
from tests.e2e.conftest import DeployedBot
from tests.e2e.people import APPROVER, ON_CALL, STRANGER, People, at_work, buttons

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

WITHIN_S = 60.0

T = TypeVar("T")


@pytest.fixture(scope="module")
def people(deployed: DeployedBot) -> Iterator[People]:
    """Return people who may ask and approve, and one who may not."""
    with at_work(deployed) as people:
        yield people


def test_alarm_to_button_to_approval_by_another_to_recovery_and_back(deployed: DeployedBot, people: People) -> None:
    """The whole way, as people go it at night."""
    posted = deployed.play("function-timeout")
    wanted = scenario.load("function-timeout")
    root = deployed.thread(posted)[0]
    function = Function(deployed, wanted.function.name)
    before = function.configuration()
    assert before["Timeout"] == wanted.function.timeout

    [plan, *_] = buttons(root, "plan")
    people.press(ON_CALL, root, plan, posted.channel)
    people.submit(ON_CALL, "medic.request", plan["value"], {"to_seconds": "7"})
    message = wait(deployed, "the request", lambda: with_button(deployed, posted.channel, posted.thread_ts, "approve"))

    said = str(message)
    assert all(words in said for words in ("checkout", "3", "7", f"<@{ON_CALL}>")), said
    [approve] = buttons(message, "approve")
    people.press(STRANGER, message, approve, posted.channel)
    wait(deployed, "the refusal", lambda: [a for a in people.answers if a.startswith(STRANGER)])
    people.press(ON_CALL, message, approve, posted.channel)
    wait(deployed, "the refusal of one's own", lambda: refused(deployed, wanted.function.name, ON_CALL))
    assert function.configuration() == before, "neither the stranger nor the person who asked may approve"

    click = people.press(APPROVER, message, approve, posted.channel)
    wait(deployed, "the change", lambda: function.configuration().get("Timeout") == 7)
    # MiniStack cuts the time of a change of state down to the second: at once, it would seem to be before the change.
    time.sleep(2)
    broken.recover(wanted, broken.Broken(wanted.function.name, "", "", wanted.alarm.name), deployed.aws)
    change = wait(deployed, "the end of the checks", lambda: changed(deployed, posted.incident_id, "verified", "ineffective"))
    assert change.state == "verified", change.checks
    wait(deployed, "the word that it recovered", lambda: "recovered" in str(deployed.thread(posted)[0]))
    assert [decision.user_id for decision in change.approvals] == [APPROVER]

    people.send(click)
    message = wait(deployed, "the button to undo", lambda: with_button(deployed, posted.channel, posted.thread_ts, "undo"))
    [undo, *_] = buttons(message, "undo")
    people.press(APPROVER, message, undo, posted.channel)
    wait(deployed, "the undoing", lambda: changed(deployed, posted.incident_id, "undone"))

    assert function.configuration() == before


@dataclass(frozen=True)
class Function:
    """A function whose state is compared."""

    deployed: DeployedBot
    name: str

    def client(self, service: str) -> Any:
        """Return a client."""
        return self.deployed.aws.client(service)

    def configuration(self) -> dict[str, Any]:
        """Return the configuration without what counts changes."""
        config = self.client("lambda").get_function_configuration(FunctionName=self.name)
        return {name: value for name, value in config.items() if name not in {"RevisionId", "LastModified", "ResponseMetadata"}}

    def policy(self) -> list[Any]:
        """Return the statements of the resource policy."""
        client = self.client("lambda")
        try:
            return list(json.loads(client.get_policy(FunctionName=self.name)["Policy"])["Statement"])
        except client.exceptions.ResourceNotFoundException:
            return []

    def reserved(self) -> int | None:
        """Return the reserved concurrency."""
        found: int | None = self.client("lambda").get_function_concurrency(FunctionName=self.name).get("ReservedConcurrentExecutions")
        return found

    def provisioned(self) -> int | None:
        """Return the alias's provisioned concurrency."""
        client = self.client("lambda")
        try:
            found: int = client.get_provisioned_concurrency_config(FunctionName=self.name, Qualifier="live")[
                "RequestedProvisionedConcurrentExecutions"
            ]
        except client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
            return None
        return found

    def alias(self) -> tuple[Any, Any]:
        """Return where the alias points, and its weights."""
        found = self.client("lambda").get_alias(FunctionName=self.name, Name="live")
        return found["FunctionVersion"], (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}

    def mappings(self) -> list[Any]:
        """Return the event source mappings with what they are set to."""
        found = self.client("lambda").list_event_source_mappings(FunctionName=self.name)["EventSourceMappings"]
        return [(m["UUID"], m["State"] in {"Enabled", "Enabling", "Creating", "Updating"}) for m in found]

    def role_policies(self) -> dict[str, Any]:
        """Return the role's inline policies."""
        iam, role = self.client("iam"), f"{self.name}-role"
        return {
            name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        }

    def stage_settings(self) -> dict[str, Any]:
        """Return the settings of the API's stage."""
        gateway = self.client("apigateway")
        [api] = [api for api in gateway.get_rest_apis(limit=500)["items"] if api["name"] == self.name]
        settings: dict[str, Any] = gateway.get_stage(restApiId=api["id"], stageName="prod").get("methodSettings") or {}
        return {path: setting.get("loggingLevel") for path, setting in settings.items() if setting.get("loggingLevel") not in (None, "OFF")}


@dataclass(frozen=True)
class Case:
    """An action, what has to be there for it, what is read back, and the form as it is sent."""

    action: Action
    params: Callable[[Function], dict[str, Any]]
    state: Callable[[Function], Any]
    prepare: Callable[[Function], object] = lambda function: None
    form: dict[str, str] | None = None

    @property
    def name(self) -> str:
        """Return the function's name. MiniStack takes a part of a name for a part of its address, so the action is not in it."""
        return f"f-{zlib.crc32(self.action.encode()):08x}"


def publish(function: Function) -> None:
    """Publish two versions with an alias on the second."""
    client = function.client("lambda")
    client.publish_version(FunctionName=function.name)
    client.update_function_configuration(FunctionName=function.name, Description="second")
    client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    version = client.publish_version(FunctionName=function.name)["Version"]
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion=version)


def disabled_mapping(function: Function) -> None:
    """Make a queue that the function reads, switched off."""
    queue = function.client("sqs").create_queue(QueueName=f"{function.name}-queue")["QueueUrl"]
    arn = function.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=function.name, Enabled=False)


def quiet_stage(function: Function) -> None:
    """Make an API with a stage that logs nothing, and the account's role for such logs."""
    gateway = function.client("apigateway")
    api = gateway.create_rest_api(name=function.name)["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="prod")
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/{function.name}-role"
    gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])


def api_id(function: Function) -> str:
    """Return the id of the API that is called like the function."""
    return next(str(api["id"]) for api in function.client("apigateway").get_rest_apis(limit=500)["items"] if api["name"] == function.name)


CASES = [
    Case("raise-memory", lambda f: {"from_mb": 128, "to_mb": 256}, Function.configuration, form={"to_mb": "512"}),
    Case("raise-ephemeral-storage", lambda f: {"from_mb": 512, "to_mb": 1024}, Function.configuration),
    Case("enable-tracing", lambda f: {}, Function.configuration),
    Case(
        "add-invoke-permission",
        lambda f: {"principal": "apigateway.amazonaws.com", "source_arn": f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:a1b2c3d4e5/*/*/*"},
        Function.policy,
    ),
    Case(
        "raise-reserved-concurrency",
        lambda f: {"from_concurrency": 2, "to_concurrency": 4},
        Function.reserved,
        lambda f: f.client("lambda").put_function_concurrency(FunctionName=f.name, ReservedConcurrentExecutions=2),
    ),
    Case(
        "remove-reserved-concurrency",
        lambda f: {},
        Function.reserved,
        lambda f: f.client("lambda").put_function_concurrency(FunctionName=f.name, ReservedConcurrentExecutions=2),
    ),
    Case("set-provisioned-concurrency", lambda f: {"qualifier": "live", "to_concurrency": 1}, Function.provisioned, publish),
    Case("rollback-alias", lambda f: {"alias": "live", "to_version": "1"}, Function.alias, publish),
    Case("enable-event-source", lambda f: {"uuid": f.mappings()[0][0]}, Function.mappings, disabled_mapping),
    Case("enable-execution-logging", lambda f: {"api_id": api_id(f), "stage": "prod"}, Function.stage_settings, quiet_stage),
    Case(
        "grant-role-permission",
        lambda f: {"actions": ["dynamodb:GetItem"], "resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/orders"},
        Function.role_policies,
    ),
]
"""All actions but raise-timeout, which has its own test above, and request-quota-increase: the local AWS has no Service Quotas."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
def test_change_is_approved_made_and_taken_back_to_the_state_before(deployed: DeployedBot, people: People, case: Case) -> None:
    """Read back from AWS after each step, with the roles of the deployed template."""
    function = made(deployed, case)
    before = case.state(function)
    incident, button = offered(deployed, function, case.action, case.params(function))

    people.press(ON_CALL, {"ts": incident.thread_ts}, button, incident.channel)
    people.submit(ON_CALL, "medic.request", button["value"], case.form or {})
    message = wait(deployed, "the request", lambda: with_button(deployed, incident.channel, incident.thread_ts, "approve"), people)
    assert case.state(function) == before, "nothing changes before the approval"

    people.press(APPROVER, message, buttons(message, "approve")[0], incident.channel)
    change = wait(deployed, "the change", lambda: changed(deployed, incident.id, "applied", "verified", "ineffective"), people)
    during = case.state(function)
    assert during != before
    assert change.applied is not None

    message = wait(deployed, "the button to undo", lambda: with_button(deployed, incident.channel, incident.thread_ts, "undo"), people)
    people.press(APPROVER, message, buttons(message, "undo")[0], incident.channel)
    wait(deployed, "the undoing", lambda: changed(deployed, incident.id, "undone"), people)
    assert case.state(function) == before


def made(deployed: DeployedBot, case: Case) -> Function:
    """Make the function and what else the case needs."""
    one = scenario.load("function-timeout").function.model_copy(update={"name": case.name, "timeout": 5, "memory": 128})
    broken._create_function(one, deployed.aws)
    function = Function(deployed, case.name)
    case.prepare(function)
    return function


def offered(deployed: DeployedBot, function: Function, action: Action, params: dict[str, Any]) -> tuple[Incident, dict[str, Any]]:
    """Keep an answered incident whose diagnosis offers the action, as the investigating worker does, and return its button."""
    store = DynamoIncidentStore(Table(deployed.aws, deployed.stack.table_name), SystemTime())
    now = SystemTime().now()
    thread_ts = str(deployed.slack.chat_postMessage(channel=emulate.CHANNEL, text=f"{function.name}: diagnosed")["ts"])
    target = Target(function_name=function.name, region=REGION, account_id=ACCOUNT_ID)
    diagnosis = Diagnosis(
        cause="function-timeout",
        playbook="function-timeout",
        confidence=0.9,
        summary=f"{function.name} fails.",
        hop="function",
        evidence=[Citation(section="function", ref="function.Timeout", text="Timeout: 5")],
        remediations=[RemediationOffer(action=action, params=params, why="it would help", risk="low")],
    )
    incident = Incident(
        id=incident_id_of(f"e2e|{action}"),
        origin="question",
        title=function.name,
        opened_at=now.timestamp(),
        channel=emulate.CHANNEL,
        thread_ts=thread_ts,
        phase="answered",
        answered_by="e2e",
    )
    evidence = IncidentFile(version=1, target=target)
    answer = Answer(target=target, verdict="diagnosed", diagnoses=[diagnosis])
    store.save(incident.id, "e2e", Findings(answer=answer, evidence=evidence, receipt=Receipt(), window=Window.last(30, now)))
    store.create(incident)
    offer = Offered(id=offer_id_of(incident.id, "e2e", 0), incident_id=incident.id, event="e2e", index=0, action=action)
    DynamoChangeStore(store.table, SystemTime()).keep_offer(offer)
    text = {"type": "plain_text", "text": action}
    return incident, {"type": "button", "action_id": "medic.plan.0", "text": text, "value": offer.id}


def with_button(deployed: DeployedBot, channel: str, thread_ts: str, verb: str) -> dict[str, Any] | None:
    """Return the first message of a thread that has such a button."""
    messages = deployed.slack.conversations_replies(channel=channel, ts=thread_ts)["messages"]
    return next((message for message in messages if buttons(message, verb)), None)


def changed(deployed: DeployedBot, incident_id: str, *states: str) -> Change | None:
    """Return the incident's change when it has come so far."""
    changes = DynamoChangeStore(Table(deployed.aws, deployed.stack.table_name), SystemTime()).changes_of(incident_id)
    return next((change for change in changes if change.state in states), None)


def refused(deployed: DeployedBot, function_name: str, user: str) -> bool:
    """Tell whether the audit trail holds a refusal of a person."""
    trail = AuditTrail(Table(deployed.aws, deployed.stack.table_name)).about(function_name, 20)
    return any(entry.event == "refused" and entry.by == user for entry in trail)


def wait(deployed: DeployedBot, what: str, look: Callable[[], T | None], people: People | None = None) -> T:
    """Return what comes to be.

    Raises:
        TimeoutError: It did not; what the bot logged and told is in the message.
    """
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    told = people.answers if people else []
    raise TimeoutError(
        f"{what}: not there within {WITHIN_S:.0f} s; told in private: {told}; logged:\n{bot_log(deployed.aws, deployed.stack, 60)}"
    )
