"""`medic manifest` prints what Slack takes, for one deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from moto import mock_aws

from bot.aws.clients import Boto3Clients, Connection
from bot.cli.manifest import manifest
from bot.doctor import stack
from bot.errors import InputError

URL = "https://abc.lambda-url.eu-west-1.on.aws/"
REGION = "eu-west-1"


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the name of a stack with the outputs of ours."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    outputs = {output: {"Value": output} for output in (*stack.FUNCTIONS, *stack.QUEUES, *stack.DEAD_LETTERS, "TableName")}
    body = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {**outputs, "FunctionUrl": {"Value": URL}}}
    with mock_aws():
        cloudformation = Boto3Clients(Connection(region=REGION)).client("cloudformation")
        cloudformation.create_stack(StackName="medic", TemplateBody=json.dumps(body))
        yield "medic"


def printed(*arguments: str) -> str:
    """Return what the command prints."""
    return CliRunner().invoke(manifest, list(arguments), standalone_mode=False, catch_exceptions=False).stdout


def test_the_stack_tells_its_address(deployed: str) -> None:
    """Nobody has to copy it."""
    text = printed("--stack", deployed, "--region", REGION)

    assert text == printed("--url", URL)
    assert json.loads(text)["settings"]["interactivity"]["request_url"] == URL


def test_a_socket_has_no_address() -> None:
    """Slack sends nothing to a URL then."""
    assert "url" not in printed("--socket-mode")


@pytest.mark.parametrize("arguments", [[], ["--url", URL, "--socket-mode"], ["--url", "http://abc"], ["--stack", "a", "--url", URL]])
def test_one_way_has_to_be_said(arguments: list[str]) -> None:
    """An address that Slack would refuse is refused here."""
    with pytest.raises(click.UsageError):
        printed(*arguments)


def test_a_stack_that_is_not_there_is_named(deployed: str) -> None:
    """With AWS's own words."""
    with pytest.raises(InputError, match="stack nothing"):
        printed("--stack", "nothing", "--region", REGION)
