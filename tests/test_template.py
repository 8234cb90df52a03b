"""The template gives each function what its parts declare: no action more, none less."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from bot import commands
from bot.alarms import target
from bot.aws.audit import KEYS as AUDIT_KEYS
from bot.aws.changes import KEYS as CHANGE_KEYS
from bot.entrypoints import remediate
from bot.evidence import collectors
from bot.evidence.base import COLLECTORS
from bot.remediations import change
from bot.settings import AckSettings, InvestigateSettings, RemediateSettings
from tests.declared import READS, WRITES, evidence_actions

TEMPLATE = Path(__file__).parents[1] / "template.yaml"

OWN_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
STATE = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
SECRET = {"ssm:GetParameter"}

FUNCTIONS = {"AckFunction": AckSettings, "InvestigateFunction": InvestigateSettings, "RemediateFunction": RemediateSettings}

INLINE_POLICY_CHARS = 10_240
"""All inline policies of a role together, without white space. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

SAMPLES = {"DRY_RUN": "on", "VERIFY_AFTER_SECONDS": "60,300,900"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """Return the template as written."""
    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="module")
def translated(template: dict[str, Any]) -> dict[str, Any]:
    """Return the resources as AWS makes them of the SAM template."""
    source = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    source["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        resources: dict[str, Any] = Translator({}, Parser()).translate(source, {"DefaultChannel": "C0"})["Resources"]
    return resources


def test_investigate_role_holds_exactly_what_its_parts_declare(template: dict[str, Any]) -> None:
    """Evidence and alarm resolution declare their reads; beside them stand the queue, the state, the secret and the own log."""
    assert len(COLLECTORS) >= len(collectors.MODULES), "importing the collectors registers them"
    assert set(target.IAM_ACTIONS) <= evidence_actions()

    assert _actions(template, "InvestigateRole", "evidence") == evidence_actions()
    assert _actions(template, "InvestigateRole", "work") == OWN_LOGS | READ_QUEUE | STATE | SECRET


def test_remediate_role_holds_exactly_what_its_parts_declare(template: dict[str, Any]) -> None:
    """Remediations and the work on changes declare their actions; reading and writing ones stand apart."""
    assert _actions(template, "RemediateRole", "reads") == READS
    assert _actions(template, "RemediateRole", "changes") == WRITES
    assert _actions(template, "RemediateRole", "work") == OWN_LOGS | READ_QUEUE | STATE | SECRET | {"sqs:SendMessage", "s3:PutObject"}


def test_writes_are_there_only_when_functions_are_named(template: dict[str, Any]) -> None:
    """By default nothing may be changed."""
    changes = template["Resources"]["RemediateRole"]["Properties"]["Policies"][-1]["Fn::If"]
    roles = changes[1]["PolicyDocument"]["Statement"][-1]["Fn::If"]

    assert changes[0] == "CanChange"
    assert (roles[0], roles[1]["Sid"]) == ("CanChangeRoles", "Roles")
    assert [template["Parameters"][name]["Default"] for name in ("ChangeableFunctions", "ChangeableRoles")] == ["", ""]


@pytest.mark.parametrize("pattern", ["*", "**", "?", "/*", "-*"])
def test_pattern_of_every_role_is_refused(template: dict[str, Any], pattern: str) -> None:
    """A statement for any role of the account would make the bot its administrator."""
    allowed = template["Parameters"]["ChangeableRoles"]["AllowedPattern"]

    assert re.fullmatch(allowed, pattern) is None
    assert all(re.fullmatch(allowed, fine) for fine in ("", "checkout-*", "service-role/checkout-role-?", "*-role"))


def test_ack_role_can_queue_and_read_its_secrets_and_nothing_else(template: dict[str, Any]) -> None:
    """The function that faces the internet reads nothing of the customer's; of the table only the names for its type-ahead."""
    assert _actions(template, "AckRole") == OWN_LOGS | {"sqs:SendMessage", "dynamodb:GetItem"} | SECRET


def test_items_of_changes_are_the_changing_workers(template: dict[str, Any]) -> None:
    """What its stores write it may write, and the investigating one is refused it."""
    refused = _statement(template, "InvestigateRole", "NoApprovals")["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]
    allowed = _statement(template, "RemediateRole", "Changes")["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    own = {f"{key}*" if key.endswith("#") or key == AUDIT_KEYS else key for key in (*CHANGE_KEYS, AUDIT_KEYS)}

    assert set(refused) == own
    assert set(allowed) == own | {"event#*", "pace#*"}


def test_inline_policies_fit_into_their_roles(template: dict[str, Any]) -> None:
    """A deployment would fail otherwise; names that are put in make them longer, so a fifth stays free."""
    for role in ("AckRole", "InvestigateRole", "RemediateRole"):
        assert len(json.dumps(template["Resources"][role]["Properties"]["Policies"], separators=(",", ":"))) < INLINE_POLICY_CHARS * 0.8


def test_own_resources_are_named_and_not_all_of_them(template: dict[str, Any]) -> None:
    """Only what is read may be read everywhere."""
    for role in ("AckRole", "InvestigateRole", "RemediateRole"):
        for statement in _statements(template, role):
            if statement["Effect"] == "Allow":
                assert statement["Resource"] != "*" or statement["Sid"] in {"Evidence", "Reads"}


@pytest.mark.parametrize(("function", "settings"), FUNCTIONS.items())
def test_functions_get_every_setting_that_they_need(template: dict[str, Any], function: str, settings: Any) -> None:
    """The names in the template are those that the code reads, and their values are usable ones."""
    named = template["Resources"][function]["Properties"]["Environment"]["Variables"]
    sample = {name: "5" if name.endswith(("BYTES", "SECONDS", "MINUTES")) else f"https://example.com/{name}/" for name in named}

    assert settings.from_environment({**sample, **{name: SAMPLES[name] for name in SAMPLES.keys() & named}, "AWS_REGION": "eu-west-1"})
    assert not any(re.search(r"TOKEN$|SECRET$", name) for name in named), "a secret's name belongs here, never its value"


def test_function_url_may_be_invoked_by_anyone_with_both_permissions(translated: dict[str, Any]) -> None:
    """Since October 2025 a public URL needs lambda:InvokeFunction beside lambda:InvokeFunctionUrl."""
    permissions = [r["Properties"] for r in translated.values() if r["Type"] == "AWS::Lambda::Permission"]
    public = {p["Action"]: p for p in permissions if p["Principal"] == "*"}

    assert set(public) == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert public["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    assert {str(p["FunctionName"]) for p in public.values()} == {str({"Ref": "AckFunction"})}


@pytest.mark.parametrize(
    ("queue", "function", "event"), [("WorkQueue", "InvestigateFunction", "Work"), ("ChangeQueue", "RemediateFunction", "Changes")]
)
def test_a_message_stays_hidden_for_six_times_the_timeout(template: dict[str, Any], queue: str, function: str, event: str) -> None:
    """AWS advises it for queues that a function reads; a dead-letter queue takes what fails again and again."""
    attributes = template["Resources"][queue]["Properties"]
    properties = template["Resources"][function]["Properties"]

    assert attributes["VisibilityTimeout"] >= 6 * properties["Timeout"]
    assert attributes["RedrivePolicy"]["maxReceiveCount"] >= 2
    assert properties["Events"][event]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_change_has_the_time_that_it_may_take(template: dict[str, Any]) -> None:
    """It waits for another's update, for its own, and for what it did to be seen; records are not begun with less."""
    properties = template["Resources"]["RemediateFunction"]["Properties"]

    assert properties["Events"]["Changes"]["Properties"]["BatchSize"] == 1
    assert sum(change.PENDING_PAUSES_S) + sum(change.READ_BACK_PAUSES_S) <= remediate.MIN_TIME_S
    assert properties["Timeout"] >= remediate.MIN_TIME_S + 30


def test_sweep_is_a_command_that_the_worker_knows(template: dict[str, Any]) -> None:
    """And another one each time: a request that was done is not done again."""
    rule = template["Resources"]["SweepRule"]["Properties"]
    transformer = rule["Targets"][0]["InputTransformer"]
    message = json.loads(transformer["InputTemplate"].replace("<id>", '"7bf73129-1428-4cd3-a780-95db273d1602"'))

    assert transformer["InputPathsMap"] == {"id": "$.id"}
    assert commands.decode(message) == commands.TickCommand(request_id="7bf73129-1428-4cd3-a780-95db273d1602", step="sweep")
    assert rule["ScheduleExpression"] == "rate(15 minutes)"


def test_a_full_batch_fits_into_the_functions_timeout(template: dict[str, Any]) -> None:
    """Each investigation may use its deadline, and some more to post."""
    function = template["Resources"]["InvestigateFunction"]["Properties"]
    deadline = template["Parameters"]["DeadlineSeconds"]["MaxValue"]

    assert function["Events"]["Work"]["Properties"]["BatchSize"] * (deadline + 10) <= function["Timeout"]


@pytest.mark.parametrize(("queue", "alarm"), [("WorkDeadLetters", "DeadLettersAlarm"), ("ChangeDeadLetters", "ChangeDeadLettersAlarm")])
def test_dead_letters_are_kept_longest_and_raise_an_alarm(template: dict[str, Any], queue: str, alarm: str) -> None:
    """Who comes back after a week's holiday still finds them."""
    resources = template["Resources"]

    assert resources[queue]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert [each["Value"] for each in resources[alarm]["Properties"]["Dimensions"]] == [{"Fn::GetAtt": [queue, "QueueName"]}]


def test_state_expires_and_is_paid_by_request(template: dict[str, Any]) -> None:
    """The key and the expiry are those that the store writes."""
    table = template["Resources"]["StateTable"]["Properties"]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_handlers_exist_where_the_template_points(template: dict[str, Any]) -> None:
    """A renamed module would otherwise be found out in production."""
    root = TEMPLATE.parent
    for name in FUNCTIONS:
        module, _, function = template["Resources"][name]["Properties"]["Handler"].rpartition(".")
        source = root.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(", source, re.MULTILINE)


def _statements(template: dict[str, Any], role: str, policy: str | None = None) -> list[dict[str, Any]]:
    """Return the statements of a role's policies, those under a condition included."""
    documents = [_chosen(document) for document in template["Resources"][role]["Properties"]["Policies"]]
    return [
        _chosen(statement)
        for document in documents
        if policy in (None, document["PolicyName"])
        for statement in document["PolicyDocument"]["Statement"]
    ]


def _statement(template: dict[str, Any], role: str, sid: str) -> dict[str, Any]:
    """Return one statement."""
    (found,) = [statement for statement in _statements(template, role) if statement["Sid"] == sid]
    return found


def _chosen(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the template as it is where its condition holds."""
    chosen: dict[str, Any] = part["Fn::If"][1] if "Fn::If" in part else part
    return chosen


def _actions(template: dict[str, Any], role: str, policy: str | None = None) -> set[str]:
    """Return the actions that a role's policies allow."""
    found: set[str] = set()
    for statement in _statements(template, role, policy):
        if statement["Effect"] == "Allow":
            listed = statement["Action"]
            found |= {listed} if isinstance(listed, str) else set(listed)
    assert not any("*" in action for action in found), "an action is named in full"
    return found
