"""The template gives each function what its parts declare: no action more, none less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from bot.alarms import target
from bot.evidence import collectors
from bot.evidence.base import COLLECTORS
from bot.settings import AckSettings, InvestigateSettings

TEMPLATE = Path(__file__).parents[1] / "template.yaml"

OWN_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
STATE = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
SECRET = {"ssm:GetParameter"}

WRITING = re.compile(r":(?!Get|GET$|List|Describe|Lookup|Simulate|FilterLogEvents$|StartQuery$|StopQuery$|BatchGet|Head)")


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
    declared = set(target.IAM_ACTIONS).union(*(collector.iam_actions for _, collector in COLLECTORS.items()))

    assert _actions(template, "InvestigateRole", "evidence") == declared
    assert _actions(template, "InvestigateRole", "work") == OWN_LOGS | READ_QUEUE | STATE | SECRET


def test_investigate_role_can_change_nothing_of_the_customers(template: dict[str, Any]) -> None:
    """Whatever is allowed on all resources only reads."""
    writing = {action for action in _actions(template, "InvestigateRole", "evidence") if WRITING.search(action)}

    assert writing == set()


def test_ack_role_can_queue_and_read_its_secret_and_nothing_else(template: dict[str, Any]) -> None:
    """The function that faces the internet reads nothing of the customer's."""
    assert _actions(template, "AckRole") == OWN_LOGS | {"sqs:SendMessage"} | SECRET


def test_own_resources_are_named_and_not_all_of_them(template: dict[str, Any]) -> None:
    """Only the evidence is read on every resource."""
    for role in ("AckRole", "InvestigateRole"):
        for policy in template["Resources"][role]["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement["Resource"] != "*" or statement["Sid"] == "Evidence"


@pytest.mark.parametrize(("function", "settings"), [("AckFunction", AckSettings), ("InvestigateFunction", InvestigateSettings)])
def test_functions_get_every_setting_that_they_need(template: dict[str, Any], function: str, settings: Any) -> None:
    """The names in the template are those that the code reads, and their values are usable ones."""
    named = template["Resources"][function]["Properties"]["Environment"]["Variables"]
    sample = {name: "5" if name.endswith(("BYTES", "SECONDS")) else f"https://example.com/{name}/" for name in named}

    assert settings.from_environment({**sample, "AWS_REGION": "eu-west-1"})
    assert not any(re.search(r"TOKEN$|SECRET$", name) for name in named), "a secret's name belongs here, never its value"


def test_function_url_may_be_invoked_by_anyone_with_both_permissions(translated: dict[str, Any]) -> None:
    """Since October 2025 a public URL needs lambda:InvokeFunction beside lambda:InvokeFunctionUrl."""
    permissions = [r["Properties"] for r in translated.values() if r["Type"] == "AWS::Lambda::Permission"]
    public = {p["Action"]: p for p in permissions if p["Principal"] == "*"}

    assert set(public) == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert public["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    assert {str(p["FunctionName"]) for p in public.values()} == {str({"Ref": "AckFunction"})}


def test_a_message_stays_hidden_for_six_times_the_functions_timeout(template: dict[str, Any]) -> None:
    """AWS advises it for queues that a function reads; a dead-letter queue takes what fails again and again."""
    queue = template["Resources"]["WorkQueue"]["Properties"]
    function = template["Resources"]["InvestigateFunction"]["Properties"]

    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 2
    assert function["Events"]["Work"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_full_batch_fits_into_the_functions_timeout(template: dict[str, Any]) -> None:
    """Each investigation may use its deadline, and some more to post."""
    function = template["Resources"]["InvestigateFunction"]["Properties"]
    deadline = template["Parameters"]["DeadlineSeconds"]["MaxValue"]

    assert function["Events"]["Work"]["Properties"]["BatchSize"] * (deadline + 10) <= function["Timeout"]


def test_dead_letters_are_kept_longest_and_raise_an_alarm(template: dict[str, Any]) -> None:
    """Who comes back after a week's holiday still finds them."""
    resources = template["Resources"]

    assert resources["WorkDeadLetters"]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert str(resources["DeadLettersAlarm"]["Properties"]["Dimensions"]).count("WorkDeadLetters") == 1


def test_state_expires_and_is_paid_by_request(template: dict[str, Any]) -> None:
    """The key and the expiry are those that the store writes."""
    table = template["Resources"]["StateTable"]["Properties"]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_handlers_exist_where_the_template_points(template: dict[str, Any]) -> None:
    """A renamed module would otherwise be found out in production."""
    root = TEMPLATE.parent
    for name in ("AckFunction", "InvestigateFunction"):
        module, _, function = template["Resources"][name]["Properties"]["Handler"].rpartition(".")
        source = root.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(", source, re.MULTILINE)


def _actions(template: dict[str, Any], role: str, policy: str | None = None) -> set[str]:
    """Return the actions that a role's policies allow."""
    found: set[str] = set()
    for document in template["Resources"][role]["Properties"]["Policies"]:
        if policy in (None, document["PolicyName"]):
            for statement in document["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow"
                listed = statement["Action"]
                found |= {listed} if isinstance(listed, str) else set(listed)
    assert not any("*" in action for action in found), "an action is named in full"
    return found
